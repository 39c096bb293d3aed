import { type CsvRow, type CsvTable, csvNumber, csvProblem, readCsv } from '../files/csv-table.ts';
import { exact } from '../quantity.ts';
import { usdPerGpuHour } from '../units.ts';
import { isPlainText, MOST_USD_PER_GPU_HOUR } from './book-schema.ts';
import { type Catalogue, type CatalogueOrigin, SkippedRows } from './catalogue.ts';
import type { GpuOffer, GpuPriceKind } from './price-book.ts';
import { distinct, GPU_ROW } from './price-rows.ts';

const REQUIRED = ['InstanceType', 'AcceleratorName', 'AcceleratorCount', 'Price', 'Region'];
const MOST_ACCELERATORS = 100_000;
const LONGEST_NAME = 200;
const BYTES_PER_MEBIBYTE = 2 ** 20;

/**
 * GPU offers of a SkyPilot catalogue (`vms.csv` of one cloud, which the file does not name). Its prices are of a whole
 * instance: each is divided by the instance's accelerators, which may be a part of one. `Price` is the rent on demand,
 * `SpotPrice` that of spare capacity; where either is empty or 0 there is no such offer. Spot prices differ between
 * the zones of a region: where a row names its zone, that is the region of its spot offer.
 * Throws `usage` with file, line and column for what is no such catalogue, and for two prices of one offer.
 */
export function readSkyPilot(
  text: string,
  { file, asOf, provider }: CatalogueOrigin & { provider: string },
): Catalogue {
  const table = readCsv(text, file, REQUIRED);
  const skipped = new SkippedRows();
  const gpus = table.rows.flatMap((row) => {
    const accelerators = csvNumber(table, row, 'AcceleratorCount', { max: MOST_ACCELERATORS });
    if ((row.cells.AcceleratorName ?? '') === '' || accelerators === null || accelerators === 0) {
      skipped.add('no accelerator');
      return [];
    }
    const offers = offersOf(table, row, accelerators).map((offer) => ({
      ...offer,
      provider,
      source: `SkyPilot catalogue of ${provider}`,
      from: null,
      until: null,
      readOn: asOf,
    }));
    if (offers.length === 0) skipped.add('no price');
    return offers;
  });
  return { gpus: distinct(GPU_ROW, gpus, file), apis: [], skipped: skipped.counts };
}

type RowOffer = Omit<GpuOffer, 'provider' | 'source' | 'from' | 'until' | 'readOn'>;

function offersOf(table: CsvTable, row: CsvRow, accelerators: number): RowOffer[] {
  const region = nameOf(table, row, 'Region');
  const hasZone = (row.cells.AvailabilityZone ?? '') !== '';
  const common = {
    gpu: nameOf(table, row, 'AcceleratorName'),
    instance: nameOf(table, row, 'InstanceType'),
    memoryBytes: memoryBytes(row),
  };
  const offer = (kind: GpuPriceKind, column: string, where: string): RowOffer[] => {
    const usd = csvNumber(table, row, column) ?? 0;
    if (usd === 0) return [];
    const each = Number((usd / accelerators).toPrecision(12));
    if (each > MOST_USD_PER_GPU_HOUR) {
      throw csvProblem(table, row, column, `is above ${MOST_USD_PER_GPU_HOUR} USD per GPU-hour`);
    }
    return [{ ...common, kind, region: where, usdPerGpuHour: exact(usdPerGpuHour(each)) }];
  };
  return [
    ...offer('rented', 'Price', region),
    ...offer('spot', 'SpotPrice', hasZone ? nameOf(table, row, 'AvailabilityZone') : region),
  ];
}

function nameOf(table: CsvTable, row: CsvRow, column: string): string {
  const name = row.cells[column] ?? '';
  if (name === '') throw csvProblem(table, row, column, 'is needed');
  if (name.length > LONGEST_NAME) {
    throw csvProblem(table, row, column, `has more than ${LONGEST_NAME} characters`);
  }
  if (!isPlainText(name)) throw csvProblem(table, row, column, 'has control characters');
  return name;
}

/**
 * Memory of one accelerator. The column is what Python prints of a dictionary, not JSON; its total is of one GPU in
 * some clouds and of all in others, so that only the size beside the GPU's name counts.
 */
function memoryBytes(row: CsvRow): number | null {
  const info = row.cells.GpuInfo ?? row.cells.GPUInfo ?? '';
  const [, mebibytes] = /'MemoryInfo': \{'SizeInMiB': (\d{1,9}(?:\.\d{1,9})?)\}/.exec(info) ?? [];
  const size = Number(mebibytes ?? 0);
  return size > 0 ? size * BYTES_PER_MEBIBYTE : null;
}

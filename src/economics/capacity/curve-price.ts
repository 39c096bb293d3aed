import { BenchError } from '../../core/errors.ts';
import { type CsvTable, csvNumber } from '../files/csv-table.ts';
import { exact, type Known, type Quantity, unknown } from '../quantity.ts';
import { type UsdPerHour, usdPerHour } from '../units.ts';
import type { CurveColumns } from './curve-columns.ts';

/** Whether a price in a file is that of all GPUs of a row together or of one of them. */
export const PRICE_BASES = ['total', 'per-gpu'] as const;
export type PriceBasis = (typeof PRICE_BASES)[number];

export interface CurvePrice {
  usdPerHour: Quantity<UsdPerHour>;
  source: string;
  isFromFile: boolean;
  /** How a price column was understood; null where nothing had to be decided. */
  note: string | null;
}

const MOST_USD_PER_HOUR = 1e7;

/**
 * The price of a deployment of `gpus` GPUs whose rows these are. In order: `given`, USD per GPU-hour; a column whose
 * name says what it is of; a column whose name does not, read by `basis`, by its dialect, or as it is where there is
 * one GPU. Throws `usage` for rows of different prices, and where one must say what a price is of.
 */
export function curvePrice(
  table: CsvTable,
  { fields, dialect }: CurveColumns,
  gpus: number,
  { given, basis }: { given: Known | null; basis: PriceBasis | null },
): CurvePrice {
  if (given !== null) {
    return { usdPerHour: times(given, gpus), source: '--gpu-price', isFromFile: false, note: null };
  }
  const column = fields.usdPerGpuHour ?? fields.usdPerHour ?? fields.price;
  if (column === undefined) {
    const reason = `${table.file} has no price; give one with --gpu-price`;
    return { usdPerHour: unknown(reason), source: 'unknown', isFromFile: false, note: null };
  }
  const price = samePrice(table, column);
  if (price === null) {
    const reason = `${table.file}:${table.rows[0]?.line}: ${column} is empty; give --gpu-price`;
    return { usdPerHour: unknown(reason), source: 'unknown', isFromFile: false, note: null };
  }
  const named = column === fields.price ? null : namedBasis(fields);
  const meant = basis ?? named ?? (dialect === null ? null : 'total');
  if (meant === null && gpus > 1) throw basisNeeded(table, column, price, gpus);
  const total = meant === 'per-gpu' ? price * gpus : price;
  return {
    usdPerHour: exact(usdPerHour(total)),
    source: `column ${column}`,
    isFromFile: true,
    note: gpus === 1 ? null : basisNote(column, price, gpus, { meant, basis, dialect }),
  };
}

function namedBasis(fields: CurveColumns['fields']): PriceBasis {
  return fields.usdPerGpuHour === undefined ? 'total' : 'per-gpu';
}

function samePrice(table: CsvTable, column: string): number | null {
  const prices = table.rows.map((row) => csvNumber(table, row, column, { max: MOST_USD_PER_HOUR }));
  const [first = null] = prices;
  const other = prices.findIndex((price) => price !== first);
  if (other === -1) return first;
  throw new BenchError(
    'usage',
    `${table.file}:${table.rows[other]?.line}: ${column} is ${prices[other] ?? 'empty'}, but ` +
      `${first ?? 'empty'} in line ${table.rows[0]?.line} of the same configuration`,
    { hint: 'Tell the rows apart in a column config, or give one price with --gpu-price.' },
  );
}

function basisNeeded(table: CsvTable, column: string, price: number, gpus: number): BenchError {
  return new BenchError(
    'usage',
    `${table.file}:${table.rows[0]?.line}: ${column} is ${price} for ${gpus} GPUs, and its name ` +
      'does not say whether that is the price of one or of all',
    { hint: 'Say it with --price-basis total or --price-basis per-gpu.' },
  );
}

function basisNote(
  column: string,
  price: number,
  gpus: number,
  { meant, basis, dialect }: { meant: string | null; basis: string | null; dialect: string | null },
): string {
  const why =
    basis !== null ? 'as told' : dialect === null ? 'as its name says' : `as ${dialect} writes it`;
  return meant === 'per-gpu'
    ? `${column} is the price of one GPU, ${why}: ${gpus} × ${price} USD an hour.`
    : `${column} is the price of all ${gpus} GPUs together, ${why}: ${price} USD an hour, not ${gpus} × ${price}.`;
}

function times({ value, low, high, draws }: Known, by: number): Known<UsdPerHour> {
  return {
    value: usdPerHour(value * by),
    low: low === null ? null : usdPerHour(low * by),
    high: high === null ? null : usdPerHour(high * by),
    ...(draws === undefined ? {} : { draws: Float64Array.from(draws, (draw) => draw * by) }),
  };
}

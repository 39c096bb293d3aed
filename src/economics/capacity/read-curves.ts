import { BenchError } from '../../core/errors.ts';
import { type CsvRow, type CsvTable, csvNumber, csvProblem, readCsv } from '../files/csv-table.ts';
import { shownValue } from '../files/problem-text.ts';
import type { Known } from '../quantity.ts';
import { type CurveColumns, curveColumns } from './curve-columns.ts';
import { curvePoints } from './curve-points.ts';
import { type CurvePrice, curvePrice, type PriceBasis } from './curve-price.ts';
import type { LoadCurve, LoadPoint } from './load-curve.ts';

export interface ReadCurvesOptions {
  /** USD per GPU-hour instead of the file's prices. */
  gpuPrice?: Known | null;
  /** GPUs of a deployment where the file has no column of them. */
  gpus?: number | null;
  priceBasis?: PriceBasis | null;
}

export interface CurveFile {
  curves: LoadCurve[];
  /** How the columns were understood. */
  notes: string[];
}

const MOST_ROWS = 10_000;
const MOST_GPUS = 1e6;

/**
 * Load curves from CSV, one for each value of a column `config`, in the file's order. Columns are known by many names
 * (curve-columns.ts), latencies by metric, statistic and unit (`ttft_p99_ms`). Rows of one load are repeated runs.
 * Throws `usage` with file, line and column for what is no curve.
 */
export function readCurves(
  text: string,
  file: string,
  { gpuPrice = null, gpus = null, priceBasis = null }: ReadCurvesOptions = {},
): CurveFile {
  const table = readCsv(text, file, []);
  if (table.rows.length > MOST_ROWS) {
    throw new BenchError('usage', `${file} has ${table.rows.length} rows, expected a load curve`, {
      hint: `Give one row per run, at most ${MOST_ROWS}.`,
    });
  }
  const columns = curveColumns(table);
  const curves = [...configurations(table, columns)].map(([name, rows]) => {
    const part: CsvTable = { ...table, rows };
    const number = gpusOf(part, columns, gpus);
    const price = curvePrice(part, columns, number, { given: gpuPrice, basis: priceBasis });
    const { points, notes } = curvePoints(part, columns);
    return curveOf(name, part, columns, { gpus: number, price, points, notes });
  });
  return { curves, notes: fileNotes(columns, gpus) };
}

function configurations(
  { file, rows }: CsvTable,
  { fields }: CurveColumns,
): ReadonlyMap<string, CsvRow[]> {
  const column = fields.config;
  if (column === undefined) return new Map([[file, [...rows]]]);
  const parts = new Map<string, CsvRow[]>();
  for (const row of rows) {
    const name = row.cells[column] ?? '';
    if (name === '') throw csvProblem({ file }, row, column, 'is needed');
    const part = parts.get(name);
    if (part === undefined) parts.set(name, [row]);
    else part.push(row);
  }
  return parts;
}

function curveOf(
  name: string,
  table: CsvTable,
  columns: CurveColumns,
  {
    gpus,
    price,
    points,
    notes,
  }: { gpus: number; price: CurvePrice; points: LoadPoint[]; notes: string[] },
): LoadCurve {
  const facts = columns.facts
    .map((column) => sameText(table, column))
    .filter((text) => text !== '');
  const stated = statedNote(table, columns, price);
  return {
    name,
    label: facts.length === 0 ? null : facts.join(', '),
    loadUnit: columns.fields.load === undefined ? 'concurrent' : 'requests/s',
    gpus,
    usdPerHour: price.usdPerHour,
    priceSource: price.source,
    points,
    notes: [
      ...(price.note === null ? [] : [price.note]),
      ...(stated === null ? [] : [stated]),
      ...notes,
    ],
  };
}

function gpusOf(table: CsvTable, { fields }: CurveColumns, given: number | null): number {
  const column = fields.gpus;
  if (column === undefined) return given ?? 1;
  const text = sameText(table, column);
  const [row] = table.rows;
  const gpus = row === undefined ? null : csvNumber(table, row, column, { min: 1, max: MOST_GPUS });
  if (row === undefined || gpus === null || !Number.isInteger(gpus)) {
    throw new BenchError(
      'usage',
      `${table.file}:${row?.line}: ${column} must be a whole number, got ${shownValue(text)}`,
    );
  }
  if (given !== null && given !== gpus) {
    throw new BenchError(
      'usage',
      `${table.file}:${row.line}: ${column} is ${gpus}, but --gpus says ${given}`,
    );
  }
  return gpus;
}

/** The text of a column that is the same in all rows. Throws `usage` where it is not. */
function sameText(table: CsvTable, column: string): string {
  const [first] = table.rows;
  const text = first?.cells[column] ?? '';
  const other = table.rows.find((row) => row.cells[column] !== text);
  if (other === undefined) return text;
  throw new BenchError(
    'usage',
    `${table.file}:${other.line}: ${column} is ${shownValue(other.cells[column])}, but ` +
      `${shownValue(text)} in line ${first?.line} of the same configuration`,
    { hint: 'Tell deployments apart in a column config.' },
  );
}

/** The file's own cost per million output tokens held against what its rows give; null where its price is not used. */
function statedNote(table: CsvTable, { fields }: CurveColumns, price: CurvePrice): string | null {
  const { statedUsdPerMtok: column, outputTps } = fields;
  const { value: usdPerHour } = price.usdPerHour;
  if (column === undefined || outputTps === undefined || usdPerHour === null || !price.isFromFile)
    return null;
  const ratios = table.rows.flatMap((row) => {
    const stated = csvNumber(table, row, column);
    const tps = csvNumber(table, row, outputTps);
    return stated === null || tps === null ? [] : [(1e6 * usdPerHour) / (3600 * tps) / stated];
  });
  if (ratios.length === 0) return null;
  const worst = ratios.reduce((a, b) => (Math.abs(b - 1) > Math.abs(a - 1) ? b : a));
  const rows = ratios.length === 1 ? '1 row' : `${ratios.length} rows`;
  return Math.abs(worst - 1) < 0.001
    ? `${column} of ${rows} recomputed: all within 0.1 %.`
    : `${column} differs from price and tokens per second: the figure here is up to ${worst.toPrecision(4)} × the file's.`;
}

function fileNotes({ fields, gpuUtilization, dialect }: CurveColumns, gpus: number | null) {
  const notes = [];
  if (dialect !== null) notes.push(`Read as results of ${dialect}.`);
  if (fields.gpus === undefined && gpus === null) {
    notes.push('No column of GPUs: taken as 1; --gpus says otherwise.');
  }
  if (gpuUtilization !== null) {
    notes.push(
      `${gpuUtilization} is not used: it says how often a kernel ran, not how much was served of what could be.`,
    );
  }
  return notes;
}

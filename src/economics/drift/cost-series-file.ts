import { BenchError } from '../../core/errors.ts';
import { type CsvRow, type CsvTable, csvNumber, csvProblem, readCsv } from '../files/csv-table.ts';
import { TOKENS_PER_MTOK } from '../units.ts';
import { cvOfInterval } from './noise.ts';
import type { CostFactor, CostPoint, NoisyFigure, UnknownPoint } from './unit-cost.ts';

/** Columns of a factor; `_low`, `_high` and `_cv` behind the name hold its noise. */
const COLUMNS: Readonly<Record<CostFactor, string>> = {
  usdPerHour: 'usd_per_hour',
  tokensPerSecond: 'tokens_per_second',
  utilization: 'utilization',
  tokensPerUnit: 'tokens_per_unit',
};
const MOST_ROWS = 10_000;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?Z)?$/;

export interface CostSeries {
  /** Ascending in time. */
  points: (CostPoint | UnknownPoint)[];
  /** Whether costs are of a unit of the file's own, else of a million tokens. */
  hasOwnUnit: boolean;
}

export function isKnownPoint(point: CostPoint | UnknownPoint): point is CostPoint {
  return 'factors' in point;
}

/**
 * Reads the cost of a unit over time: columns date, usd_per_hour, tokens_per_second and, where they are there,
 * utilization (a share, else 1) and tokens_per_unit (else a million). Each may have its noise beside it, as
 * `tokens_per_second_low` and `_high` (a 95 % interval) or `_cv` (a standard deviation as a share). Without any, a price,
 * a share and a count are taken as exact; the throughput, which is measured, scatters by `throughputCv`, and by an
 * unknown amount where that is null. A row with an empty figure has an unknown cost. Throws `usage` with file and line.
 */
export function readCostSeries(
  text: string,
  file: string,
  throughputCv: number | null,
): CostSeries {
  const table = readCsv(text, file, ['date', COLUMNS.usdPerHour, COLUMNS.tokensPerSecond]);
  if (table.rows.length > MOST_ROWS) {
    throw new BenchError(
      'usage',
      `${file} has ${table.rows.length} rows, expected at most ${MOST_ROWS}`,
      { hint: 'Keep one row a day.' },
    );
  }
  const lines = new Map<string, number>();
  const points = table.rows.map((row) => {
    const point = readPoint(table, row, throughputCv);
    const earlier = lines.get(point.at);
    if (earlier !== undefined) {
      throw csvProblem(table, row, 'date', `is that of line ${earlier} again`);
    }
    lines.set(point.at, row.line);
    return point;
  });
  points.sort((a, b) => (a.at < b.at ? -1 : 1));
  return { points, hasOwnUnit: table.columns.includes(COLUMNS.tokensPerUnit) };
}

function readPoint(
  table: CsvTable,
  row: CsvRow,
  throughputCv: number | null,
): CostPoint | UnknownPoint {
  const at = readDate(table, row);
  const source = `line ${row.line}`;
  const figures = {
    usdPerHour: readFigure(table, row, COLUMNS.usdPerHour, { value: null, cv: 0 }),
    tokensPerSecond: readFigure(table, row, COLUMNS.tokensPerSecond, {
      value: null,
      cv: throughputCv,
    }),
    utilization: readFigure(table, row, COLUMNS.utilization, { value: 1, cv: 0, max: 1 }),
    tokensPerUnit: readFigure(table, row, COLUMNS.tokensPerUnit, { value: TOKENS_PER_MTOK, cv: 0 }),
  };
  const { usdPerHour, tokensPerSecond, utilization, tokensPerUnit } = figures;
  if (!usdPerHour || !tokensPerSecond || !utilization || !tokensPerUnit) {
    const missing = (Object.keys(figures) as CostFactor[]).filter((name) => figures[name] === null);
    const names = missing.map((name) => COLUMNS[name]).join(', ');
    return { at, source, reason: `line ${row.line} has no ${names}` };
  }
  return { at, source, factors: { usdPerHour, tokensPerSecond, utilization, tokensPerUnit } };
}

function readDate(table: CsvTable, row: CsvRow): string {
  const text = row.cells.date ?? '';
  const [, year, month, day] = (DATE.exec(text) ?? []).map(Number);
  const date = new Date(Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day));
  // 30 February would be taken for 2 March.
  if (date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day) {
    throw csvProblem(table, row, 'date', 'must be as 2026-01-31 or 2026-01-31T23:59Z');
  }
  return text;
}

interface FigureRule {
  /** Where the column is absent; null: there must be one. */
  value: number | null;
  /** Where no column says it. */
  cv: number | null;
  max?: number;
}

/** Null for an empty field. Throws `usage` for bad figures and for noise without a figure to belong to. */
function readFigure(
  table: CsvTable,
  row: CsvRow,
  column: string,
  { value: absent, cv: usualCv, max }: FigureRule,
): NoisyFigure | null {
  const bounds = max === undefined ? {} : { max };
  const value = row.cells[column] === undefined ? absent : csvNumber(table, row, column, bounds);
  if (value === 0) throw csvProblem(table, row, column, 'must be above 0');
  if (value === null) return null;
  const cv = readCv(table, row, column, value);
  return { value, cv: cv ?? usualCv };
}

function readCv(table: CsvTable, row: CsvRow, column: string, value: number): number | null {
  const cv = csvNumber(table, row, `${column}_cv`, { max: 10 });
  const low = csvNumber(table, row, `${column}_low`);
  const high = csvNumber(table, row, `${column}_high`);
  if (cv !== null && (low !== null || high !== null)) {
    throw csvProblem(table, row, `${column}_cv`, 'stands beside an interval, expected one of them');
  }
  if (low === null && high === null) return cv;
  if (low === null || high === null) {
    const missing = low === null ? 'low' : 'high';
    throw csvProblem(table, row, `${column}_${missing}`, 'is needed beside the other bound');
  }
  if (low <= 0) throw csvProblem(table, row, `${column}_low`, 'must be above 0');
  if (low > value) throw csvProblem(table, row, `${column}_low`, `must be at most ${value}`);
  if (high < value) throw csvProblem(table, row, `${column}_high`, `must be at least ${value}`);
  return cvOfInterval(low, high);
}

import { changePoints } from '../core/change-points.ts';
import type { SqlValue } from './duckdb.ts';
import type { History } from './history.ts';

/** A figure that has a history. */
export interface HistoryMetric {
  column: string;
  unit: string;
  /** `bounds`: of its own; `exact`: counted, every difference counts; `none`: changes cannot be told from noise. */
  interval: 'bounds' | 'exact' | 'none';
}

const bounded = (column: string, unit: string): HistoryMetric => ({
  column,
  unit,
  interval: 'bounds',
});
const exact = (column: string): HistoryMetric => ({ column, unit: 'bytes', interval: 'exact' });
const bare = (column: string, unit: string): HistoryMetric => ({ column, unit, interval: 'none' });

export const HISTORY_METRICS: Readonly<Record<string, HistoryMetric>> = {
  decode: bounded('decode_tps', 'tokens/s'),
  'run-ahead': bounded('run_ahead_tps', 'tokens/s'),
  prefill: bounded('prefill_tps', 'tokens/s'),
  ttft: bounded('ttft_ms', 'ms'),
  tpot: bare('tpot_p50_ms', 'ms'),
  'tpot-p95': bare('tpot_p95_ms', 'ms'),
  'tpot-p99': bare('tpot_p99_ms', 'ms'),
  'input-cost': bounded('input_usd_per_mtok', '$/Mtok'),
  'output-cost': bounded('output_usd_per_mtok', '$/Mtok'),
  weights: exact('weights_bytes'),
  'kv-cache': exact('kv_cache_bytes'),
  'gpu-memory': exact('peak_gpu_bytes'),
  rss: bare('peak_rss_bytes', 'bytes'),
};

/** Values that a column must have one of; empty: any. */
export interface HistoryFilter {
  model: readonly string[];
  weights: readonly string[];
  backend: readonly string[];
}

/** What stays the same along a series. */
const CELL_COLUMNS = [
  'model',
  'weights',
  'kv',
  'activations',
  'backend',
  'host',
  'prompt_tokens',
  'generated_tokens',
  'depth',
  'batch',
  'device',
] as const;
const POINT_COLUMNS = ['id', 'created_at', 'commit', 'mtok', 'driver', 'engine'] as const;

export interface HistoryPoint extends Record<(typeof POINT_COLUMNS)[number], SqlValue> {
  launches: number;
  value: number;
  low: number | null;
  high: number | null;
  /** Value over the value before where the series moved beyond noise. */
  change: number | null;
}

export interface HistorySeries {
  cell: Record<(typeof CELL_COLUMNS)[number], SqlValue>;
  /** Oldest first. */
  points: HistoryPoint[];
}

/**
 * The values of a metric over time, a series for each cell and device, of cells that finished and know it.
 * `margin`: see changePoints.
 */
export async function historySeries(
  { database }: History,
  { column, interval }: HistoryMetric,
  filter: HistoryFilter,
  margin: number,
): Promise<HistorySeries[]> {
  const values: string[] = [];
  const conditions = Object.entries(filter).map(([name, wanted]) => {
    if (wanted.length === 0) return 'true';
    const places = wanted.map((value: string) => `$${values.push(value)}`);
    return `"${name}" IN (${places.join(', ')})`;
  });
  const bounds = {
    bounds: `"${column}_low", "${column}_high"`,
    exact: `"${column}", "${column}"`,
    none: 'NULL, NULL',
  }[interval];
  const names = [...CELL_COLUMNS, ...POINT_COLUMNS].map((name) => `"${name}"`).join(', ');
  const cells = CELL_COLUMNS.map((name) => `"${name}"`).join(', ');
  const { rows } = await database.run(
    `SELECT ${names}, launches, "${column}", ${bounds} FROM records
     WHERE status = 'ok' AND "${column}" IS NOT NULL AND ${conditions.join(' AND ')}
     ORDER BY ${cells}, created_at, id`,
    values,
  );
  return seriesOf(rows).map((series) => {
    const changes = changePoints(series.points, margin);
    const points = series.points.map((point, i) => ({ ...point, change: changes[i] ?? null }));
    return { ...series, points };
  });
}

/** Rows of one cell follow each other. */
function seriesOf(rows: readonly (readonly SqlValue[])[]): HistorySeries[] {
  const all: HistorySeries[] = [];
  let last: { series: HistorySeries; row: readonly SqlValue[] } | null = null;
  for (const row of rows) {
    const before = last?.row;
    const isSame = before !== undefined && CELL_COLUMNS.every((_, i) => row[i] === before[i]);
    if (last === null || !isSame) {
      const cell = named(CELL_COLUMNS, row, 0);
      last = { series: { cell, points: [] }, row };
      all.push(last.series);
    }
    const [launches, value, low, high] = row.slice(CELL_COLUMNS.length + POINT_COLUMNS.length);
    last.series.points.push({
      ...named(POINT_COLUMNS, row, CELL_COLUMNS.length),
      launches: Number(launches ?? 0),
      value: Number(value),
      low: typeof low === 'number' ? low : null,
      high: typeof high === 'number' ? high : null,
      change: null,
    });
  }
  return all;
}

function named<Name extends string>(
  names: readonly Name[],
  row: readonly SqlValue[],
  from: number,
): Record<Name, SqlValue> {
  const entries = names.map((name, i) => [name, row[from + i] ?? null] as const);
  return Object.fromEntries(entries) as Record<Name, SqlValue>;
}

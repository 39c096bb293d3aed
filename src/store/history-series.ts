import type { MetricName } from '../core/comparison-metrics.ts';
import type { NoiseRecord } from '../core/noise-record.ts';
import type { SqlValue } from './duckdb.ts';
import type { History } from './history.ts';
import { fillNoiseFloors, NOISE_FLOORS } from './history-floors.ts';

/** A figure that has a history. */
export interface HistoryMetric {
  column: string;
  unit: string;
  /** `bounds`: of its own; `exact`: counted, every difference counts; `none`: changes cannot be told from noise. */
  interval: 'bounds' | 'exact' | 'none';
  /** The metric whose A/A floor is its own; null where nothing is timed. */
  noise: MetricName | null;
}

const bounded = (column: string, unit: string, noise: MetricName): HistoryMetric => ({
  column,
  unit,
  interval: 'bounds',
  noise,
});
const exact = (column: string): HistoryMetric => ({
  column,
  unit: 'bytes',
  interval: 'exact',
  noise: null,
});
const bare = (column: string, unit: string): HistoryMetric => ({
  column,
  unit,
  interval: 'none',
  noise: null,
});

export const HISTORY_METRICS: Readonly<Record<string, HistoryMetric>> = {
  decode: bounded('decode_tps', 'tokens/s', 'decode'),
  'run-ahead': bounded('run_ahead_tps', 'tokens/s', 'run-ahead'),
  prefill: bounded('prefill_tps', 'tokens/s', 'prefill'),
  ttft: bounded('ttft_ms', 'ms', 'ttft'),
  tpot: bare('tpot_p50_ms', 'ms'),
  'tpot-p95': bare('tpot_p95_ms', 'ms'),
  'tpot-p99': bare('tpot_p99_ms', 'ms'),
  'input-cost': bounded('input_usd_per_mtok', '$/Mtok', 'prefill'),
  'output-cost': bounded('output_usd_per_mtok', '$/Mtok', 'decode'),
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
  /** What a difference from the value before must exceed, as a part of 1; null at the first value. */
  margin: number | null;
  /** The A/A floor of it and the value before; null where none was measured. */
  floor: number | null;
}

export interface HistorySeries {
  cell: Record<(typeof CELL_COLUMNS)[number], SqlValue>;
  records: number;
  changes: number;
  /** Oldest first: the newest, and every one at which the series moved. */
  points: HistoryPoint[];
}

export interface HistoryQuestion {
  metric: HistoryMetric;
  filter: HistoryFilter;
  /** A ratio of neighbours within 1 + margin and its inverse is no change, whatever the floor. */
  margin: number;
  /** A/A measurements beside the stores: where one fits, its floor is the margin if it is larger. */
  noise: readonly NoiseRecord[];
  /** How many of the newest points are wanted of each series. */
  last: number;
}

/**
 * The values of a metric over time, a series for each cell and device, of cells that finished and know it.
 * A series changes where a value differs from the one before it by more than the margin and the A/A floor of either
 * (of as many launches as the one with fewer has, as `marginFor` of a comparison), and the intervals of
 * both do not overlap; never at the first value, nor where one of the two has no interval or is 0. Only
 * neighbours are compared: a drift in steps below the margin goes unseen.
 */
export async function historySeries(
  { database }: History,
  { metric: { column, interval, noise }, filter, margin, last, noise: records }: HistoryQuestion,
): Promise<HistorySeries[]> {
  await fillNoiseFloors(database, noise, records);
  const values: (string | number)[] = [margin, last];
  const conditions = Object.entries(filter).map(([name, wanted]) => {
    if (wanted.length === 0) return 'true';
    const places = wanted.map((value: string) => `$${values.push(value)}`);
    return `"${name}" IN (${places.join(', ')})`;
  });
  const bounds = {
    bounds: `"${column}_low" AS low, "${column}_high" AS high`,
    exact: `"${column}" AS low, "${column}" AS high`,
    none: 'NULL::DOUBLE AS low, NULL::DOUBLE AS high',
  }[interval];
  const cells = quoted(CELL_COLUMNS);
  const points = quoted(POINT_COLUMNS);
  const { rows } = await database.run(
    `WITH chosen AS (
       SELECT ${cells}, ${points}, ${DRIVER_KEY} AS driver_key, launches,
         "${column}" AS value, ${bounds} FROM records
       WHERE status = 'ok' AND "${column}" IS NOT NULL AND ${conditions.join(' AND ')}),
     ordered AS (
       SELECT *, row_number() OVER series AS place, count(*) OVER (PARTITION BY ${cells}) AS total,
         lag(value) OVER series AS before, lag(low) OVER series AS low_before,
         lag(high) OVER series AS high_before, lag(driver_key) OVER series AS driver_before,
         lag(launches) OVER series AS launches_before
       FROM chosen WINDOW series AS (PARTITION BY ${cells} ORDER BY created_at, id)),
     floored AS (
       SELECT ordered.*,
         CASE WHEN before IS NOT NULL THEN greatest(here.floor, there.floor) END AS floor FROM ordered
       LEFT JOIN ${NOISE_FLOORS} here ON ${floorOf('here', 'driver_key')}
       LEFT JOIN ${NOISE_FLOORS} there ON ${floorOf('there', 'driver_before')}),
     judged AS (
       SELECT *, CASE WHEN before IS NOT NULL THEN greatest($1, floor) END AS margin,
         CASE WHEN (low > high_before OR high < low_before) AND value > 0 AND before > 0
         AND greatest(value / before, before / value) > 1 + margin THEN value / before END AS change
       FROM floored)
     SELECT ${cells}, ${points}, launches, value, low, high, change, margin, floor, total,
       count(change) OVER (PARTITION BY ${cells}) AS changes
     FROM judged QUALIFY change IS NOT NULL OR place > total - $2 ORDER BY ${cells}, place`,
    values,
  );
  return seriesOf(rows);
}

/** As `driverOf` names it, by which noise is found. */
const DRIVER_KEY = `coalesce(driver, CASE WHEN device_kind = 'cpu' THEN 'none' ELSE 'unknown' END)`;

function floorOf(table: string, driver: string): string {
  return `${table}.backend = ordered.backend AND ${table}.host = ordered.host
         AND ${table}.device = ordered.device AND ${table}.driver = ordered.${driver}
         AND ${table}.launches = least(ordered.launches, ordered.launches_before)`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

/** Rows of one cell follow each other. */
function seriesOf(rows: readonly (readonly SqlValue[])[]): HistorySeries[] {
  const all: HistorySeries[] = [];
  let last: { series: HistorySeries; row: readonly SqlValue[] } | null = null;
  for (const row of rows) {
    const [launches, value, low, high, change, margin, floor, total, changes] = row.slice(
      CELL_COLUMNS.length + POINT_COLUMNS.length,
    );
    const before = last?.row;
    const isSame = before !== undefined && CELL_COLUMNS.every((_, i) => row[i] === before[i]);
    if (last === null || !isSame) {
      const cell = named(CELL_COLUMNS, row, 0);
      const counts = { records: Number(total), changes: Number(changes) };
      last = { series: { cell, ...counts, points: [] }, row };
      all.push(last.series);
    }
    last.series.points.push({
      ...named(POINT_COLUMNS, row, CELL_COLUMNS.length),
      launches: Number(launches ?? 0),
      value: Number(value),
      low: numberOrNull(low),
      high: numberOrNull(high),
      change: numberOrNull(change),
      margin: numberOrNull(margin),
      floor: numberOrNull(floor),
    });
  }
  return all;
}

function numberOrNull(value: SqlValue | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function named<Name extends string>(
  names: readonly Name[],
  row: readonly SqlValue[],
  from: number,
): Record<Name, SqlValue> {
  const entries = names.map((name, i) => [name, row[from + i] ?? null] as const);
  return Object.fromEntries(entries) as Record<Name, SqlValue>;
}

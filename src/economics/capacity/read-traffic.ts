import { BenchError } from '../../core/errors.ts';
import {
  type CsvRow,
  type CsvTable,
  csvNumber,
  csvProblem,
  csvRequiredNumber,
  readCsv,
} from '../files/csv-table.ts';
import { SECONDS_PER_HOUR } from '../units.ts';
import type { TrafficInterval, TrafficShape } from './traffic.ts';
import { trafficVolume } from './traffic.ts';

const HOURS_OF = [24, 168] as const;
const MOST_RATE = 1e9;
const MOST_SECONDS = 1e9;
const MOST_BINS = 1_000_000;
/** 3000-01-01: later ones are milliseconds. */
const MOST_EPOCH_SECONDS = 32_503_680_000;

const TRAFFIC_SYNTAX =
  'columns hour,rps with 24 or 168 rows; seconds,rps; or one row a request with its timestamp';

/**
 * Traffic from CSV, in one of three forms:
 * - a profile that repeats: `rps` (or `requests`, of an hour) for each `hour` from 0, 24 or 168 rows;
 * - bins of a trace: `seconds` (how long) and `rps` or `requests`, in the order of time;
 * - a trace: one row a request, `timestamp` in seconds since 1970 or ISO 8601, counted in bins of `binSeconds`.
 * Throws `usage` with file and line.
 */
export function readTraffic(text: string, file: string, binSeconds: number): TrafficShape {
  const table = readCsv(text, file, []);
  const named = (name: string) => table.columns.find((column) => column.toLowerCase() === name);
  const timestamp = named('timestamp') ?? named('time');
  const shape =
    timestamp !== undefined
      ? { intervals: binned(table, timestamp, binSeconds), isRepeating: false }
      : named('seconds') !== undefined
        ? { intervals: bins(table, rateColumn(table), named('seconds') ?? ''), isRepeating: false }
        : { intervals: hourly(table, rateColumn(table), named('hour')), isRepeating: true };
  const traffic = { name: file, ...shape };
  if (trafficVolume(traffic).requests === 0) {
    throw new BenchError('usage', `${file} holds no requests`, {
      hint: 'Some rate must be above 0.',
    });
  }
  return traffic;
}

interface RateColumn {
  column: string;
  /** Whether it counts the requests of the interval; else it is their rate. */
  isCount: boolean;
}

function rateColumn({ file, columns }: CsvTable): RateColumn {
  const named = (names: readonly string[]) =>
    columns.find((column) => names.includes(column.toLowerCase()));
  const rate = named(['rps', 'requests_per_second', 'qps']);
  const count = named(['requests']);
  if ((rate === undefined) === (count === undefined)) {
    const what =
      rate === undefined ? 'no column rps or requests' : 'columns rps and requests, expected one';
    throw new BenchError('usage', `${file}:1: ${what}`, { hint: `Traffic has ${TRAFFIC_SYNTAX}.` });
  }
  return { column: rate ?? count ?? '', isCount: rate === undefined };
}

function rateOf(table: CsvTable, row: CsvRow, { column, isCount }: RateColumn, seconds: number) {
  const value = csvRequiredNumber(table, row, column, { max: MOST_RATE });
  return isCount ? value / seconds : value;
}

function hourly(
  table: CsvTable,
  rate: RateColumn,
  hourColumn: string | undefined,
): TrafficInterval[] {
  const { rows, file } = table;
  if (!HOURS_OF.some((hours) => hours === rows.length)) {
    throw new BenchError(
      'usage',
      `${file} has ${rows.length} hours, expected 24 (a day) or 168 (a week)`,
      { hint: `Other traffic has a column seconds or timestamp: ${TRAFFIC_SYNTAX}.` },
    );
  }
  const intervals: TrafficInterval[] = [];
  rows.forEach((row, i) => {
    const hour = hourColumn === undefined ? i : csvRequiredNumber(table, row, hourColumn);
    if (!Number.isInteger(hour) || hour >= rows.length) {
      throw csvProblem(
        table,
        row,
        hourColumn ?? '',
        `must be a whole hour from 0 to ${rows.length - 1}`,
      );
    }
    if (intervals[hour] !== undefined) {
      throw csvProblem(table, row, hourColumn ?? '', 'is there twice');
    }
    const requestsPerSecond = rateOf(table, row, rate, SECONDS_PER_HOUR);
    intervals[hour] = { seconds: SECONDS_PER_HOUR, requestsPerSecond };
  });
  return intervals;
}

function bins(table: CsvTable, rate: RateColumn, column: string): TrafficInterval[] {
  if (table.rows.length > MOST_BINS) throw tooManyBins(table.file, table.rows.length);
  return table.rows.map((row) => {
    const seconds = csvRequiredNumber(table, row, column, { max: MOST_SECONDS });
    if (seconds === 0) throw csvProblem(table, row, column, 'must be above 0');
    return { seconds, requestsPerSecond: rateOf(table, row, rate, seconds) };
  });
}

function binned(table: CsvTable, column: string, binSeconds: number): TrafficInterval[] {
  const times = table.rows.map((row) => timeOf(table, row, column)).sort((a, b) => a - b);
  const [first = 0] = times;
  const last = times.at(-1) ?? first;
  const number = Math.floor((last - first) / binSeconds) + 1;
  if (number > MOST_BINS) throw tooManyBins(table.file, number);
  const counts = new Float64Array(number);
  for (const time of times) {
    const bin = Math.floor((time - first) / binSeconds);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return Array.from(counts, (count) => ({
    seconds: binSeconds,
    requestsPerSecond: count / binSeconds,
  }));
}

/** Seconds since 1970. */
function timeOf(table: CsvTable, row: CsvRow, column: string): number {
  const text = row.cells[column] ?? '';
  if (/^\d{4}-\d\d-\d\d[T ]/.test(text)) {
    const milliseconds = Date.parse(text);
    if (!Number.isNaN(milliseconds)) return milliseconds / 1000;
  } else if (/^\d/.test(text)) {
    const seconds = csvNumber(table, row, column);
    if (seconds !== null && seconds <= MOST_EPOCH_SECONDS) return seconds;
  }
  throw csvProblem(table, row, column, 'must be seconds or an ISO 8601 time');
}

function tooManyBins(file: string, number: number): BenchError {
  return new BenchError(
    'usage',
    `${file} makes ${number} intervals, expected at most ${MOST_BINS}`,
    {
      hint: 'Give a larger --bin-seconds, and check the unit of the times.',
    },
  );
}

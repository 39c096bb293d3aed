import { BenchError } from '../../core/errors.ts';
import { type CsvRow, type CsvTable, csvNumber, csvProblem } from '../files/csv-table.ts';
import { type Quantity, unknown } from '../quantity.ts';
import {
  type RequestsPerSecond,
  type Share,
  type TokensPerSecond,
  tokensPerSecond,
} from '../units.ts';
import type { CurveColumns } from './curve-columns.ts';
import type { LatencyName } from './latency.ts';
import type { LoadPoint } from './load-curve.ts';
import { figureOfRuns } from './run-figures.ts';

/** Figures of one row; null where a field is empty or the column absent. */
interface Run {
  line: number;
  load: number;
  served: number | null;
  outputTps: number;
  inputTps: number | null;
  errorShare: number | null;
  latencyMs: ReadonlyMap<LatencyName, number | null>;
}

/** Runs at one load this far apart in tokens per second are runs of different things. */
const MOST_APART = 2;
/** Far above anything that serves; keeps sums finite. */
const MOST = 1e12;

/**
 * The points of a configuration, ascending in load. Rows of one load are repeated runs, whose figures are joined with
 * an interval; a row that repeats another figure for figure is left out and noted. Throws `usage` with the line.
 */
export function curvePoints(
  table: CsvTable,
  columns: CurveColumns,
): { points: LoadPoint[]; notes: string[] } {
  const byLoad = new Map<number, Run[]>();
  const lineOf = new Map<string, number>();
  const repeats: string[] = [];
  for (const row of table.rows) {
    const run = readRun(table, row, columns);
    const figures = figuresText(run);
    const twin = lineOf.get(figures);
    if (twin !== undefined) {
      repeats.push(`line ${run.line} repeats line ${twin}`);
      continue;
    }
    lineOf.set(figures, run.line);
    const runs = byLoad.get(run.load);
    if (runs === undefined) byLoad.set(run.load, [run]);
    else {
      if (runs[0] !== undefined) assertAlike(table, columns, runs[0], run);
      runs.push(run);
    }
  }
  const notes = repeats.length === 0 ? [] : [repeatsNote(repeats)];
  const points = [...byLoad.values()].map(pointOf).sort((a, b) => a.load - b.load);
  return { points, notes };
}

function readRun(table: CsvTable, row: CsvRow, { fields, latencies }: CurveColumns): Run {
  const optional = (column: string | undefined, max = MOST) =>
    column === undefined ? null : csvNumber(table, row, column, { max });
  const above0 = (column: string) => {
    const value = optional(column);
    if (value === null || value === 0) throw csvProblem(table, row, column, 'must be above 0');
    return value;
  };
  const load = above0(fields.load ?? fields.concurrency ?? '');
  const outputTps = above0(fields.outputTps ?? '');
  const percent = optional(fields.errorPercent, 100);
  return {
    line: row.line,
    load,
    served: fields.served === undefined ? null : servedOf(table, row, fields.served),
    outputTps,
    inputTps: optional(fields.inputTps) ?? restOf(table, row, fields.totalTps, outputTps),
    errorShare: optional(fields.errorShare, 1) ?? (percent === null ? null : percent / 100),
    latencyMs: new Map(
      [...latencies].map(([name, { column, msPerUnit }]) => {
        const value = optional(column);
        return [name, value === null ? null : value * msPerUnit] as const;
      }),
    ),
  };
}

function servedOf(table: CsvTable, row: CsvRow, column: string): number | null {
  const served = csvNumber(table, row, column, { max: MOST });
  if (served === 0) throw csvProblem(table, row, column, 'must be above 0');
  return served;
}

/** Input tokens per second where only those of input and output together are known. */
function restOf(
  table: CsvTable,
  row: CsvRow,
  column: string | undefined,
  outputTps: number,
): number | null {
  if (column === undefined) return null;
  const total = csvNumber(table, row, column, { max: MOST });
  if (total === null) return null;
  if (total < outputTps) {
    throw csvProblem(table, row, column, `must be at least the ${outputTps} of the output alone`);
  }
  return total - outputTps;
}

function figuresText({ line: _, latencyMs, ...figures }: Run): string {
  return JSON.stringify([figures, [...latencyMs]]);
}

function repeatsNote(repeats: readonly string[]): string {
  const more = repeats.length > 3 ? ` and ${repeats.length - 3} more` : '';
  return `Left out, figure for figure the same: ${repeats.slice(0, 3).join(', ')}${more}.`;
}

function assertAlike(table: CsvTable, { fields }: CurveColumns, a: Run, b: Run): void {
  const apart = Math.max(a.outputTps / b.outputTps, b.outputTps / a.outputTps);
  if (apart <= MOST_APART) return;
  throw new BenchError(
    'usage',
    `${table.file}:${b.line}: ${fields.outputTps} is ${b.outputTps} at load ${b.load}, but ${a.outputTps} in line ` +
      `${a.line} at the same load, more than ${MOST_APART} times apart`,
    { hint: 'Repeated runs lie closer: tell deployments apart in a column config.' },
  );
}

function pointOf(runs: readonly Run[]): LoadPoint {
  const [first] = runs as readonly [Run, ...Run[]];
  const joined = <N extends number>(
    values: readonly (number | null)[],
    what: string,
  ): Quantity<N> =>
    values.every((value) => value !== null)
      ? (figureOfRuns(values) as Quantity<N>)
      : unknown(`${what} at load ${first.load} is not in the file`);
  return {
    load: first.load,
    runs: runs.length,
    requestsPerSecond: joined<RequestsPerSecond>(
      runs.map(({ served }) => served),
      'the rate of served requests',
    ),
    outputTps: knownRate(runs),
    inputTps: joined<TokensPerSecond>(
      runs.map(({ inputTps }) => inputTps),
      'the rate of input tokens',
    ),
    latencyMs: new Map(
      [...first.latencyMs.keys()].map((name) => [
        name,
        joined(
          runs.map(({ latencyMs }) => latencyMs.get(name) ?? null),
          name,
        ),
      ]),
    ),
    errorShare: joined<Share>(
      runs.map(({ errorShare }) => errorShare),
      'the error rate',
    ),
  };
}

function knownRate(runs: readonly Run[]): LoadPoint['outputTps'] {
  const { value, low, high } = figureOfRuns(runs.map(({ outputTps }) => outputTps));
  const rate = (bound: number | null) => (bound === null ? null : tokensPerSecond(bound));
  return { value: tokensPerSecond(value), low: rate(low), high: rate(high) };
}

import { normalTail } from './normal-tail.ts';
import { median, sortedQuantile } from './quantile.ts';
import type { Rng } from './rng.ts';
import { type LaunchSamples, logTInterval } from './statistics.ts';
import { studentT975 } from './student-t.ts';

/**
 * How many times as fast B is as A: time of A over time of B. Above 1, B is faster. Bounds are of the 95 %
 * interval, null where there are too few launches for one.
 */
export interface SpeedRatio {
  estimate: number;
  low: number | null;
  high: number | null;
}

const MOST_DRAWS = 10_000;
const FEWEST_DRAWS = 1000;
/** Averages or differences that a bootstrap may go through: a second or so. */
const MOST_TERMS = 5_000_000;
/** From here on launches can be resampled, and verdicts be given. */
export const MIN_LAUNCHES_VERDICT = 5;
const MIN_PAIRS_T = 3;

/** Natural logarithms of each launch's median time; positive times only. */
export function logMedians(launches: LaunchSamples): number[] {
  return launches.map((samples) => Math.log(median(samples)));
}

/** ln(time of A / time of B) of launch i of both; as many as both have. */
export function pairedLogRatios(a: LaunchSamples, b: LaunchSamples): number[] {
  const [logsA, logsB] = [logMedians(a), logMedians(b)];
  return logsA.slice(0, logsB.length).map((value, i) => value - (logsB[i] ?? 0));
}

/** The centre that `pairedRatio` gives, as a logarithm. */
export function centreOfLogRatios(logRatios: readonly number[]): number {
  return pseudoMedian(logRatios, new Float64Array(averagesOf(logRatios.length)));
}

/**
 * Where A and B took turns: what slowed a moment of the machine slowed both, so the log ratios of pairs of launches
 * are what varies. Their centre is the median of the averages of any two of them and of each with itself (Hodges
 * and Lehmann 1963): like a median it withstands a launch gone astray, and it is nearly as sharp as a mean. Interval:
 * from five pairs on a bootstrap over pairs; for three and four Student's t.
 */
export function pairedRatio(
  logRatios: readonly number[],
  rng: Rng,
  draws = MOST_DRAWS,
): SpeedRatio {
  const pairs = logRatios.length;
  const averages = new Float64Array(averagesOf(pairs));
  const estimate = Math.exp(pseudoMedian(logRatios, averages));
  if (pairs < MIN_PAIRS_T) return { estimate, low: null, high: null };
  if (pairs < MIN_LAUNCHES_VERDICT) {
    const [low, high] = logTInterval(logRatios.map(Math.exp));
    return { estimate, low, high };
  }
  const drawn = new Float64Array(pairs);
  const statistics = drawAll(limited(draws, averages.length), () => {
    resample(logRatios, drawn, rng);
    return pseudoMedian(drawn, averages);
  });
  return { estimate, ...logRatioBounds(statistics, pairs) };
}

/**
 * Where they did not: the centre is the median of the differences of any launch of A and any of B, as logarithms
 * (Hodges and Lehmann 1963), and either side's launches are drawn by themselves. No interval below five a side.
 */
export function unpairedRatio(
  logsA: readonly number[],
  logsB: readonly number[],
  rng: Rng,
  draws = MOST_DRAWS,
): SpeedRatio {
  const differences = new Float64Array(logsA.length * logsB.length);
  const estimate = Math.exp(medianDifference(logsA, logsB, differences));
  const fewer = Math.min(logsA.length, logsB.length);
  if (fewer < MIN_LAUNCHES_VERDICT) return { estimate, low: null, high: null };
  const [drawnA, drawnB] = [new Float64Array(logsA.length), new Float64Array(logsB.length)];
  const statistics = drawAll(limited(draws, differences.length), () => {
    resample(logsA, drawnA, rng);
    resample(logsB, drawnB, rng);
    return medianDifference(drawnA, drawnB, differences);
  });
  return { estimate, ...logRatioBounds(statistics, fewer) };
}

/**
 * Launches are drawn whole, and the tails are cut at Student's t rather than at 2.5 %: see `bootstrapInterval`
 * of statistics.ts for both. `statistics` are sorted logarithms; `launches` gives the degrees of freedom.
 */
export function logRatioBounds(
  statistics: Float64Array,
  launches: number,
): { low: number; high: number } {
  const tail = normalTail(studentT975(launches - 1));
  const bound = (p: number) => Math.exp(sortedQuantile(statistics, p));
  return { low: bound(tail), high: bound(1 - tail) };
}

function drawAll(draws: number, draw: () => number): Float64Array {
  return Float64Array.from({ length: draws }, draw).sort();
}

function limited(draws: number, terms: number): number {
  return Math.min(draws, Math.max(FEWEST_DRAWS, Math.floor(MOST_TERMS / terms)));
}

function resample(values: readonly number[], drawn: Float64Array, rng: Rng): void {
  for (let i = 0; i < drawn.length; i++) drawn[i] = values[rng.integer(0, values.length)] ?? 0;
}

function averagesOf(values: number): number {
  return (values * (values + 1)) / 2;
}

/** Median of (x_i + x_j) / 2 over i ≤ j; `averages` is overwritten. */
function pseudoMedian(values: ArrayLike<number>, averages: Float64Array): number {
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = i; j < values.length; j++) {
      averages[at++] = ((values[i] ?? 0) + (values[j] ?? 0)) / 2;
    }
  }
  return sortedQuantile(averages.sort(), 0.5);
}

/** Median of a_i − b_j; `differences` is overwritten. */
function medianDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  differences: Float64Array,
): number {
  let at = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) differences[at++] = (a[i] ?? 0) - (b[j] ?? 0);
  }
  return sortedQuantile(differences.sort(), 0.5);
}

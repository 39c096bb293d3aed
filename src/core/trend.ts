import { invariant } from './errors.ts';
import { normalTail } from './normal-tail.ts';
import { median, sortedQuantile } from './quantile.ts';

/** Samples in the order in which they were taken, in one series or in several that are only compared within. */
export type OrderedSeries = readonly (readonly number[])[];

/** A slope per sample with its 95 % interval. */
export interface Slope {
  perSample: number;
  low: number;
  high: number;
}

export interface TrendTest {
  /** Pairs that rise less pairs that fall. */
  score: number;
  /** Two-sided. */
  pValue: number;
}

/** Above this many pairs the exact distribution of the score gives way to its normal limit. */
const MOST_PAIRS_EXACT = 2000;
const Z_975 = 1.959964;

/**
 * Theil–Sen: the median of the slopes of all pairs within a series (Sen 1968; over several series Hirsch,
 * Slack and Smith 1982). Its interval comes from the variance of Mann and Kendall's score. Null for fewer
 * than two samples in every series.
 */
export function theilSen(series: OrderedSeries): Slope | null {
  const slopes = series.flatMap((samples) =>
    samples.flatMap((from, i) => samples.slice(i + 1).map((to, k) => (to - from) / (k + 1))),
  );
  if (slopes.length === 0) return null;
  const sorted = Float64Array.from(slopes).sort();
  const reach = Z_975 * Math.sqrt(scoreVariance(series));
  const at = (rank: number) =>
    sortedQuantile(sorted, Math.min(1, Math.max(0, rank / Math.max(1, sorted.length - 1))));
  return {
    perSample: median(slopes),
    low: at((slopes.length - reach) / 2 - 1),
    high: at((slopes.length + reach) / 2),
  };
}

/**
 * Mann and Kendall's test of a monotone trend, with scores and variances added over several series (Hirsch,
 * Slack and Smith 1982): what differs between series is no trend. The p-value is exact where nothing is
 * tied, else that of the normal limit with continuity and tie corrections.
 */
export function mannKendall(series: OrderedSeries): TrendTest {
  const score = series.reduce((sum, samples) => sum + seriesScore(samples), 0);
  const sizes = series.map(({ length }) => length);
  const pairs = sizes.reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  const isTied = series.some((samples) => new Set(samples).size < samples.length);
  if (!isTied && pairs <= MOST_PAIRS_EXACT) return { score, pValue: exactP(sizes, pairs, score) };
  const variance = scoreVariance(series);
  if (variance === 0 || score === 0) return { score, pValue: 1 };
  const z = (Math.abs(score) - 1) / Math.sqrt(variance);
  return { score, pValue: Math.min(1, 2 * normalTail(z)) };
}

function seriesScore(samples: readonly number[]): number {
  let score = 0;
  samples.forEach((from, i) => {
    for (const to of samples.slice(i + 1)) score += Math.sign(to - from);
  });
  return score;
}

/** n(n−1)(2n+5)/18, less t(t−1)(2t+5)/18 for each group of t equal samples; added over the series. */
function scoreVariance(series: OrderedSeries): number {
  const term = (n: number) => (n * (n - 1) * (2 * n + 5)) / 18;
  return series.reduce((sum, samples) => {
    const groups = new Map<number, number>();
    for (const sample of samples) groups.set(sample, (groups.get(sample) ?? 0) + 1);
    return sum + term(samples.length) - [...groups.values()].reduce((t, n) => t + term(n), 0);
  }, 0);
}

/**
 * P(|S| ≥ |score|) over all orders of samples without ties: S is pairs − 2 · inversions, and the i-th
 * sample of a series adds any of 0 … i − 1 inversions with equal chance.
 */
function exactP(sizes: readonly number[], pairs: number, score: number): number {
  invariant(pairs <= MOST_PAIRS_EXACT, `an exact trend test of ${pairs} pairs`);
  let chances = new Float64Array(pairs + 1);
  chances[0] = 1;
  for (const n of sizes) {
    for (let i = 2; i <= n; i++) chances = addUniform(chances, i);
  }
  const least = (pairs - Math.abs(score)) / 2;
  let tail = 0;
  for (let inversions = 0; inversions <= least; inversions++) tail += chances[inversions] ?? 0;
  return Math.min(1, score === 0 ? 1 : 2 * tail);
}

/** The distribution of a count plus an independent one that is uniform over 0 … width − 1. */
function addUniform(chances: Float64Array, width: number): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(chances.length);
  let window = 0;
  for (let i = 0; i < sums.length; i++) {
    window += chances[i] ?? 0;
    if (i >= width) window -= chances[i - width] ?? 0;
    sums[i] = window / width;
  }
  return sums;
}

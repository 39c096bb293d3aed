import { sortedQuantile } from '../core/quantile.ts';
import type { Rng } from '../core/rng.ts';

const DRAWS = 5000;
/** With fewer values a resample holds too few blocks for its spread to mean anything. */
const MIN_VALUES = 24;

/**
 * 95 % interval of the mean of a series, or null for a short one. Neighbouring positions of a text share nearly
 * all of their context, so they are drawn in runs: a circular block bootstrap (Politis and Romano 1992) with
 * blocks of n^⅓, the order that serves the variance of a mean best (Hall, Horowitz and Jing 1995).
 */
export function meanInterval(
  values: readonly number[],
  rng: Rng,
): [low: number, high: number] | null {
  const n = values.length;
  if (n < MIN_VALUES) return null;
  const block = Math.ceil(Math.cbrt(n));
  const blocks = Math.ceil(n / block);
  // sums[i] = values[0] + … + values[i − 1], the series twice over, so that every block is one difference.
  const sums = new Float64Array(2 * n + 1);
  for (let i = 0; i < 2 * n; i++) sums[i + 1] = (sums[i] ?? 0) + (values[i % n] ?? 0);
  const means = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0;
    for (let b = 0; b < blocks; b++) {
      const start = rng.integer(0, n);
      // The last block is cut so that a resample is as long as the series.
      const length = b < blocks - 1 ? block : n - b * block;
      sum += (sums[start + length] ?? 0) - (sums[start] ?? 0);
    }
    means[draw] = sum / n;
  }
  means.sort();
  return [sortedQuantile(means, 0.025), sortedQuantile(means, 0.975)];
}

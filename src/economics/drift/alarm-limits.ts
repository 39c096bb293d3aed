import { normalTail } from '../../core/normal-tail.ts';
import { sortedQuantile } from '../../core/quantile.ts';
import { Rng } from '../../core/rng.ts';

/** Weight of the newest point in the moving average: changes of about one standard deviation show in some ten points. */
export const EWMA_WEIGHT = 0.2;
/** Chance that a series without drift sets off either alarm anywhere: 5 % for both together. */
const FALSE_ALARM = 0.025;
const DRAWS = 4000;

/**
 * z for one point of so many against the baseline, two-sided, such that the chance of any alarm in the whole series is
 * at most 2.5 % (Bonferroni).
 */
export function jumpLimit(points: number): number {
  const tail = FALSE_ALARM / 2 / points;
  let [low, high] = [0, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > tail) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Standard deviations of exponentially weighted moving averages E_t = (1 − λ)·E_{t−1} + λ·y_t of changes against a
 * baseline, from E_0 = 0 (Roberts 1959), at every t. Noise of the points is averaged out; that of the baseline, which all
 * changes share, is not.
 */
export function movingAverageDeviations(cvs: readonly number[], baselineCv: number): number[] {
  let [variance, weight] = [0, 0];
  return cvs.map((cv) => {
    variance = (1 - EWMA_WEIGHT) ** 2 * variance + (EWMA_WEIGHT * cv) ** 2;
    weight += EWMA_WEIGHT * (1 - weight);
    return Math.sqrt(variance + (weight * baselineCv) ** 2);
  });
}

/**
 * How many of its standard deviations a moving average may be from none, such that 97.5 % of series with this noise and
 * no drift never are: found by drawing such series, since neighbouring averages, and all through the baseline, go
 * together.
 */
export function slowLimit(cvs: readonly number[], baselineCv: number, seed: number): number {
  const deviations = movingAverageDeviations(cvs, baselineCv);
  const rng = new Rng('drift', seed);
  const largest = Float64Array.from({ length: DRAWS }, () => {
    const baseline = baselineCv * rng.normal();
    let [average, most] = [0, 0];
    for (let i = 0; i < cvs.length; i++) {
      const change = (cvs[i] ?? 0) * rng.normal() - baseline;
      average += EWMA_WEIGHT * (change - average);
      const deviation = deviations[i] ?? 0;
      if (deviation > 0) most = Math.max(most, Math.abs(average) / deviation);
    }
    return most;
  });
  return sortedQuantile(largest.sort(), 1 - FALSE_ALARM);
}

import { invariant } from './errors.ts';

/**
 * Quantile of type 7 (Hyndman and Fan 1996; the default of R and NumPy): linear interpolation between order
 * statistics at (n − 1)·p. `p` in [0, 1]; at least one finite sample.
 */
export function quantile(samples: readonly number[], p: number): number {
  invariant(p >= 0 && p <= 1, `quantile ${p} is not within 0 and 1`);
  return sortedQuantile(sortedCopy(samples), p);
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Median absolute deviation from the median, unscaled (times 1.4826 it estimates a normal's σ). */
export function medianAbsoluteDeviation(samples: readonly number[]): number {
  const centre = median(samples);
  return median(samples.map((sample) => Math.abs(sample - centre)));
}

/** Fewest samples with which a one-sided 95 % upper bound of the percentile exists: 1 − pⁿ ≥ 0.95. */
export function samplesNeeded(p: number): number {
  return Math.ceil(Math.log(0.05) / Math.log(p));
}

/** The percentile, or null when the sample is too small to bound it: p95 takes 59, p99 takes 299. */
export function upperPercentile(samples: readonly number[], p: number): number | null {
  return samples.length >= samplesNeeded(p) ? quantile(samples, p) : null;
}

export function sortedQuantile(sorted: ArrayLike<number>, p: number): number {
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below];
  invariant(low !== undefined, 'quantile of an empty sample');
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

function sortedCopy(samples: readonly number[]): Float64Array {
  invariant(samples.every(Number.isFinite), 'quantile of a sample with NaN or infinity');
  return Float64Array.from(samples).sort();
}

import type { OrderedSeries } from './trend.ts';

/** Correlation of neighbours, and over how many pairs of them. */
export interface Autocorrelation {
  lag1: number;
  pairs: number;
}

/**
 * Lag-1 autocorrelation pooled over series: products of neighbouring deviations from their series' mean over
 * squared deviations. A series of n is biased by about −1/n, which is added back (Kendall 1954). Null when
 * nothing varies or no series has three samples.
 */
export function lag1Autocorrelation(series: OrderedSeries): Autocorrelation | null {
  let products = 0;
  let squares = 0;
  let pairs = 0;
  let samples = 0;
  for (const values of series) {
    if (values.length < 3) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviations = values.map((value) => value - mean);
    squares += deviations.reduce((sum, deviation) => sum + deviation ** 2, 0);
    deviations.slice(1).forEach((deviation, i) => {
      products += deviation * (deviations[i] ?? 0);
    });
    pairs += values.length - 1;
    samples += values.length;
  }
  if (squares === 0) return null;
  const lengthOfSeries = samples / (samples - pairs);
  return { lag1: Math.min(1, products / squares + 1 / lengthOfSeries), pairs };
}

import { quantile } from './quantile.ts';

/** How many samples lie beyond Tukey's fences: mild beyond 1.5, severe beyond 3 interquartile ranges. */
export interface OutlierCounts {
  mild: number;
  severe: number;
}

/** Fewer have no quartiles to speak of. */
const MIN_SAMPLES = 8;

/** Tukey's classes (1977) with quartiles of type 7; a severe one is not counted as mild too. Null below 8 samples. */
export function tukeyOutliers(samples: readonly number[]): OutlierCounts | null {
  if (samples.length < MIN_SAMPLES) return null;
  const [first, third] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  const range = third - first;
  const isBeyond = (sample: number, ranges: number) =>
    sample < first - ranges * range || sample > third + ranges * range;
  const severe = samples.filter((sample) => isBeyond(sample, 3)).length;
  const beyondInner = samples.filter((sample) => isBeyond(sample, 1.5)).length;
  return { mild: beyondInner - severe, severe };
}

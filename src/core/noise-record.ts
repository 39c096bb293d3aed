import { z } from 'zod';
import { centreOfLogRatios } from './comparison.ts';
import { MEDIAN_METRIC_NAMES } from './comparison-metrics.ts';
import { quantile, sortedQuantile } from './quantile.ts';
import { cellSchema, deviceSchema, launchSchema } from './record.ts';
import { Rng } from './rng.ts';

/** Raised when a field changes meaning; readers refuse a newer one. */
export const NOISE_RECORD_VERSION = 1;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const noiseFloorSchema = z.object({
  metric: z.enum(MEDIAN_METRIC_NAMES),
  /** ln(time of the first / time of the second) of each pair of launches. */
  logRatios: z.array(z.number()).min(1).max(10_000),
  /** 95th percentile of |log ratio|: what one launch against one other shows without any cause. */
  launchFloor: z.number().nonnegative(),
  /** The same of the ratio estimated from as many pairs as were measured: what a comparison of that size shows. */
  floor: z.number().nonnegative(),
});
export type NoiseFloor = z.infer<typeof noiseFloorSchema>;

/** One cell measured against itself, launches in turns; one line of `noise.jsonl`. */
export const noiseRecordSchema = z.object({
  schema: z.literal(NOISE_RECORD_VERSION),
  kind: z.literal('noise'),
  id: z.string().min(1),
  run: z.string().min(1),
  createdAt: z.string(),
  cell: cellSchema,
  modelSha256: z.string().nullable(),
  device: deviceSchema,
  /** As the adapter names it; part of what a floor is found by. */
  driver: z.string(),
  settings: z.record(z.string(), scalar),
  provenance: z.record(z.string(), z.union([scalar, z.null()])),
  seed: z.number().int().nonnegative(),
  /** Raw launches of the cell and of the same cell again. */
  sides: z.tuple([z.array(launchSchema), z.array(launchSchema)]),
  floors: z.array(noiseFloorSchema),
});
export type NoiseRecord = z.infer<typeof noiseRecordSchema>;

/** Fewer pairs say too little about their 95th percentile. */
export const MIN_NOISE_PAIRS = 5;
/** Of a floor. */
export const NOISE_DRAWS = 4000;

/**
 * 95th percentile of |log ratio estimated from `pairs` pairs| where nothing differs: pairs are drawn from those measured,
 * each with a random sign, since which side was called first is chance. As a log ratio.
 */
export function noiseFloorOf(logRatios: readonly number[], pairs: number): number {
  const rng = new Rng('noise', pairs);
  const estimates = Float64Array.from({ length: NOISE_DRAWS }, () => {
    const drawn = Array.from({ length: pairs }, () => {
      const ratio = logRatios[rng.integer(0, logRatios.length)] ?? 0;
      return (rng.u32() & 1) === 1 ? ratio : -ratio;
    });
    return Math.abs(centreOfLogRatios(drawn));
  });
  return sortedQuantile(estimates.sort(), 0.95);
}

/** The floor of one metric from its pairs. */
export function describeNoise(
  metric: NoiseFloor['metric'],
  logRatios: readonly number[],
): NoiseFloor {
  return {
    metric,
    logRatios: [...logRatios],
    launchFloor: quantile(logRatios.map(Math.abs), 0.95),
    floor: noiseFloorOf(logRatios, logRatios.length),
  };
}

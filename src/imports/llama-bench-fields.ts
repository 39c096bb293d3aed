import { z } from 'zod';
import { amount, count, label, samplesOf } from './fields.ts';

/** What a row must tell; all else is a setting. Older versions lack `n_depth`; CSV and SQL have no samples. */
export const rowSchema = z.object({
  build_commit: label.nullish(),
  build_number: z.union([count, label]).nullish(),
  model_filename: label.nullish(),
  model_type: label.nullish(),
  backends: label.nullish(),
  cpu_info: label.nullish(),
  gpu_info: label.nullish(),
  test_time: label.nullish(),
  n_prompt: count,
  n_gen: count,
  n_depth: count.nullish(),
  avg_ns: amount.positive().nullish(),
  stddev_ns: amount.nullish(),
  avg_ts: amount,
  stddev_ts: amount.nullish(),
  samples_ns: samplesOf(count.positive()).nullish(),
  samples_ts: samplesOf().nullish(),
});
export type LlamaBenchRow = z.infer<typeof rowSchema>;

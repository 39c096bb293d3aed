import { z } from 'zod';

/** A point estimate with its 95 % interval; bounds are null where the sample is too small for one. */
export const estimateSchema = z.object({
  median: z.number().nonnegative(),
  low: z.number().nonnegative().nullable(),
  high: z.number().nonnegative().nullable(),
});
export type Estimate = z.infer<typeof estimateSchema>;

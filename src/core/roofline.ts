import { z } from 'zod';
import { estimateSchema } from './estimate.ts';
import { peaksSchema } from './kernel-peaks.ts';

const amount = z.number().nonnegative();

/** How near a phase came to what its adapter was measured to do at best; 1 is the peak. */
const phaseRooflineSchema = z.object({
  /** The least that a prefill, or a decode step on average, must read and write. */
  bytes: amount,
  flops: amount,
  /** Which multiply-adds the operations are held against. */
  arithmetic: z.enum(['f32', 'f16']),
  /** Bandwidth over its peak. */
  mbu: estimateSchema,
  /** Operations a second over their peak. */
  mfu: estimateSchema,
});
export type PhaseRoofline = z.infer<typeof phaseRooflineSchema>;

export const rooflineSchema = z.object({
  /** Of the adapter that ran the cell, measured in the same run. */
  peaks: peaksSchema,
  /** The adapter's name as the peaks' process saw it. */
  adapter: z.string().max(500),
  /** The faster of the two streams: what MBU is a share of. */
  peakGbPerSecond: z.number().positive(),
  prefill: phaseRooflineSchema.nullable(),
  decode: phaseRooflineSchema.nullable(),
});
export type Roofline = z.infer<typeof rooflineSchema>;

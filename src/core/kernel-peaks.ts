import { z } from 'zod';

const positive = z.number().positive();

/** What an adapter was measured to do at best, in one process. */
export const peaksSchema = z.object({
  /** GB (10⁹ bytes) read a second by a stream that hardly writes. */
  readGbPerSecond: positive,
  /** GB read and written a second by a stream copy, both counted. */
  copyGbPerSecond: positive,
  /** Multiply-adds in f32, two operations each. */
  f32GflopPerSecond: positive,
  /** The same in f16; null without `shader-f16`. */
  f16GflopPerSecond: positive.nullable(),
  /** One of many dispatches of a single workgroup in a pass, on the device. */
  dispatchUs: positive,
  /** Host time to encode and submit one of many dispatches in a pass. */
  encodeUs: positive,
  /** Bytes of each buffer that was streamed. */
  bufferBytes: z.number().int().positive(),
  clock: z.enum(['gpu', 'wall']),
});
export type Peaks = z.infer<typeof peaksSchema>;

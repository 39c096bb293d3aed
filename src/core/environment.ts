import { z } from 'zod';

const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const reason = z.string().max(1000).nullable();

/** Lowest, middle and highest of the samples of one quantity. */
const rangeSchema = z.object({ min: z.number(), median: z.number(), max: z.number() });
export type Range = z.infer<typeof rangeSchema>;

/** What the driver said of a GPU during a launch; a quantity that it does not tell is null. */
export const gpuSamplesSchema = z.object({
  name: z.string().max(500),
  index: z.number().int().nonnegative(),
  /** GPUs that the tool saw; the one described is the busiest of those with the device's name. */
  gpus: z.number().int().positive(),
  samples: z.number().int().positive(),
  smClockMhz: rangeSchema.nullable(),
  memoryClockMhz: rangeSchema.nullable(),
  powerW: rangeSchema.nullable(),
  temperatureC: rangeSchema.nullable(),
  memoryUsedBytes: rangeSchema.nullable(),
  /** Why clocks were held down at some moment while the GPU was busy; idling is none. */
  throttleReasons: z.array(z.string().max(100)).max(64),
});
export type GpuSamples = z.infer<typeof gpuSamplesSchema>;

/** Power over time: [milliseconds since 1970, watts], ascending. */
export const powerTraceSchema = z.object({
  source: z.enum(['nvidia-smi', 'rapl']),
  /** Before the launch began, with nothing of ours running. */
  idle: z.array(z.tuple([amount, amount])).max(1000),
  points: z.array(z.tuple([amount, amount])).max(100_000),
});
export type PowerTrace = z.infer<typeof powerTraceSchema>;

/** Processor time during a launch as shares of what all processors could have given. */
export const processorSharesSchema = z.object({
  ours: share,
  /** Of other processes and the system; null where ours cannot be told from them. */
  others: share.nullable(),
  /** Given to other guests by the hypervisor. */
  stolen: share,
});
export type ProcessorShares = z.infer<typeof processorSharesSchema>;

/** What went on around one launch. Where something is null, the reason beside it says why. */
export const environmentSchema = z.object({
  gpu: gpuSamplesSchema.nullable(),
  gpuReason: reason,
  power: powerTraceSchema.nullable(),
  powerReason: reason,
  cores: z.number().int().positive(),
  /** One-minute load average over the number of cores. */
  loadBefore: amount.nullable(),
  loadAfter: amount.nullable(),
  processor: processorSharesSchema.nullable(),
  processorReason: reason,
});
export type LaunchEnvironment = z.infer<typeof environmentSchema>;

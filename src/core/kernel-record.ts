import { z } from 'zod';
import { KV_FORMATS, WEIGHT_FORMATS } from './cell.ts';
import { peaksSchema } from './kernel-peaks.ts';
import { deviceSchema, estimateSchema, outcomeSchema } from './record.ts';

/** Raised when a field changes meaning; readers refuse a newer one. */
export const KERNEL_RECORD_VERSION = 1;

const count = z.number().int().nonnegative();
const size = z.number().int().positive();
const settings = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const operationSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('product'),
    format: z.enum(WEIGHT_FORMATS),
    rows: size,
    k: size,
    n: size,
  }),
  z.object({
    kind: z.literal('attention'),
    heads: size,
    kvHeads: size,
    headDim: size,
    kv: z.enum(KV_FORMATS),
    position: count,
    seq: size,
  }),
]);

/** `skipped`: left out to keep to the time allowed. */
export const kernelOutcomeSchema = outcomeSchema.extend({
  status: z.enum(['ok', 'skipped', 'unsupported', 'failed']),
});
export type KernelOutcome = z.infer<typeof kernelOutcomeSchema>;

/** How close an output came to the oracle's. */
const accuracySchema = z.object({
  /** Σ(got − want)² / Σ want² over the sampled elements. */
  nmse: z.number().nonnegative(),
  /** The NMSE up to which the contender is timed. */
  allowedNmse: z.number().nonnegative(),
});

/** What the samples come to. */
const figuresSchema = z.object({
  /** Of one run of the operation. */
  ms: estimateSchema,
  gbPerSecond: z.number().positive(),
  gflopPerSecond: z.number().positive(),
  /** Shortest time that the measured peaks allow, as a part of the time taken. */
  peakShare: z.number().positive(),
  /** What the shortest time is made of. */
  bound: z.enum(['bandwidth', 'multiply-add']),
});
export type KernelFigures = z.infer<typeof figuresSchema>;

/** One way of doing the operation. */
export const kernelContenderSchema = z.object({
  /** Our kernels on data that no cache holds, on data that a cache may hold; another engine. */
  role: z.enum(['cold', 'warm', 'peer']),
  /** `wgsl matvec`; the role where it could not even be prepared. */
  name: z.string(),
  settings,
  outcome: kernelOutcomeSchema,
  accuracy: accuracySchema.nullable(),
  /** Milliseconds of one run, by block: in each block every contender was sampled once, in random order. */
  samplesMs: z.array(z.number().positive()),
  figures: figuresSchema.nullable(),
});
export type KernelContender = z.infer<typeof kernelContenderSchema>;

/** One operation at one shape, done by our kernels and by a peer in turns. */
export const kernelMeasurementSchema = z.object({
  name: z.string().min(1),
  /** The places in models that the operation comes from. */
  uses: z.array(z.string()),
  operation: operationSchema,
  /** Each input read and each output written once. */
  bytes: size,
  flops: size,
  outcome: kernelOutcomeSchema,
  contenders: z.array(kernelContenderSchema),
  /** Time of the peer over that of our kernels on cold data, by blocks; null where one of them was not timed. */
  ratio: estimateSchema.nullable(),
  peaks: peaksSchema.nullable(),
});
export type KernelMeasurement = z.infer<typeof kernelMeasurementSchema>;

/** The cases of one kernel on one configuration of the device. */
export const kernelValidationSchema = z.object({
  kernel: z.string(),
  /** Cases that ran, each with exact bindings and with bindings that reach past the end. */
  cases: count,
  notRunnable: z.array(z.object({ reason: z.string(), cases: count })),
  failures: z.array(z.object({ case: z.string(), bindings: z.string(), message: z.string() })),
  /** By what rounds on the way: how activations are stored, and formats of weights and cache. */
  paths: z.array(
    z.object({
      path: z.string(),
      cases: count,
      /** The worst of them; 0 where results are exact. */
      nmse: z.number().nonnegative(),
    }),
  ),
});
export type KernelValidation = z.infer<typeof kernelValidationSchema>;

/** Every kernel on one configuration of the device. */
export const validationResultSchema = z.object({
  /** `all features`, `without shader-f16`, … */
  configuration: z.string(),
  kernels: z.array(kernelValidationSchema),
});
export type ValidationResult = z.infer<typeof validationResultSchema>;

const envelope = {
  schema: z.literal(KERNEL_RECORD_VERSION),
  id: z.string().min(1),
  /** Same for all records of one command. */
  run: z.string().min(1),
  createdAt: z.string(),
  device: deviceSchema,
  provenance: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  seed: count,
};

/** One line of a store of kernel records. */
export const kernelRecordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kernel'), ...envelope, ...kernelMeasurementSchema.shape }),
  z.object({ kind: z.literal('kernel-validation'), ...envelope, ...validationResultSchema.shape }),
]);
export type KernelRecord = z.infer<typeof kernelRecordSchema>;
export type KernelMeasurementRecord = Extract<KernelRecord, { kind: 'kernel' }>;
export type KernelValidationRecord = Extract<KernelRecord, { kind: 'kernel-validation' }>;

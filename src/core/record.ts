import { z } from 'zod';
import { BACKEND_NAMES, HOST_NAMES } from './cell.ts';
import { diagnosticsSchema } from './diagnostics.ts';
import { energySchema } from './energy.ts';
import { environmentSchema } from './environment.ts';
import { type Estimate, estimateSchema } from './estimate.ts';
import { profileSchema } from './profile.ts';
import { gcPausesSchema, protocolRecordSchema } from './protocol-record.ts';
import { rooflineSchema } from './roofline.ts';

export { type Estimate, estimateSchema };

/** Raised when a field changes meaning; readers refuse a newer major version. */
export const RECORD_VERSION = 1;

const count = z.number().int().nonnegative();
const bytes = count.nullable();
const milliseconds = z.number().nonnegative().nullable();

export const workloadSchema = z.object({
  promptTokens: count,
  generatedTokens: count,
  depth: count,
  batch: count.min(1),
});

/** Formats as they ran; `auto` survives only in records of cells that never opened a session. */
export const variantSchema = z.object({
  weights: z.enum(['f32', 'f16', 'int8', 'int4']),
  kv: z.enum(['f32', 'f16', 'int8', 'auto']),
  activations: z.enum(['f32', 'f16', 'int8', 'auto']),
});

export const cellSchema = z.object({
  model: z.string().min(1).max(500),
  variant: variantSchema,
  backend: z.enum(BACKEND_NAMES),
  host: z.enum(HOST_NAMES),
  workload: workloadSchema,
});

export const deviceSchema = z.object({
  name: z.string().max(500),
  vendor: z.string().max(500),
  kind: z.enum(['gpu', 'cpu', 'software']),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

export const outcomeSchema = z.object({
  status: z.enum(['ok', 'unsupported', 'failed', 'timed-out']),
  code: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
});

/** A coded remark on validity: a stable word, one sentence, and what to do. */
export const flagSchema = z.object({
  code: z.string().regex(/^[a-z0-9-]+$/),
  /** The figure concerned (`prefill`, `memory.peakGpuBytes`, …), or null for the whole cell. */
  field: z.string().nullable(),
  message: z.string(),
  hint: z.string().optional(),
});
export type Flag = z.infer<typeof flagSchema>;

/** One timed repetition: a prefill, then a forced decode; all times in ms on the host's monotonic clock. */
export const repetitionSchema = z.object({
  prefillMs: z.number().nonnegative().nullable(),
  /** Time from the previous token (or the prefill's end) to each generated token, each awaited before the next. */
  stepMs: z.array(z.number().nonnegative()),
  /** The same number of tokens in the same places with run-ahead: the time of the whole decode. */
  runAheadMs: milliseconds.default(null),
  /** When the prefill began, in ms since 1970: places the times above in the launch's power trace. */
  startedMs: z.number().nonnegative().optional(),
});
export type Repetition = z.infer<typeof repetitionSchema>;

export const loadSchema = z.object({
  readMs: milliseconds,
  packMs: milliseconds,
  compileMs: milliseconds,
  uploadMs: milliseconds,
  /** First prefill and first decode step after the load, before any warm-up. */
  firstRunMs: milliseconds,
});

export const memorySchema = z.object({
  weightsBytes: bytes,
  kvCacheBytes: bytes,
  activationBytes: bytes,
  stagingBytes: bytes,
  peakGpuBytes: bytes,
  peakRssBytes: bytes,
});

/** A fresh session of a cell: everything measured in it, raw. */
export const launchSchema = z.object({
  startedAt: z.string(),
  load: loadSchema,
  warmup: z.array(repetitionSchema),
  repetitions: z.array(repetitionSchema).min(1),
  memory: memorySchema,
  /** What went on around it: clocks, power, other load. */
  environment: environmentSchema.nullable().default(null),
  /** Null where the host does not show them. */
  gcPauses: gcPausesSchema.nullable().default(null),
});
export type Launch = z.infer<typeof launchSchema>;

export const prefillSchema = z.object({ tokensPerSecond: estimateSchema, ttftMs: estimateSchema });
/** Throughput where steps are submitted before the tokens before them were read: tokens arrive in groups. */
export const runAheadSchema = z.object({
  /** Steps to a group. */
  steps: count.min(2),
  tokensPerSecond: estimateSchema,
  /** How often the host waits for the device, per token of a sequence. */
  syncsPerToken: z.number().positive(),
});

export const decodeSchema = z.object({
  /** With every token awaited before the next step is submitted; so are the percentiles. */
  tokensPerSecond: estimateSchema,
  tpotMs: z.object({
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
  }),
  runAhead: runAheadSchema.nullable().default(null),
});

export const costSchema = z.object({
  usdPerHour: z.number().nonnegative(),
  view: z.literal('split'),
  inputUsdPerMtok: estimateSchema.nullable(),
  outputUsdPerMtok: estimateSchema.nullable(),
  /** Where the price comes from: `--gpu-price` or a dated, sourced preset. */
  price: z.object({
    gpu: z.string(),
    source: z.string(),
    date: z.string().nullable(),
    standIn: z.boolean(),
  }),
});
export type Cost = z.infer<typeof costSchema>;

/** Everything known about one cell's measurement. Immutable; one line of a store. */
export const recordSchema = z.object({
  schema: z.literal(RECORD_VERSION),
  id: z.string().min(1),
  /** Same for all cells of one command. */
  run: z.string().min(1),
  /** SHA-256 of what makes a cell the same cell again: model files, formats asked for, backend, host, workload, protocol. */
  key: z.string(),
  createdAt: z.string(),
  cell: cellSchema,
  modelSha256: z.string().nullable(),
  device: deviceSchema.nullable(),
  outcome: outcomeSchema,
  flags: z.array(flagSchema),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  provenance: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  seed: count,
  launches: z.array(launchSchema).max(10_000),
  prefill: prefillSchema.nullable(),
  decode: decodeSchema.nullable(),
  load: loadSchema.nullable(),
  memory: memorySchema,
  cost: costSchema.nullable(),
  /** Of the first launch, where it was asked for. */
  profile: profileSchema.nullable().default(null),
  /** Shares of the adapter's measured peaks. */
  roofline: rooflineSchema.nullable().default(null),
  energy: energySchema.nullable().default(null),
  /** The rule by which the cell ended; absent from records made before there was one. */
  protocol: protocolRecordSchema.nullable().default(null),
  /** How the samples scattered; null where there is no result. */
  diagnostics: diagnosticsSchema.nullable().default(null),
});
/** One line of a store. */
export type BenchRecord = z.infer<typeof recordSchema>;

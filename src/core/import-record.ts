import { z } from 'zod';

/** Raised when a field changes meaning; readers refuse a newer one. */
export const IMPORT_RECORD_VERSION = 1;

/** Samples of one metric that a record keeps; of larger ones only their number is kept. */
export const MAX_KEPT_SAMPLES = 100_000;

/** The files that can be read, as the tools write them. */
export const IMPORT_FORMATS = [
  'llama-bench-json',
  'llama-bench-jsonl',
  'llama-bench-csv',
  'llama-bench-sql',
  'llama-bench-markdown',
  'vllm-serve',
  'aiperf-aggregate',
  'aiperf-confidence',
  'aiperf-requests',
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

const text = z.string().max(1000);
const amount = z.number().nonnegative();
const count = amount.int();

/** How a figure of another tool stands to ours of the same name. */
export const comparabilitySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('comparable') }),
  /** `how`: the formula by which one follows from the other, and what stays different. */
  z.object({ status: z.literal('convertible'), how: text }),
  z.object({ status: z.literal('not comparable'), why: text }),
]);
export type Comparability = z.infer<typeof comparabilitySchema>;

/** What a rate in tokens/s is a rate of, where a cost per token may be made from it. */
export const RATE_KINDS = ['prefill', 'decode', 'output', 'total'] as const;

export const importedMetricSchema = z.object({
  /** The tool's own word. */
  name: text.min(1),
  /** `ms` for all times, whatever the file's unit; `tokens/s`, `requests/s`, `tokens`, or the file's own word. */
  unit: text,
  value: z.number(),
  /** What `value` is: `median`, `mean`, `mean of rates`, `total / duration`, … */
  statistic: text,
  /** `sample sd`: divided by n − 1; `population sd`: by n; `sd`: the file's tool does not say. */
  spread: z
    .object({ kind: z.enum(['sample sd', 'population sd', 'sd']), value: amount })
    .nullable(),
  /** Every other statistic the file tells, in `unit`: `p99`, `mean`, `max`. */
  others: z.record(z.string().max(60), z.number()),
  /** In `unit` and in the file's order; null where the file has none, or too many to keep. */
  samples: z.array(z.number()).max(MAX_KEPT_SAMPLES).nullable(),
  sampleCount: count.nullable(),
  /** The file does not hold this figure; it was computed from the file's samples. */
  isComputed: z.boolean(),
  rateOf: z.enum(RATE_KINDS).nullable(),
  comparability: comparabilitySchema,
});
export type ImportedMetric = z.infer<typeof importedMetricSchema>;

/** A figure of the file computed once more from what lies under it in the same file. */
export const importCheckSchema = z.object({
  figure: text,
  how: text,
  stated: z.number(),
  recomputed: z.number(),
  /** Leading digits in which both agree, no more than the file prints. */
  digits: count,
  /** Equal to all printed digits, or to the digits that sums of doubles leave (12). */
  isEqual: z.boolean(),
});
export type ImportCheck = z.infer<typeof importCheckSchema>;

/** As far as the file tells; null is unknown. Lengths of many requests are their mean. */
export const importedWorkloadSchema = z.object({
  promptTokens: amount.nullable(),
  generatedTokens: amount.nullable(),
  depth: count.nullable(),
  /** Requests in flight at most; 1 for a single stream. */
  concurrency: count.nullable(),
  requests: count.nullable(),
  failedRequests: count.nullable(),
});
export type ImportedWorkload = z.infer<typeof importedWorkloadSchema>;

/** One result of another tool. */
export const importedRunSchema = z.object({
  format: z.enum(IMPORT_FORMATS),
  tool: z.object({ name: text, version: text.nullable() }),
  model: text.nullable(),
  /** The engine behind it: llama.cpp's backends, the server's name. */
  backend: text.nullable(),
  device: text.nullable(),
  measuredAt: text.nullable(),
  workload: importedWorkloadSchema,
  /** What else the file tells about how it was measured. */
  settings: z.record(z.string().max(100), z.union([text, z.number(), z.boolean()])),
  metrics: z.array(importedMetricSchema).min(1).max(1000),
  checks: z.array(importCheckSchema).max(10_000),
});
export type ImportedRun = z.infer<typeof importedRunSchema>;

/** USD per million tokens of one rate; every one charges the whole hourly price to the tokens it names. */
export const importedCostSchema = z.object({
  usdPerHour: amount,
  price: z.object({ gpu: text, source: text, date: text.nullable() }),
  figures: z.array(
    z.object({
      metric: text,
      view: z.enum(['split-input', 'split-output', 'all-on-output', 'all-on-total']),
      usdPerMtok: amount,
    }),
  ),
});
export type ImportedCost = z.infer<typeof importedCostSchema>;

/** One line of `imports.jsonl`. Immutable. */
export const importRecordSchema = z.object({
  kind: z.literal('import'),
  schema: z.literal(IMPORT_RECORD_VERSION),
  id: z.string().min(1).max(100),
  importedAt: z.string().max(100),
  file: z.object({ name: text, bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  run: importedRunSchema,
  /** Null where no rate can be converted or no price is known. */
  cost: importedCostSchema.nullable(),
});
export type ImportRecord = z.infer<typeof importRecordSchema>;

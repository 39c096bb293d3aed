import { z } from 'zod';
import { WEIGHT_FORMATS, type WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { PACKING_VERSION } from './packed-layout.ts';

/** What a packed file says of itself, beside its planes. */
export interface PackedMetadata {
  sha256: string;
  weights: WeightFormat;
  config: ModelConfig;
  /** SHA-256 (hex) of every piece of every plane, by plane name. */
  checksums: ReadonlyMap<string, readonly string[]>;
}

const FORMAT = 'mtok-packed';

const positive = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const real = z.number().positive();
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const configSchema: z.ZodType<ModelConfig> = z.object({
  architecture: z.string(),
  vocab: positive,
  dim: positive,
  hiddenDim: positive,
  // One entry per layer is made before anything else is compared.
  layers: positive.max(4096),
  heads: positive,
  kvHeads: positive,
  headDim: positive,
  context: positive,
  normEps: real,
  ropeTheta: real,
  ropeScaling: z
    .object({
      type: z.literal('llama3'),
      factor: real,
      lowFreqFactor: real,
      highFreqFactor: real,
      originalContext: positive,
    })
    .nullable(),
  tied: z.boolean(),
  qkvBias: z.boolean(),
  qkNorm: z.boolean(),
  bosToken: z.number().int().nonnegative().nullable(),
  eosTokens: z.array(z.number().int().nonnegative()),
});

/** A safetensors value is a string; ours hold JSON where there is structure. */
function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'not valid JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  packing: z.literal(String(PACKING_VERSION)),
  source_sha256: hash,
  weights: z.enum(WEIGHT_FORMATS),
  config: json(configSchema),
  checksums: json(z.array(z.tuple([z.string(), z.array(hash)]))),
});

/** The `__metadata__` strings of a packed file. */
export function encodeMetadata(metadata: PackedMetadata): Map<string, string> {
  return new Map([
    ['format', FORMAT],
    ['packing', String(PACKING_VERSION)],
    ['source_sha256', metadata.sha256],
    ['weights', metadata.weights],
    ['config', JSON.stringify(metadata.config)],
    ['checksums', JSON.stringify([...metadata.checksums])],
  ]);
}

/** The metadata of a packed file, or what is wrong with it. */
export function decodeMetadata(strings: ReadonlyMap<string, string>): PackedMetadata | string {
  const parsed = metadataSchema.safeParse(Object.fromEntries(strings));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') || 'metadata'}: ${issue?.message ?? 'malformed'}`;
  }
  const { source_sha256, weights, config, checksums } = parsed.data;
  return { sha256: source_sha256, weights, config, checksums: new Map(checksums) };
}

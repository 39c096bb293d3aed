import { z } from 'zod';
import { BenchError } from '../core/errors.ts';
import type { ModelConfig } from './config.ts';
import { parseRope, ropeFields } from './hf-rope.ts';

/** What sets one architecture apart from Llama. */
interface Architecture {
  modelType: string;
  /** Defaults where config.json leaves a field out, as in the architecture's own reference code. */
  context: number;
  headDim: number | null;
  slidingWindow: number | null;
  qkvBias: boolean;
  qkNorm: boolean;
}

const llama: Architecture = {
  modelType: 'llama',
  context: 2048,
  headDim: null,
  slidingWindow: null,
  qkvBias: false,
  qkNorm: false,
};

const architectures: ReadonlyMap<string, Architecture> = new Map([
  ['LlamaForCausalLM', llama],
  ['MistralForCausalLM', { ...llama, modelType: 'mistral', context: 131072, slidingWindow: 4096 }],
  ['Qwen2ForCausalLM', { ...llama, modelType: 'qwen2', context: 32768, qkvBias: true }],
  [
    'Qwen3ForCausalLM',
    { ...llama, modelType: 'qwen3', context: 32768, headDim: 128, qkNorm: true },
  ],
]);

/** Class names of config.json that can be run, for messages and documentation. */
export const SUPPORTED_ARCHITECTURES: readonly string[] = [...architectures.keys()];

function size(max: number) {
  return z.number().int().positive().max(max);
}

const tokenId = z.number().int().nonnegative();

/** Bounds are far above any published model; they keep a hostile file from asking for absurd allocations. */
const configSchema = z.object({
  vocab_size: size(1 << 22),
  hidden_size: size(1 << 16),
  intermediate_size: size(1 << 19),
  num_hidden_layers: size(1024),
  num_attention_heads: size(1024),
  num_key_value_heads: size(1024).nullish(),
  head_dim: size(1024).nullish(),
  max_position_embeddings: size(1 << 27).nullish(),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  hidden_act: z.string().default('silu'),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  sliding_window: size(1 << 27).nullish(),
  use_sliding_window: z.boolean().nullish(),
  layer_types: z.array(z.string()).max(1024).nullish(),
  quantization_config: z.unknown().optional(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId).max(64)]).nullish(),
  ...ropeFields,
});

type HfConfig = z.infer<typeof configSchema>;

const identitySchema = z.object({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
});

function fail(where: string, message: string, hint?: string): never {
  throw new BenchError('model', `${where}: ${message}`, { hint });
}

function parseWith<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return fail(where, `${issue?.path.join('.') || 'config'}: ${issue?.message ?? 'malformed'}`);
}

function findArchitecture(json: unknown, where: string): Architecture {
  const { architectures: names, model_type: modelType } = parseWith(identitySchema, json, where);
  for (const name of names ?? []) {
    const found = architectures.get(name);
    if (found) return found;
  }
  if (!names?.length) {
    for (const found of architectures.values()) if (found.modelType === modelType) return found;
  }
  const got = names?.length ? names.join(', ') : (modelType ?? 'none given');
  return fail(
    where,
    `unsupported architecture ${got.slice(0, 200)}`,
    `Supported: ${SUPPORTED_ARCHITECTURES.join(', ')}.`,
  );
}

function refuseUnsupported(hf: HfConfig, where: string): void {
  if (hf.hidden_act !== 'silu') {
    fail(where, `hidden_act is ${hf.hidden_act}, only silu is supported`);
  }
  if (hf.attention_bias) fail(where, 'attention_bias true (a bias on the output) is not supported');
  if (hf.mlp_bias) fail(where, 'mlp_bias true is not supported');
  if (hf.quantization_config !== undefined && hf.quantization_config !== null) {
    fail(
      where,
      'the weights are quantised already (quantization_config)',
      'Point at the original model in float16, bfloat16 or float32; quantising happens here.',
    );
  }
  for (const type of hf.layer_types ?? []) {
    if (type !== 'full_attention' && type !== 'sliding_attention') {
      fail(where, `layer_types has ${type}, only full and sliding attention are supported`);
    }
  }
}

/**
 * Longest sequence for which the model is the function we compute. Sliding-window attention is full attention
 * as long as a sequence fits into the window, so the window limits the context.
 */
function usableContext(hf: HfConfig, architecture: Architecture): number {
  const context = hf.max_position_embeddings ?? architecture.context;
  const window = hf.sliding_window === undefined ? architecture.slidingWindow : hf.sliding_window;
  const slides =
    architecture.modelType === 'mistral' ||
    hf.use_sliding_window === true ||
    (hf.layer_types ?? []).includes('sliding_attention');
  return slides && window !== null ? Math.min(context, window) : context;
}

function checkTokens(tokens: number[], vocab: number, where: string): void {
  for (const token of tokens) {
    if (token >= vocab) fail(where, `token id ${token} lies outside of vocab_size ${vocab}`);
  }
}

/**
 * ModelConfig from the parsed text of a Hugging Face config.json; `where` names it in messages.
 * Throws `model`: unsupported architecture or feature, malformed field, sizes that contradict each other.
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
  const architecture = findArchitecture(json, where);
  const hf = parseWith(configSchema, json, where);
  refuseUnsupported(hf, where);
  const heads = hf.num_attention_heads;
  const kvHeads = hf.num_key_value_heads ?? heads;
  const headDim = hf.head_dim ?? architecture.headDim ?? hf.hidden_size / heads;
  if (heads % kvHeads !== 0) {
    fail(where, `${heads} attention heads cannot share ${kvHeads} key/value heads evenly`);
  }
  if (!Number.isInteger(headDim)) {
    fail(where, `hidden_size ${hf.hidden_size} is no multiple of ${heads} attention heads`);
  }
  if (headDim % 2 !== 0) fail(where, `head_dim ${headDim} is odd, rotary embedding needs pairs`);
  const bosToken = hf.bos_token_id ?? null;
  const eosTokens = [hf.eos_token_id ?? []].flat();
  checkTokens(bosToken === null ? eosTokens : [bosToken, ...eosTokens], hf.vocab_size, where);
  return {
    architecture: architecture.modelType,
    vocab: hf.vocab_size,
    dim: hf.hidden_size,
    hiddenDim: hf.intermediate_size,
    layers: hf.num_hidden_layers,
    heads,
    kvHeads,
    headDim,
    context: usableContext(hf, architecture),
    normEps: hf.rms_norm_eps,
    ...parseRope(hf, where),
    tied: hf.tie_word_embeddings,
    qkvBias: architecture.qkvBias,
    qkNorm: architecture.qkNorm,
    bosToken,
    eosTokens,
  };
}

import type { ModelConfig, RopeScaling } from './config.ts';

/** A named shape that weights can be made up for. */
export interface Preset {
  readonly config: ModelConfig;
  /** What the shape is for, in one line. */
  readonly purpose: string;
  /** Too large to make up here: only sizes and costs can be planned with it. */
  readonly planningOnly: boolean;
}

/** A Llama-like shape with nothing optional; every preset says only where it differs. */
const plain: ModelConfig = {
  architecture: 'llama',
  vocab: 2048,
  dim: 128,
  hiddenDim: 384,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  context: 4096,
  normEps: 1e-5,
  ropeTheta: 10000,
  ropeScaling: null,
  tied: true,
  qkvBias: false,
  qkNorm: false,
  bosToken: 1,
  eosTokens: [2],
};

/** A test shape: two layers and a small context unless it says otherwise. */
function test(purpose: string, changes: Partial<ModelConfig>): Preset {
  const config = { ...plain, layers: 2, context: 1024, ...changes };
  return { config, purpose, planningOnly: false };
}

/** A published model's shape. */
function published(purpose: string, config: Partial<ModelConfig>, planningOnly = false): Preset {
  return { config: { ...plain, ...config }, purpose, planningOnly };
}

function llama3Scaling(factor: number): RopeScaling {
  return { type: 'llama3', factor, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
}

const llama3: Partial<ModelConfig> = {
  vocab: 128256,
  context: 131072,
  ropeTheta: 500000,
  bosToken: 128000,
  eosTokens: [128001],
};

/** Every name that `synthetic:<preset>` takes. Dimensions of published models are those of their config.json. */
export const presets = {
  'test-1m': test('1 M parameters, an ordinary shape', { layers: 4, context: 4096 }),
  'test-odd': test('prime vocabulary; dim, hidden and q width no multiples of 32', {
    vocab: 509,
    dim: 72,
    hiddenDim: 172,
    heads: 9,
    kvHeads: 3,
    headDim: 8,
  }),
  'test-wide-head': test('headDim 96, one key-value head for all', {
    vocab: 1021,
    dim: 96,
    hiddenDim: 200,
    heads: 3,
    kvHeads: 1,
    headDim: 96,
  }),
  'test-gqa7': test('Qwen2: bias on q, k and v; seven query heads per key-value head', {
    architecture: 'qwen2',
    vocab: 769,
    dim: 112,
    hiddenDim: 304,
    heads: 14,
    kvHeads: 2,
    headDim: 16,
    normEps: 1e-6,
    ropeTheta: 1000000,
    qkvBias: true,
  }),
  'test-qknorm': test('Qwen3: normalised q and k; q wider than dim; headDim 20', {
    architecture: 'qwen3',
    vocab: 997,
    dim: 80,
    hiddenDim: 240,
    heads: 8,
    kvHeads: 4,
    headDim: 20,
    normEps: 1e-6,
    ropeTheta: 1000000,
    qkNorm: true,
  }),
  'test-mha-untied': test('no grouping, an LM head of its own, headDim 12', {
    vocab: 512,
    dim: 60,
    hiddenDim: 144,
    heads: 5,
    kvHeads: 5,
    headDim: 12,
    tied: false,
  }),
  'test-rope-llama3': test('llama3 scaling with all three ranges of wavelengths; untied', {
    vocab: 641,
    dim: 160,
    hiddenDim: 416,
    layers: 3,
    heads: 2,
    kvHeads: 1,
    headDim: 80,
    context: 2048,
    ropeTheta: 500000,
    ropeScaling: {
      type: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalContext: 256,
    },
    tied: false,
  }),
  'bench-25m': published('25 M parameters, shaped like a small Llama', {
    vocab: 4096,
    dim: 512,
    hiddenDim: 1408,
    layers: 8,
    heads: 8,
    kvHeads: 2,
    headDim: 64,
    context: 8192,
  }),
  'smollm2-135m': published('SmolLM2-135M', {
    vocab: 49152,
    dim: 576,
    hiddenDim: 1536,
    layers: 30,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    context: 8192,
    ropeTheta: 100000,
    bosToken: 0,
    eosTokens: [0],
  }),
  'qwen2.5-0.5b': published('Qwen2.5-0.5B', {
    architecture: 'qwen2',
    vocab: 151936,
    dim: 896,
    hiddenDim: 4864,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    headDim: 64,
    context: 32768,
    normEps: 1e-6,
    ropeTheta: 1000000,
    qkvBias: true,
    bosToken: 151643,
    eosTokens: [151643],
  }),
  'llama-3.2-1b': published('Llama 3.2 1B', {
    ...llama3,
    dim: 2048,
    hiddenDim: 8192,
    layers: 16,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    ropeScaling: llama3Scaling(32),
  }),
  'llama-3.1-8b': published('Llama 3.1 8B', {
    ...llama3,
    dim: 4096,
    hiddenDim: 14336,
    layers: 32,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    ropeScaling: llama3Scaling(8),
    tied: false,
  }),
  'llama-3.1-70b': published(
    'Llama 3.1 70B, for planning only',
    {
      ...llama3,
      dim: 8192,
      hiddenDim: 28672,
      layers: 80,
      heads: 64,
      kvHeads: 8,
      headDim: 128,
      ropeScaling: llama3Scaling(8),
      tied: false,
    },
    true,
  ),
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as PresetName[];

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

/** Llama-3 style frequency scaling of the rotary embedding. */
export interface RopeScaling {
  type: 'llama3';
  factor: number;
  lowFreqFactor: number;
  highFreqFactor: number;
  originalContext: number;
}

/** Everything the forward pass needs to know of a decoder of the Llama family. */
export interface ModelConfig {
  /** `model_type` of config.json: llama, mistral, qwen2, qwen3, … */
  architecture: string;
  vocab: number;
  dim: number;
  hiddenDim: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Longest sequence the model was made for (`max_position_embeddings`). */
  context: number;
  normEps: number;
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  /** LM head shares the embedding table. */
  tied: boolean;
  /** q, k and v projections have a bias (Qwen2). */
  qkvBias: boolean;
  /** RMSNorm over each head of q and k before RoPE (Qwen3). */
  qkNorm: boolean;
  bosToken: number | null;
  eosTokens: number[];
}

/** Names of the packed tensors of a model, in the order in which they are stored. Shapes are [rows, cols]. */
export const tensorNames = {
  embed: 'embed', // [vocab, dim]
  finalNorm: 'finalNorm', // [1, dim]
  head: 'head', // [vocab, dim]; absent when tied
  layer: (i: number, part: LayerPart): string => `layers.${i}.${part}`,
} as const;

/**
 * attnNorm [1,dim] · q [heads·headDim, dim] · k,v [kvHeads·headDim, dim] · qBias,kBias,vBias [1, …] ·
 * qNorm,kNorm [1, headDim] · o [dim, heads·headDim] · mlpNorm [1,dim] · gate,up [hiddenDim, dim] · down [dim, hiddenDim]
 */
export type LayerPart =
  | 'attnNorm'
  | 'q'
  | 'k'
  | 'v'
  | 'qBias'
  | 'kBias'
  | 'vBias'
  | 'qNorm'
  | 'kNorm'
  | 'o'
  | 'mlpNorm'
  | 'gate'
  | 'up'
  | 'down';

import type { KvFormat, WeightFormat, Workload } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { kvCacheBytes, matrixBytes, weightsBytes } from './footprint.ts';
import { packedFormat, tensorShapes } from './tensors.ts';

/** The least that a pass must move and compute; activations stay in caches and are not counted. */
export interface Work {
  bytes: number;
  flops: number;
}

export interface WorkRequest {
  config: ModelConfig;
  weights: WeightFormat;
  kv: KvFormat;
  workload: Workload;
}

/**
 * One prefill of `promptTokens` (p) behind `depth` (d) tokens for `batch` (B) sequences.
 * bytes: weights once, cached rows of d tokens read and of p written.
 * flops: 2·B·(p·matrices + head) + 4·layers·heads·headDim·B·(p·d + p·(p + 1)/2); causal, the head on last tokens only.
 */
export function prefillWork({ config, weights, kv, workload }: WorkRequest): Work {
  const { promptTokens, depth, batch } = workload;
  const attended = promptTokens * depth + (promptTokens * (promptTokens + 1)) / 2;
  return {
    bytes:
      readWeightBytes(config, weights, batch * promptTokens) +
      kvCacheBytes(config, kv, batch, depth + promptTokens),
    flops:
      2 * batch * (promptTokens * layerParameters(config) + config.vocab * config.dim) +
      batch * attended * attentionFlops(config),
  };
}

/**
 * One decode step, the mean over all of a workload's: c cached tokens before it on average, itself one more.
 * bytes: weights once, cached rows of c tokens read and of one written.
 * flops: 2·B·(matrices + head) + 4·layers·heads·headDim·B·(c + 1).
 */
export function decodeStepWork({ config, weights, kv, workload }: WorkRequest): Work {
  const { promptTokens, generatedTokens, depth, batch } = workload;
  // Without a prompt the decode starts from one token all the same.
  const before = depth + Math.max(1, promptTokens) + Math.max(0, generatedTokens - 1) / 2;
  return {
    bytes: readWeightBytes(config, weights, batch) + kvCacheBytes(config, kv, batch, before + 1),
    flops:
      2 * batch * (layerParameters(config) + config.vocab * config.dim) +
      batch * (before + 1) * attentionFlops(config),
  };
}

/** Every tensor once, but of an embedding table that is no head only the rows of these tokens. */
function readWeightBytes(config: ModelConfig, weights: WeightFormat, tokens: number): number {
  const all = weightsBytes(config, weights);
  if (config.tied) return all;
  const format = packedFormat('embed', weights);
  const { vocab, dim } = config;
  return all - matrixBytes(format, vocab, dim) + matrixBytes(format, tokens, dim);
}

/** Elements of all matrices in the layers; the head comes apart. */
function layerParameters(config: ModelConfig): number {
  return tensorShapes(config)
    .filter(({ role }) => role === 'matrix')
    .reduce((sum, { rows, cols }) => sum + rows * cols, 0);
}

/** Of one token that looks at one other: scores and weighted sum, a multiplication and an addition each. */
function attentionFlops({ layers, heads, headDim }: ModelConfig): number {
  return 4 * layers * heads * headDim;
}

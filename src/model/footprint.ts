import type { KvFormat, WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { blocksPerRow } from './packed.ts';

/** The least device memory a session can do with, in bytes by kind. */
export interface Footprint {
  weightsBytes: number;
  kvCacheBytes: number;
  activationBytes: number;
  totalBytes: number;
}

export interface FootprintRequest {
  config: ModelConfig;
  weights: WeightFormat;
  kv: KvFormat;
  batch: number;
  contextTokens: number;
  /** Tokens of each sequence that are in flight at once during prefill. */
  prefillTokens: number;
}

/** Bytes of a packed rows × cols matrix, scales included (see packed.ts). */
export function matrixBytes(format: WeightFormat, rows: number, cols: number): number {
  switch (format) {
    case 'f32':
      return rows * cols * 4;
    case 'f16':
      return rows * cols * 2;
    case 'int8':
      return rows * blocksPerRow(cols) * (32 + 2);
    case 'int4':
      return rows * blocksPerRow(cols) * (16 + 2);
  }
}

/** Bytes of all packed tensors of a model: matrices in `format`, norms, biases and an untied table in f16 or f32. */
export function weightsBytes(config: ModelConfig, format: WeightFormat): number {
  const { dim, hiddenDim, heads, kvHeads, headDim, layers, vocab } = config;
  const plain = format === 'f32' ? 'f32' : 'f16';
  const queryDim = heads * headDim;
  const kvDim = kvHeads * headDim;
  const matrices: [rows: number, cols: number][] = [
    [queryDim, dim],
    [kvDim, dim],
    [kvDim, dim],
    [dim, queryDim],
    [hiddenDim, dim],
    [hiddenDim, dim],
    [dim, hiddenDim],
  ];
  const vectorElements =
    2 * dim + (config.qkvBias ? queryDim + 2 * kvDim : 0) + (config.qkNorm ? 2 * headDim : 0);
  const layer =
    matrices.reduce((sum, [rows, cols]) => sum + matrixBytes(format, rows, cols), 0) +
    matrixBytes(plain, 1, vectorElements);
  const head = matrixBytes(format, vocab, dim); // a tied table is the head and takes its format
  const table = config.tied ? 0 : matrixBytes(plain, vocab, dim);
  return layers * layer + head + table + matrixBytes(plain, 1, dim);
}

/** 2 · layers · kvHeads · headDim · bytes, for every token of every sequence. */
export function kvCacheBytes(
  config: ModelConfig,
  kv: KvFormat,
  batch: number,
  contextTokens: number,
): number {
  const bytes = kv === 'f32' ? 4 : 2;
  return 2 * config.layers * config.kvHeads * config.headDim * bytes * batch * contextTokens;
}

/**
 * What a session needs at least: an engine may keep more, none less. Activations are counted as f16 and as
 * one residual row, one MLP row and the logits of a sequence's last token.
 */
export function footprint(request: FootprintRequest): Footprint {
  const { config, batch } = request;
  const weights = weightsBytes(config, request.weights);
  const kvCache = kvCacheBytes(config, request.kv, batch, request.contextTokens);
  const rowElements = config.dim + config.hiddenDim;
  const activation = 2 * batch * (request.prefillTokens * rowElements + config.vocab);
  return {
    weightsBytes: weights,
    kvCacheBytes: kvCache,
    activationBytes: activation,
    totalBytes: weights + kvCache + activation,
  };
}

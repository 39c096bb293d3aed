import type { KvFormat, WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { blocksPerRow } from './packed.ts';
import { packedFormat, tensorShapes } from './tensors.ts';

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

/** Bytes of all packed tensors of a model. */
export function weightsBytes(config: ModelConfig, weights: WeightFormat): number {
  return tensorShapes(config).reduce(
    (sum, { role, rows, cols }) => sum + matrixBytes(packedFormat(role, weights), rows, cols),
    0,
  );
}

/** Bytes of the key (or value) of one token and head. */
export function kvRowBytes(kv: KvFormat, headDim: number): number {
  switch (kv) {
    case 'f32':
      return headDim * 4;
    case 'f16':
      return headDim * 2;
    case 'int8':
      return headDim + 4;
  }
}

/** 2 · layers · kvHeads · bytes of a row, for every token of every sequence. */
export function kvCacheBytes(
  config: ModelConfig,
  kv: KvFormat,
  batch: number,
  contextTokens: number,
): number {
  const rows = config.layers * config.kvHeads * batch * contextTokens;
  return 2 * rows * kvRowBytes(kv, config.headDim);
}

/**
 * What a session needs at least: an engine may keep more, none less. Activations are counted as f16 and as
 * one residual row and, in one place one after another, one MLP row and the logits of a sequence's last token.
 */
export function footprint(request: FootprintRequest): Footprint {
  const { config, batch } = request;
  const weights = weightsBytes(config, request.weights);
  const kvCache = kvCacheBytes(config, request.kv, batch, request.contextTokens);
  const { prefillTokens } = request;
  const widest = Math.max(prefillTokens * config.hiddenDim, config.vocab);
  const activation = 2 * batch * (prefillTokens * config.dim + widest);
  return {
    weightsBytes: weights,
    kvCacheBytes: kvCache,
    activationBytes: activation,
    totalBytes: weights + kvCache + activation,
  };
}

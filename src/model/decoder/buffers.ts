import type { ActivationFormat, KvFormat } from '../../core/cell.ts';
import type { Sampling } from '../../core/sampling.ts';
import type { ModelConfig } from '../config.ts';
import { BLOCK, blocksPerRow } from '../packed.ts';

/** Slices of the vocabulary that `argmax` or `top-k` look through side by side. */
export const PICK_PARTS = 32;
/** Steps whose picked tokens are kept on the device. */
export const RING = 64;
/** Most decode steps in one submit. Two such groups are under way at once, so the ring holds both. */
export const MOST_RUN_AHEAD = RING / 2;

/** A row's length filled up to whole blocks, so that a kernel may read 32 values at a time. */
export function padded(length: number): number {
  return blocksPerRow(length) * BLOCK;
}

/** What a kernel stores activations as; int8 ones are stored beside, as codes. */
export function elemOf({ activations }: { activations: ActivationFormat }): 'f32' | 'f16' {
  return activations === 'f16' ? 'f16' : 'f32';
}

/**
 * Everything a run needs besides weights, allocated once: shapes in rows of `maxRows` = batch · chunk. From `x` to
 * `candidates` several are the same buffer at different times of a step, see activations.ts.
 */
export interface RunBuffers {
  tokens: GPUBuffer; // u32[maxRows]
  state: GPUBuffer; // 4 words, see STATE_WGSL
  x: GPUBuffer; // f32[maxRows, padded(dim)], the residual stream
  norm: GPUBuffer; // elem[maxRows, padded(dim)]
  qkv: GPUBuffer; // elem[maxRows, (heads + 2·kvHeads)·headDim]
  q: GPUBuffer; // elem[maxRows, padded(heads·headDim)]
  attended: GPUBuffer; // like q
  partials: GPUBuffer | null; // f32[batch, heads, splits, headDim + 4] of attention; null for short caches
  hidden: GPUBuffer; // elem[maxRows, padded(hiddenDim)]
  xCodes: GPUBuffer | null; // u32[maxRows, widest input / 4] of int8 activations
  xScales: GPUBuffer | null; // vec2f[maxRows, widest input / 32]
  logits: GPUBuffer; // f32[batch, vocab]
  candidates: GPUBuffer; // vec2u[batch, PICK_PARTS, 1, or topK where tokens are sampled]
  picked: GPUBuffer; // u32[RING, batch]
  readbacks: readonly [GPUBuffer, GPUBuffer]; // u32[MOST_RUN_AHEAD, batch], mapped by the host in turns
  /** The buffers that activations share. */
  arena: readonly GPUBuffer[];
  k: GPUBuffer[]; // per layer [batch, kvHeads, capacity, headDim]
  v: GPUBuffer[];
  kScales: GPUBuffer[]; // per layer f32[batch, kvHeads, capacity]; none unless the cache is int8
  vScales: GPUBuffer[];
}

export interface RunShape {
  config: ModelConfig;
  batch: number;
  capacity: number;
  maxRows: number;
  kv: KvFormat;
  activations: ActivationFormat;
  /** How tokens are drawn; the most likely one without it. */
  sampling?: Sampling | undefined;
}

/** Most new tokens processed at once: large enough to keep a GPU busy, small enough for the binding limit. */
export function chunkTokens(
  config: ModelConfig,
  batch: number,
  capacity: number,
  bindingLimit: number,
): number {
  const { heads, kvHeads, headDim, hiddenDim, dim } = config;
  const widest = Math.max((heads + 2 * kvHeads) * headDim, padded(hiddenDim), padded(dim));
  const rows = Math.min(1024, Math.floor(bindingLimit / (widest * 4)));
  return Math.max(1, Math.min(capacity, Math.floor(rows / batch)));
}

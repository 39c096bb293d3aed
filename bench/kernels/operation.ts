import type { KvFormat, WeightFormat } from '../../src/core/cell.ts';
import type { Planes } from '../../src/model/quantise.ts';

/** An operation at one shape, whichever kernel or engine does it. */
export type Operation = ProductOperation | AttentionOperation;

/** y[rows, n] = x[rows, k]·W[n, k]ᵀ */
export interface ProductOperation {
  readonly kind: 'product';
  readonly format: WeightFormat;
  readonly rows: number;
  readonly k: number;
  readonly n: number;
}

/** Causal attention of `seq` new tokens of one sequence behind `position` cached ones. */
export interface AttentionOperation {
  readonly kind: 'attention';
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly kv: KvFormat;
  readonly position: number;
  readonly seq: number;
}

/** Inputs of a product: x f32[rows, k] of values that f16 holds too, W[n, k] as packed. */
export interface ProductData {
  readonly kind: 'product';
  readonly x: Float32Array;
  readonly planes: Planes;
}

/**
 * Inputs of attention: q f32[seq, heads, headDim] of values that f16 holds too; k, v
 * f32[kvHeads, position + seq, headDim], as the cache rounds them.
 */
export interface AttentionData {
  readonly kind: 'attention';
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
}

export type OperationData = ProductData | AttentionData;

/** One way of doing an operation on given inputs, ready to be checked and timed. */
export interface Contender {
  /** `wgsl matvec`, `ort-webgpu MatMulNBits`, … */
  readonly name: string;
  /** Every choice that bears on speed. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** The result of one run, f32 row-major: [rows, n] of a product, [seq, heads, headDim] of attention. */
  output(): Promise<Float32Array>;
  /** Wall milliseconds of one operation: one sample of many back to back, in which weights take turns. */
  sample(): Promise<number>;
  dispose(): Promise<void>;
}

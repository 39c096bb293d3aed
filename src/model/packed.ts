import type { WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';

/**
 * The quantised model: the one source of numbers for every engine.
 *
 * Matrices are row-major [rows, cols] with rows = output features (y = W·x). Formats:
 * - `f32`, `f16`: plane `data`, rows·cols little-endian values.
 * - `int8`: w = q·s. Plane `codes`: i8 [rows, blocks, 32]; plane `scales`: f16 [rows, blocks].
 * - `int4`: w = (q − 8)·s. Plane `codes`: u8 [rows, blocks, 16], byte j of a block holds element 2j in
 *   its low and 2j+1 in its high nibble; plane `scales`: f16 [rows, blocks].
 * blocks = ceil(cols / 32). Where cols is no multiple of 32 the last block is filled up with codes of
 * value zero (int8: 0, int4: 8), so that an engine may either stop at cols or multiply by padding.
 *
 * Norms and biases (rows = 1) are never quantised: `f32` in the f32 variant, f16-rounded values stored
 * as `f16` in every other. In an untied model the embedding table is `f16` (`f32` in the f32 variant);
 * a tied table is the LM head and takes the variant's format.
 */
export interface PackedTensor {
  readonly name: string;
  readonly format: WeightFormat;
  readonly rows: number;
  readonly cols: number;
}

export type PlaneName = 'data' | 'codes' | 'scales';

export interface PackedModel {
  /** Display name: the directory's base name or `synthetic:<preset>@<seed>`. */
  readonly name: string;
  /** SHA-256 (hex) that identifies the source weights and config; the same for every variant. */
  readonly sha256: string;
  readonly config: ModelConfig;
  readonly weights: WeightFormat;
  /** In storage order. */
  readonly tensors: ReadonlyMap<string, PackedTensor>;
  /** Bytes of one plane of one tensor. */
  planeBytes(tensor: string, plane: PlaneName): number;
  /** `length` bytes (default: to the end) of a plane from `offset`; throws `model` when a checksum fails. */
  read(tensor: string, plane: PlaneName, offset?: number, length?: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const BLOCK = 32;

/** Blocks of 32 that a row of `cols` weights takes. */
export function blocksPerRow(cols: number): number {
  return Math.ceil(cols / BLOCK);
}

import type { ModelConfig } from './config.ts';

/**
 * Unquantised weights of one model, from a directory or made up on the spot.
 * Tensors go by the canonical names of `tensorNames`; see config.ts for their shapes.
 */
export interface ModelSource {
  /** Display name: the directory's base name or `synthetic:<preset>@<seed>`. */
  readonly name: string;
  /** SHA-256 (hex) that identifies config and weights together. */
  readonly sha256: string;
  readonly config: ModelConfig;
  /** Whether the model has this tensor (`head` is absent when tied, biases and q/k norms are optional). */
  has(tensor: string): boolean;
  /**
   * f32[rowCount, cols] from row `firstRow` of a tensor; vectors are one row.
   * Throws `model` when the tensor is absent or the file is bad, `io` when it cannot be read.
   */
  readRows(tensor: string, firstRow: number, rowCount: number): Promise<Float32Array>;
  close(): Promise<void>;
}

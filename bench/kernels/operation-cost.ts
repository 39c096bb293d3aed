import type { KvFormat } from '../../src/core/cell.ts';
import type { Scalar } from './expectation.ts';
import { matrixBytes } from './matrix.ts';
import type { AttentionOperation, Operation } from './operation.ts';

/** What an operation cannot do without: bytes with each input read and each output written once, and flops. */
export interface OperationCost {
  readonly bytes: number;
  readonly flops: number;
}

/** The cost of an operation whose activations are stored as `elem`. */
export function operationCost(operation: Operation, elem: Scalar = 'f32'): OperationCost {
  const elemBytes = elem === 'f16' ? 2 : 4;
  if (operation.kind === 'product') {
    const { format, rows, n, k } = operation;
    return {
      bytes: matrixBytes(format, n, k) + rows * (k + n) * elemBytes,
      flops: 2 * rows * n * k,
    };
  }
  const { heads, headDim, position, seq } = operation;
  const pairs = heads * (seq * position + (seq * (seq + 1)) / 2);
  return {
    bytes: cacheBytes(operation) + 2 * seq * heads * headDim * elemBytes,
    flops: 4 * pairs * headDim,
  };
}

/** Bytes of the keys and values that an operation reads, scales of an int8 cache with them. */
export function cacheBytes({ kvHeads, headDim, kv, position, seq }: AttentionOperation): number {
  const rowBytes: Record<KvFormat, number> = {
    f32: headDim * 4,
    f16: headDim * 2,
    int8: headDim + 4,
  };
  return 2 * kvHeads * (position + seq) * rowBytes[kv];
}

/** An operation in words: `int4 1×4096→28672`, `attention 32/8 heads of 128, 1 at 4096, kv f16`. */
export function operationName(operation: Operation): string {
  if (operation.kind === 'product') {
    const { format, rows, n, k } = operation;
    return `${format} ${rows}×${k}→${n}`;
  }
  const { heads, kvHeads, headDim, kv, position, seq } = operation;
  return `attention ${heads}/${kvHeads} heads of ${headDim}, ${seq} at ${position}, kv ${kv}`;
}

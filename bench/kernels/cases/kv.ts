import type { KvFormat } from '../../../src/core/cell.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { normals, rounded } from '../values.ts';

/** Sizes of attention. */
export interface AttentionSizes {
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Sequences; default 1. */
  batch?: number;
  /** New tokens a sequence; default 1. */
  seq?: number;
  /** Tokens of each sequence in the cache before them; default 0. */
  position?: number;
  kv: KvFormat;
}

/** A cache [batch, kvHeads, capacity, headDim] and the same as the oracle wants it. */
export interface CaseCache {
  /** As rounded to the cache's format. */
  stored: Float32Array;
  /** Of one sequence: [length, kvHeads, headDim]. */
  sequence(b: number): Float32Array;
}

/** What lies in a cache behind the tokens of a run: finite, and never to be attended to. */
const STALE = 3e4;

/** A cache whose first `length` positions are drawn and whose others hold what a longer run left behind. */
export function randomCache(
  rng: Rng,
  { batch = 1, kvHeads, headDim, kv }: AttentionSizes,
  capacity: number,
  length: number,
): CaseCache {
  const stored = rounded(normals(rng, batch * kvHeads * capacity * headDim), kv);
  for (let row = 0; row < batch * kvHeads * capacity; row++) {
    if (row % capacity >= length) stored.fill(STALE, row * headDim, (row + 1) * headDim);
  }
  return {
    stored,
    sequence(b) {
      const out = new Float32Array(length * kvHeads * headDim);
      for (let j = 0; j < length; j++) {
        for (let h = 0; h < kvHeads; h++) {
          const from = ((b * kvHeads + h) * capacity + j) * headDim;
          out.set(stored.subarray(from, from + headDim), (j * kvHeads + h) * headDim);
        }
      }
      return out;
    },
  };
}

/** The sizes in words. */
export function sizesName(sizes: AttentionSizes): string {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv } = sizes;
  return `${heads}/${kvHeads} heads of ${headDim}, ${batch}×${seq} at ${position}, kv ${kv}`;
}

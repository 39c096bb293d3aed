import type { KvFormat } from '../../../src/core/cell.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { dequantiseKv, quantiseKv } from '../../../src/model/kv-int8.ts';
import type { CaseBuffers } from '../case.ts';
import { bytesOf, encode, normals, rounded } from '../values.ts';

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

/** A cache [batch, kvHeads, capacity, headDim] as a kernel reads it and as the oracle wants it. */
export interface CaseCache {
  /** The bindings of `k` or `v`: `k_cache`, and `k_scales` where the format has them. */
  buffers(name: 'k' | 'v'): CaseBuffers;
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
  const values = normals(rng, batch * kvHeads * capacity * headDim);
  for (let row = 0; row < batch * kvHeads * capacity; row++) {
    if (row % capacity >= length) values.fill(STALE, row * headDim, (row + 1) * headDim);
  }
  const { stored, buffers } = kv === 'int8' ? asInt8(values, headDim) : asFloats(values, kv);
  return {
    buffers,
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

function asFloats(values: Float32Array, kv: 'f32' | 'f16') {
  const stored = rounded(values, kv);
  const buffers = (name: string) => ({ [`${name}_cache`]: { bytes: encode(stored, kv) } });
  return { stored, buffers };
}

function asInt8(values: Float32Array, headDim: number) {
  const rows = quantiseKv(values, headDim);
  const buffers = (name: string) => ({
    [`${name}_cache`]: { bytes: bytesOf(rows.codes) },
    [`${name}_scales`]: { bytes: bytesOf(rows.scales) },
  });
  return { stored: Float32Array.from(dequantiseKv(rows, headDim)), buffers };
}

/** The sizes in words. */
export function sizesName(sizes: AttentionSizes): string {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv } = sizes;
  return `${heads}/${kvHeads} heads of ${headDim}, ${batch}×${seq} at ${position}, kv ${kv}`;
}

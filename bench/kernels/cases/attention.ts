import { attention } from '../../../kernels/attention.ts';
import { kvLoadModules } from '../../../kernels/modules.ts';
import { attention as oracle } from '../../../src/backends/reference/ops.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { type Scalar, toleranceFor, tolerances } from '../expectation.ts';
import { encode, floatsOut, normals, rounded, runState, strided } from '../values.ts';
import { type AttentionSizes, randomCache, sizesName } from './kv.ts';

export interface AttentionShape extends AttentionSizes {
  elem?: Scalar;
  /** Standard deviation of the scores; default 1. A large one makes the running maximum move far. */
  spread?: number;
  /** Positions of the cache that stay unused; default 3. */
  spare?: number;
  wg?: number;
}

export function attentionCase(shape: AttentionShape, seed = 1): KernelCase {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv, elem = 'f32' } = shape;
  const { spread = 1, spare = 3, wg = 64 } = shape;
  const width = heads * headDim;
  const qStride = padded(width);
  const rows = batch * seq;
  const length = position + seq;
  const capacity = length + spare;
  const make = (rng: Rng): CaseBuffers => {
    const q = rounded(normals(rng.fork('q'), rows * width, spread), elem);
    const k = randomCache(rng.fork('k'), shape, capacity, length);
    const v = randomCache(rng.fork('v'), shape, capacity, length);
    const wanted = new Float64Array(rows * qStride).fill(Number.NaN);
    for (let b = 0; b < batch; b++) {
      const queries = q.subarray(b * seq * width, (b + 1) * seq * width);
      const y = oracle(queries, k.sequence(b), v.sequence(b), seq, position, shape);
      for (let s = 0; s < seq; s++) {
        wanted.set(y.subarray(s * width, (s + 1) * width), (b * seq + s) * qStride);
      }
    }
    return {
      state: runState(position, seq),
      q: { bytes: encode(strided(q, width, qStride, width), elem) },
      k_cache: { bytes: encode(k.stored, kv) },
      v_cache: { bytes: encode(v.stored, kv) },
      y: floatsOut(elem, wanted, toleranceFor(elem, tolerances.f32Exp)),
    };
  };
  const pairs = batch * heads * (seq * position + (seq * (seq + 1)) / 2);
  const [kvBytes, elemBytes] = [kv === 'f16' ? 2 : 4, elem === 'f16' ? 2 : 4];
  return {
    kernel: attention.name,
    name: `${sizesName(shape)}, ${elem}, spread ${spread}, spare ${spare}, wg ${wg}`,
    seed,
    steps: [
      {
        instance: instantiate(attention, {
          dims: { heads, kvHeads, headDim, capacity, qStride },
          tunables: { wg },
          modules: { kv: kvLoadModules[kv] },
          elem,
        }),
        call: { rows },
      },
    ],
    bytes: 2 * batch * kvHeads * length * headDim * kvBytes + 2 * rows * width * elemBytes,
    flops: 4 * pairs * headDim,
    make,
  };
}

/** Contexts of 1, around tiles of 32 and 64, and the longest, with one pipeline: only the run state differs. */
const contexts = [0, 30, 31, 32, 62, 63, 64, 128, 4096].map((position) =>
  attentionCase({ heads: 4, kvHeads: 2, headDim: 8, kv: 'f32', position, spare: 4100 - position }),
);

export const attentionCases: readonly KernelCase[] = [
  ...contexts,
  // Every head size; groups of 1, 2, 4, 7 and 8 heads; decode, prefill, prefill behind a cache; batches.
  attentionCase({ heads: 2, kvHeads: 2, headDim: 12, kv: 'f16', seq: 5, spare: 0 }),
  attentionCase({ heads: 7, kvHeads: 1, headDim: 20, kv: 'f32', seq: 3, position: 61, spread: 8 }),
  attentionCase({ heads: 14, kvHeads: 2, headDim: 64, kv: 'f16', position: 130 }),
  attentionCase({ heads: 2, kvHeads: 2, headDim: 80, kv: 'f32', seq: 2, position: 17 }),
  attentionCase({ heads: 3, kvHeads: 3, headDim: 96, kv: 'f16', seq: 4, position: 31, batch: 2 }),
  attentionCase({ heads: 8, kvHeads: 1, headDim: 128, kv: 'f16', position: 64, wg: 32 }),
  attentionCase({ heads: 2, kvHeads: 1, headDim: 256, kv: 'f32', seq: 2, position: 5 }),
  attentionCase({ heads: 2, kvHeads: 1, headDim: 32, kv: 'f16', seq: 67, batch: 2, spread: 4 }),
  attentionCase({ heads: 4, kvHeads: 1, headDim: 64, kv: 'f16', position: 4096, wg: 256 }),
  attentionCase({
    heads: 4,
    kvHeads: 1,
    headDim: 20,
    kv: 'f16',
    seq: 5,
    position: 66,
    elem: 'f16',
  }),
];

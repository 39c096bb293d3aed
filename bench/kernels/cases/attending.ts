import { attention as oracle } from '../../../src/backends/reference/ops.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import { kvRowBytes } from '../../../src/model/footprint.ts';
import type { CaseBuffers } from '../case.ts';
import { type Scalar, toleranceFor, tolerances } from '../expectation.ts';
import { encode, floatsOut, normals, rounded, runState, strided } from '../values.ts';
import { type AttentionSizes, randomCache, sizesName } from './kv.ts';

export interface AttendingShape extends AttentionSizes {
  elem?: Scalar;
  /** Standard deviation of the scores; default 1. A large one makes the running maximum move far. */
  spread?: number;
  /** Positions of the cache that stay unused; default 3. */
  spare?: number;
}

/** What every attention kernel shares: dims, buffers, oracle, cost. */
export function attending(shape: AttendingShape) {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv, elem = 'f32' } = shape;
  const { spread = 1, spare = 3 } = shape;
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
      ...k.buffers('k'),
      ...v.buffers('v'),
      y: floatsOut(elem, wanted, toleranceFor(elem, tolerances.f32Exp)),
    };
  };
  const pairs = batch * heads * (seq * position + (seq * (seq + 1)) / 2);
  const elemBytes = elem === 'f16' ? 2 : 4;
  const kvBytes = 2 * batch * kvHeads * length * kvRowBytes(kv, headDim);
  return {
    elem,
    name: `${sizesName(shape)}, ${elem}, spread ${spread}, spare ${spare}`,
    dims: { heads, kvHeads, headDim, capacity, qStride },
    call: { rows, seq, batch },
    bytes: kvBytes + 2 * rows * width * elemBytes,
    flops: 4 * pairs * headDim,
    make,
  };
}

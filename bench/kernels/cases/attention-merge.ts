import { attentionMerge } from '../../../kernels/attention-merge.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { type Scalar, toleranceFor, tolerances } from '../expectation.ts';
import { bytesOf, floatsOut, normals } from '../values.ts';

export interface AttentionMergeShape {
  heads: number;
  headDim: number;
  splits: number;
  /** How many of the splits had no position; default 0. They lie in the middle. */
  empty?: number;
  batch?: number;
  elem?: Scalar;
  wg?: number;
}

/** What attention-split.wgsl starts a maximum with. */
const LOWEST = Math.fround(-3e38);

export function attentionMergeCase(shape: AttentionMergeShape, seed = 1): KernelCase {
  const { heads, headDim, splits, empty = 0, batch = 1, elem = 'f32', wg = 64 } = shape;
  const qStride = padded(heads * headDim);
  const width = headDim + 4;
  const firstEmpty = Math.floor((splits - empty) / 2);
  const make = (rng: Rng): CaseBuffers => {
    // Sums of different splits have tops far apart, as spread scores make them.
    const partials = normals(rng, batch * heads * splits * width);
    const wanted = new Float64Array(batch * qStride).fill(Number.NaN);
    for (let head = 0; head < batch * heads; head++) {
      for (let s = 0; s < splits; s++) {
        const mark = (head * splits + s) * width + headDim;
        const isEmpty = s >= firstEmpty && s < firstEmpty + empty;
        if (isEmpty) partials.fill(0, mark - headDim, mark);
        partials[mark] = isEmpty ? LOWEST : Math.fround(4 * (partials[mark] ?? 0));
        partials[mark + 1] = isEmpty ? 0 : 1 + Math.abs(partials[mark + 1] ?? 0);
      }
      const at = Math.floor(head / heads) * qStride + (head % heads) * headDim;
      const from = head * splits * width;
      wanted.set(merged(partials.subarray(from, from + splits * width), headDim), at);
    }
    const y = floatsOut(elem, wanted, toleranceFor(elem, tolerances.f32Exp));
    return { partials: { bytes: bytesOf(partials) }, y };
  };
  const instance = instantiate(attentionMerge, {
    dims: { heads, headDim, qStride, splits },
    tunables: { wg },
    elem,
  });
  return {
    kernel: attentionMerge.name,
    name: `${batch}×${heads} heads of ${headDim}, ${splits} splits, ${empty} empty, ${elem}, wg ${wg}`,
    seed,
    steps: [{ instance, call: { batch } }],
    bytes: batch * heads * (splits * width * 4 + headDim * (elem === 'f16' ? 2 : 4)),
    flops: 2 * batch * heads * splits * headDim,
    make,
  };
}

/** One head: partials [splits, headDim + 4] → [headDim]. */
function merged(partials: Float32Array, headDim: number): Float64Array {
  const rows = Array.from({ length: partials.length / (headDim + 4) }, (_, s) =>
    partials.subarray(s * (headDim + 4), (s + 1) * (headDim + 4)),
  );
  const top = Math.max(...rows.map((row) => row[headDim] ?? 0));
  const sum = new Float64Array(headDim);
  let total = 0;
  for (const row of rows) {
    const weight = Math.exp((row[headDim] ?? 0) - top);
    total += weight * (row[headDim + 1] ?? 0);
    for (let i = 0; i < headDim; i++) sum[i] = (sum[i] ?? 0) + weight * (row[i] ?? 0);
  }
  return sum.map((value) => value / total);
}

export const attentionMergeCases: readonly KernelCase[] = [
  // Columns that fill a workgroup, leave some of it over, need all of it.
  attentionMergeCase({ heads: 2, headDim: 8, splits: 2 }),
  attentionMergeCase({ heads: 3, headDim: 80, splits: 16, empty: 13, batch: 2 }),
  attentionMergeCase({ heads: 2, headDim: 256, splits: 7 }),
  attentionMergeCase({ heads: 4, headDim: 96, splits: 64, empty: 1, wg: 128, elem: 'f16' }),
];

import { kvStoreModules, reduceModules } from '../../../kernels/modules.ts';
import { ropeAppend } from '../../../kernels/rope-append.ts';
import { rmsnorm, rope } from '../../../src/backends/reference/ops.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import { ropeTables } from '../../../src/model/rope.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { type Scalar, toleranceFor, tolerances } from '../expectation.ts';
import { encode, floatBits, floatsOut, normals, rounded, runState } from '../values.ts';
import { type AttentionSizes, sizesName } from './kv.ts';

export interface RopeAppendShape extends AttentionSizes {
  qkNorm?: boolean;
  elem?: Scalar;
  wg?: number;
  reduce?: keyof typeof reduceModules;
}

const EPS = 1e-6;
/** Largest finite f16: values of the cache beyond it are held there. */
const F16_MAX = 65504;
/** Ties, subnormals and overflow of f16, so that the cache's rounding is seen. */
const AWKWARD = [2049, 2051, 1 + 2 ** -11, 3e-6, -(2 ** -25), 3 * 2 ** -25, 7e4, -1e6, 65519];

const clamp = (v: number, most: number): number => Math.max(-most, Math.min(most, v));

export function ropeAppendCase(shape: RopeAppendShape, seed = 1): KernelCase {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv, elem = 'f32' } = shape;
  const { qkNorm = false, wg = 32, reduce = 'barrier' } = shape;
  const slots = heads + 2 * kvHeads;
  const qStride = padded(heads * headDim);
  const rows = batch * seq;
  const capacity = position + seq + 2;

  const make = (rng: Rng): CaseBuffers => {
    const drawn = normals(rng.fork('qkv'), rows * slots * headDim, 1.5);
    // The last v head of the first row holds the awkward values, as many as fit.
    drawn.set(AWKWARD.slice(0, headDim), (slots - 1) * headDim);
    const most = elem === 'f16' ? F16_MAX : Number.MAX_VALUE;
    const qkv = rounded(
      drawn.map((v) => clamp(v, most)),
      elem,
    );
    const tables = ropeTables({ headDim, ropeTheta: 1e4, ropeScaling: null }, capacity);
    const norms = { q: normals(rng.fork('q'), headDim, 0.3, 1), k: normals(rng, headDim, 0.3, 1) };
    const q = new Float64Array(rows * qStride).fill(Number.NaN);
    const cacheSize = batch * kvHeads * capacity * headDim;
    const k = new Float64Array(cacheSize).fill(Number.NaN);
    const v = new Float64Array(cacheSize).fill(Number.NaN);
    for (let row = 0; row < rows; row++) {
      const at = position + (row % seq);
      for (let slot = 0; slot < slots; slot++) {
        const start = (row * slots + slot) * headDim;
        const head = qkv.subarray(start, start + headDim);
        const isQ = slot < heads;
        const kvHead = (slot - heads) % kvHeads;
        const cell = ((Math.floor(row / seq) * kvHeads + kvHead) * capacity + at) * headDim;
        if (slot >= heads + kvHeads) {
          const stored = kv === 'f16' ? head.map((x) => clamp(x, F16_MAX)) : head;
          v.set(rounded(stored, kv), cell);
          continue;
        }
        const norm = isQ ? norms.q : norms.k;
        const normed = qkNorm ? rmsnorm(head, 1, headDim, norm, Math.fround(EPS)) : head;
        const turned = rope(normed, [at], 1, headDim, tables);
        if (isQ) q.set(turned, row * qStride + slot * headDim);
        else k.set(turned, cell);
      }
    }
    return {
      state: runState(position, seq),
      qkv: { bytes: encode(qkv, elem) },
      cos: { bytes: encode(tables.cos, 'f32') },
      sin: { bytes: encode(tables.sin, 'f32') },
      q_norm: { bytes: encode(norms.q, 'f32') },
      k_norm: { bytes: encode(norms.k, 'f32') },
      q: floatsOut(elem, q, toleranceFor(elem)),
      k_cache: floatsOut(kv, k, toleranceFor(kv)),
      v_cache: floatsOut(kv, v, tolerances.exact),
    };
  };
  const [kvBytes, elemBytes] = [kv === 'f16' ? 2 : 4, elem === 'f16' ? 2 : 4];
  const moved = (slots + heads) * elemBytes + 2 * kvHeads * kvBytes;
  return {
    kernel: ropeAppend.name,
    name: `${sizesName(shape)}${qkNorm ? ', qk norm' : ''}, ${elem}, wg ${wg} ${reduce}`,
    seed,
    steps: [
      {
        instance: instantiate(ropeAppend, {
          dims: {
            heads,
            kvHeads,
            headDim,
            capacity,
            qkvStride: slots * headDim,
            qStride,
            qkNorm: qkNorm ? 1 : 0,
            epsBits: floatBits(EPS),
          },
          tunables: { wg },
          modules: { reduce: reduceModules[reduce], kv: kvStoreModules[kv] },
          elem,
        }),
        call: { rows },
      },
    ],
    bytes: rows * headDim * moved,
    flops: rows * headDim * (heads + kvHeads) * (qkNorm ? 7 : 3),
    make,
  };
}

export const ropeAppendCases: readonly KernelCase[] = [
  ropeAppendCase({ heads: 1, kvHeads: 1, headDim: 8, kv: 'f32' }),
  ropeAppendCase({ heads: 2, kvHeads: 1, headDim: 12, kv: 'f16', seq: 5, qkNorm: true }),
  ropeAppendCase({ heads: 14, kvHeads: 2, headDim: 64, kv: 'f16', position: 130 }),
  ropeAppendCase({ heads: 8, kvHeads: 2, headDim: 80, kv: 'f32', batch: 2, seq: 2, qkNorm: true }),
  ropeAppendCase({ heads: 3, kvHeads: 3, headDim: 96, kv: 'f16', batch: 3, position: 31 }),
  ropeAppendCase({ heads: 8, kvHeads: 1, headDim: 128, kv: 'f16', position: 4096, qkNorm: true }),
  ropeAppendCase({ heads: 2, kvHeads: 1, headDim: 256, kv: 'f32', batch: 2, seq: 3, position: 5 }),
  ...[[4, 'subgroup'] as const, [1, 'none'] as const].map(([wg, reduce]) =>
    ropeAppendCase({
      heads: 4,
      kvHeads: 2,
      headDim: 20,
      kv: 'f32',
      seq: 2,
      qkNorm: true,
      wg,
      reduce,
    }),
  ),
  ropeAppendCase({
    heads: 7,
    kvHeads: 1,
    headDim: 20,
    kv: 'f16',
    batch: 2,
    seq: 3,
    position: 66,
    qkNorm: true,
    elem: 'f16',
    wg: 64,
  }),
];

import { kvStoreModules, reduceModules } from '../../../kernels/modules.ts';
import { ropeAppend } from '../../../kernels/rope-append.ts';
import { rmsnorm, rope } from '../../../src/backends/reference/ops.ts';
import type { KvFormat } from '../../../src/core/cell.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import { kvRowBytes } from '../../../src/model/footprint.ts';
import { interleavedTables, ropeTables } from '../../../src/model/rope.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { type Scalar, toleranceFor } from '../expectation.ts';
import { encode, floatBits, floatsOut, normals, rounded, runState } from '../values.ts';
import { type AttentionSizes, sizesName } from './kv.ts';
import { cacheOut, clampToF16 } from './kv-out.ts';

export interface RopeAppendShape extends AttentionSizes {
  qkNorm?: boolean;
  elem?: Scalar;
  wg?: number;
  reduce?: keyof typeof reduceModules;
}

const EPS = 1e-6;
/** Values whose rounding by the cache is awkward. */
const AWKWARD: Readonly<Record<KvFormat, readonly number[]>> = {
  f32: [2 ** 24 + 2, -1e6, 3e-6],
  // Ties, subnormals and overflow.
  f16: [2049, 2051, 1 + 2 ** -11, 3e-6, -(2 ** -25), 3 * 2 ** -25, 7e4, -1e6, 65519],
  // Ties at a scale of 1.
  int8: [-127, 0.5, 1.5, -2.5, 126.5, 63.49, 1e-6, -0.51],
};

export function ropeAppendCase(shape: RopeAppendShape, seed = 1): KernelCase {
  const { heads, kvHeads, headDim, batch = 1, seq = 1, position = 0, kv, elem = 'f32' } = shape;
  const { qkNorm = false, wg = 32, reduce = 'barrier' } = shape;
  const slots = heads + 2 * kvHeads;
  const qStride = padded(heads * headDim);
  const rows = batch * seq;
  const capacity = position + seq + 2;

  const make = (rng: Rng): CaseBuffers => {
    const drawn = normals(rng.fork('qkv'), rows * slots * headDim, 1.5);
    // The last v head of the first row holds the awkward values, as many as fit, and little else.
    drawn.fill(1, (slots - 1) * headDim, slots * headDim);
    drawn.set(AWKWARD[kv].slice(0, headDim), (slots - 1) * headDim);
    // A head of zeros, and one too small for a scale.
    if (kv === 'int8' && rows > 2) {
      drawn.fill(0, (2 * slots - 1) * headDim, 2 * slots * headDim);
      drawn.fill(1e-37, (3 * slots - 1) * headDim, 3 * slots * headDim);
    }
    const qkv = rounded(elem === 'f16' ? drawn.map(clampToF16) : drawn, elem);
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
          v.set(head, cell);
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
      rotation: { bytes: encode(interleavedTables(tables), 'f32') },
      norms: { bytes: encode(Float32Array.of(...norms.q, ...norms.k), 'f32') },
      q: floatsOut(elem, q, toleranceFor(elem)),
      ...cacheOut('k', kv, k, headDim, false),
      ...cacheOut('v', kv, v, headDim, true),
    };
  };
  const elemBytes = elem === 'f16' ? 2 : 4;
  const moved = (slots + heads) * headDim * elemBytes + 2 * kvHeads * kvRowBytes(kv, headDim);
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
    bytes: rows * moved,
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
  ropeAppendCase({ heads: 2, kvHeads: 1, headDim: 20, kv: 'int8', batch: 2, seq: 3, position: 5 }),
  ropeAppendCase({ heads: 4, kvHeads: 2, headDim: 128, kv: 'int8', seq: 2, qkNorm: true }),
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

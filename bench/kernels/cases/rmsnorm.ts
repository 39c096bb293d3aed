import { reduceModules } from '../../../kernels/modules.ts';
import { rmsnorm } from '../../../kernels/rmsnorm.ts';
import { rmsnorm as oracle } from '../../../src/backends/reference/ops.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { type Scalar, toleranceFor } from '../expectation.ts';
import { encode, floatBits, floatsOut, normals, runState, strided } from '../values.ts';

export interface RmsnormShape {
  dim: number;
  /** New tokens a sequence; default 1. */
  seq?: number;
  batch?: number;
  /** Only each sequence's last row. */
  last?: boolean;
  eps?: number;
  /** Standard deviation of x, so that eps can matter. */
  scale?: number;
  wg?: number;
  reduce?: keyof typeof reduceModules;
  elem?: Scalar;
}

export function rmsnormCase(shape: RmsnormShape, seed = 1): KernelCase {
  const { dim, seq = 1, batch = 1, last = false, eps = 1e-5, scale = 1, elem = 'f32' } = shape;
  const { wg = 64, reduce = 'barrier' } = shape;
  const xStride = padded(dim);
  const rows = last ? batch : batch * seq;
  const make = (rng: Rng): CaseBuffers => {
    const x = normals(rng.fork('x'), batch * seq * dim, scale, scale / 4);
    const w = normals(rng.fork('w'), dim, 0.25, 1);
    const wanted = new Float64Array(rows * xStride).fill(Number.NaN);
    for (let r = 0; r < rows; r++) {
      const from = last ? (r + 1) * seq - 1 : r;
      const y = oracle(x.subarray(from * dim, (from + 1) * dim), 1, dim, w, Math.fround(eps));
      wanted.set(y, r * xStride);
    }
    return {
      state: runState(7, seq),
      x: { bytes: encode(strided(x, dim, xStride, dim), 'f32') },
      w: { bytes: encode(w, 'f32') },
      y: floatsOut(elem, wanted, toleranceFor(elem)),
    };
  };
  return {
    kernel: rmsnorm.name,
    name: `${batch}×${seq}×${dim}${last ? ' last' : ''} eps ${eps} scale ${scale} ${elem}, wg ${wg} ${reduce}`,
    seed,
    steps: [
      {
        instance: instantiate(rmsnorm, {
          dims: { dim, xStride, epsBits: floatBits(eps), last: last ? 1 : 0 },
          tunables: { wg },
          modules: { reduce: reduceModules[reduce] },
          elem,
        }),
        call: { rows },
      },
    ],
    bytes: rows * dim * (4 + (elem === 'f16' ? 2 : 4)) + dim * 4,
    flops: 4 * rows * dim,
    make,
  };
}

export const rmsnormCases: readonly KernelCase[] = [
  rmsnormCase({ dim: 1 }),
  ...[63, 64, 65].map((dim) => rmsnormCase({ dim, seq: 3, eps: 1e-3, scale: 0.03 })),
  rmsnormCase({ dim: 172, batch: 2, seq: 2 }),
  rmsnormCase({ dim: 896, batch: 3, seq: 4, last: true, eps: 1e-6 }),
  rmsnormCase({ dim: 896, last: true, eps: 1e-6, scale: 300 }),
  rmsnormCase({ dim: 4096, seq: 2, wg: 256 }),
  rmsnormCase({ dim: 37, seq: 3, wg: 1, reduce: 'none' }),
  rmsnormCase({ dim: 100, seq: 2, wg: 4, reduce: 'subgroup' }),
  rmsnormCase({ dim: 257, seq: 2, wg: 8, reduce: 'subgroup' }),
  rmsnormCase({ dim: 172, seq: 7, elem: 'f16' }),
];

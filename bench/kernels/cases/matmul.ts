import { matmul } from '../../../kernels/matmul.ts';
import { rowModules, weightModules } from '../../../kernels/modules.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { type Dims, instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { runState } from '../values.ts';
import { type ProductShape, product } from './product.ts';

export interface MatmulShape extends ProductShape {
  /** Sequences among the rows; default 1. */
  batch?: number;
  /** `last`: a row a sequence, `rows` = `batch`. Default `all`. */
  which?: keyof typeof rowModules;
  tile?: Dims;
}

export function matmulCase(shape: MatmulShape, seed = 1): KernelCase {
  const { rows, batch = 1, which = 'all', tile = {} } = shape;
  const { elem, slices, out, dims, name, make, ...rest } = product(shape);
  const { bm, bn, tm, tn } = { ...matmul.tunables, ...tile };
  return {
    ...rest,
    kernel: matmul.name,
    name: `${name} ${which} batch ${batch}, tile ${bm}×${bn} of ${tm}×${tn}`,
    seed,
    steps: slices.map((slice) => ({
      instance: instantiate(matmul, {
        dims: { ...dims(slice), batch },
        tunables: tile,
        modules: { weights: weightModules[shape.weights], out, rows: rowModules[which] },
        elem,
      }),
      call: { rows },
      rename: slice.rename,
    })),
    make: (rng: Rng) => ({ ...make(rng), state: runState(3, rows / batch) }),
  };
}

const small: Dims = { bm: 16, bn: 16, tm: 2, tn: 2 };
/** A whole workgroup of 256 threads, and nearly the whole of 16 KiB. */
const large: Dims = { bm: 64, bn: 48, tm: 4, tn: 4 };
const wide: Dims = { bm: 16, bn: 64, tm: 2, tn: 4 };

export const matmulCases: readonly KernelCase[] = [
  // Every weight format and store; rows around the edges of a tile share a pipeline.
  matmulCase({ weights: 'f32', rows: 1, k: 1, n: 1, tile: small }),
  ...[1, 31, 32, 33].map((rows) => matmulCase({ weights: 'int4', rows, k: 172, n: 67 })),
  matmulCase({ weights: 'int8', rows: 65, k: 97, n: 129, out: 'residual' }),
  matmulCase({ weights: 'f16', rows: 34, k: 172, n: 62, out: 'swiglu', batch: 2 }),
  matmulCase({ weights: 'f32', rows: 35, k: 131, n: 31, out: 'bias', batch: 5 }),
  // Other tiles.
  matmulCase({ weights: 'int4', rows: 70, k: 896, n: 50, out: 'residual', tile: large }),
  matmulCase({ weights: 'int8', rows: 15, k: 224, n: 63, out: 'bias', tile: wide }),
  // One row a sequence: the head of a prefill.
  matmulCase({ weights: 'int8', rows: 9, k: 160, n: 101, batch: 9, which: 'last', out: 'logits' }),
  // Activations in f16.
  matmulCase({ weights: 'int4', rows: 33, k: 100, n: 51, elem: 'f16' }),
  matmulCase({ weights: 'f16', rows: 40, k: 172, n: 86, elem: 'f16', out: 'swiglu' }),
  matmulCase({ weights: 'f32', rows: 7, k: 133, n: 19, elem: 'f16', out: 'residual', tile: small }),
  // Slices.
  matmulCase({
    weights: 'int4',
    rows: 19,
    k: 145,
    n: 53,
    out: 'logits',
    sliceRows: 34,
    tile: small,
  }),
];

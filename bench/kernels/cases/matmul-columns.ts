import { matmulColumns } from '../../../kernels/matmul-columns.ts';
import { columnInputModules, octModules, rowModules } from '../../../kernels/modules.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { runState } from '../values.ts';
import { type ProductShape, product } from './product.ts';

export interface MatmulColumnsShape extends ProductShape {
  /** The adapter's only subgroup size. */
  lanes: number;
  batch?: number;
  which?: keyof typeof rowModules;
  wg?: number;
  /** Rows a thread. */
  tile?: number;
}

export function matmulColumnsCase(shape: MatmulColumnsShape, seed = 1): KernelCase {
  const { rows, lanes, batch = 1, which = 'all', wg = lanes, tile = 8 } = shape;
  const { elem, slices, out, dims, name, make, ...rest } = product(shape);
  return {
    ...rest,
    kernel: matmulColumns.name,
    name: `${name} ${which} batch ${batch}, subgroups of ${lanes}, wg ${wg} rows ${tile}`,
    seed,
    steps: slices.map((slice) => ({
      instance: instantiate(matmulColumns, {
        dims: { ...dims(slice), batch, lanes },
        tunables: { wg, rows: tile },
        modules: {
          input: columnInputModules[shape.input ?? 'plain'],
          weights: octModules[shape.weights],
          out,
          rows: rowModules[which],
        },
        elem,
      }),
      call: { rows },
      rename: slice.rename,
      subgroupSize: lanes,
    })),
    make: (rng: Rng) => ({ ...make(rng), state: runState(3, rows / batch) }),
  };
}

/** The kernel is made for one subgroup size; of these adapters have one each. */
export const matmulColumnsCases: readonly KernelCase[] = [4, 8, 32].flatMap((lanes) => [
  matmulColumnsCase({ lanes, weights: 'f32', rows: 1, k: 1, n: 1, tile: 1 }),
  matmulColumnsCase({ lanes, weights: 'int4', rows: 1, k: 172, n: 67, tile: 1, out: 'logits' }),
  ...[1, 7, 8, 9].map((rows) =>
    matmulColumnsCase({ lanes, weights: 'int4', rows, k: 97, n: 32, out: 'residual' }),
  ),
  matmulColumnsCase({ lanes, weights: 'int8', rows: 17, k: 145, n: 35, out: 'bias', batch: 17 }),
  matmulColumnsCase({ lanes, weights: 'f16', rows: 5, k: 163, n: 62, out: 'swiglu', tile: 4 }),
  matmulColumnsCase({
    lanes,
    weights: 'int8',
    rows: 3,
    k: 64,
    n: 39,
    batch: 3,
    which: 'last',
    out: 'logits',
    tile: 4,
    sliceRows: 22,
  }),
  matmulColumnsCase({ lanes, weights: 'int4', rows: 10, k: 100, n: 51, elem: 'f16', tile: 2 }),
  matmulColumnsCase({ lanes, weights: 'int4', rows: 1, k: 172, n: 67, input: 'normed', tile: 1 }),
  matmulColumnsCase({
    lanes,
    weights: 'f16',
    rows: 3,
    k: 97,
    n: 62,
    input: 'normed',
    out: 'swiglu',
    batch: 3,
    tile: 4,
  }),
  // Several subgroups a workgroup.
  matmulColumnsCase({ lanes, weights: 'f16', rows: 2, k: 133, n: 150, tile: 2, wg: 2 * lanes }),
]);

import { matmulSubgroupMatrix } from '../../../kernels/matmul-subgroup-matrix.ts';
import { rowModules, weightModules } from '../../../kernels/modules.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { type Dims, instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { tolerances } from '../expectation.ts';
import { runState } from '../values.ts';
import { emulated, type MatrixUnits, matrixUnits, realUnits, tolerating } from './matrix-units.ts';
import { type ProductShape, product } from './product.ts';

export interface MatmulSubgroupMatrixShape extends ProductShape {
  units: MatrixUnits;
  tile: Dims;
  batch?: number;
  which?: keyof typeof rowModules;
}

export function matmulSubgroupMatrixCase(shape: MatmulSubgroupMatrixShape, seed = 1): KernelCase {
  const { units, tile, rows, batch = 1, which = 'all' } = shape;
  const { elem, slices, out, dims, name, make, ...rest } = product(shape);
  const { mma, dims: unitDims, needs, name: unitsName } = matrixUnits(units);
  const { bm, bn, bk, sgm, sgn, stages } = { ...matmulSubgroupMatrix.tunables, ...tile };
  return {
    ...rest,
    kernel: matmulSubgroupMatrix.name,
    name: `${name} ${which} batch ${batch}, ${unitsName}, tile ${bm}×${bn}×${bk} of ${sgm}×${sgn}, stages ${stages}`,
    seed,
    steps: slices.map((slice) => ({
      instance: instantiate(matmulSubgroupMatrix, {
        dims: { ...dims(slice), ...unitDims, batch },
        tunables: tile,
        modules: { mma, weights: weightModules[shape.weights], out, rows: rowModules[which] },
        elem,
      }),
      call: { rows },
      rename: slice.rename,
      ...needs,
    })),
    make: (rng: Rng) => {
      const buffers = { ...make(rng), state: runState(3, rows / batch) };
      return units.operands === 'f16' ? tolerating(buffers, tolerances.halfProducts) : buffers;
    },
  };
}

/** Two by one subgroups and one by two, single and double buffered, shared and whole grains of weights. */
const tall: Dims = { bm: 32, bn: 16, bk: 32, sgm: 2, sgn: 1, stages: 2 };
const broad: Dims = { bm: 16, bn: 64, bk: 64, sgm: 1, sgn: 4, stages: 1 };

/** Odd shapes, every weight format and every `out`; few pipelines, since emulated products compile slowly. */
function edges(units: MatrixUnits): KernelCase[] {
  const of = (shape: Omit<MatmulSubgroupMatrixShape, 'units'>) =>
    matmulSubgroupMatrixCase({ ...shape, units });
  return [
    ...[1, 31, 32, 33].map((rows) =>
      of({ weights: 'int4', rows, k: 172, n: 37, out: 'bias', tile: tall }),
    ),
    of({ weights: 'int8', rows: 17, k: 97, n: 67, out: 'residual', tile: broad }),
    of({ weights: 'f16', rows: 35, k: 160, n: 30, out: 'swiglu', batch: 5, tile: tall }),
    of({ weights: 'f32', rows: 19, k: 131, n: 65, tile: broad }),
    of({
      weights: 'int4',
      rows: 9,
      k: 96,
      n: 101,
      batch: 9,
      which: 'last',
      out: 'logits',
      sliceRows: 66,
      tile: broad,
    }),
  ];
}

/** Tiles as large GPUs get them. */
function large(units: MatrixUnits): KernelCase[] {
  const shape = { weights: 'int4', rows: 150, k: 896, n: 390, units } as const;
  return [
    { bm: 128, bn: 128, bk: 32, sgm: 4, sgn: 2, stages: 2 },
    { bm: 64, bn: 128, bk: 64, sgm: 2, sgn: 4, stages: 1 },
    { bm: 16, bn: 128, bk: 32, sgm: 1, sgn: 4, stages: 2 },
  ].map((tile) => matmulSubgroupMatrixCase({ ...shape, tile, out: 'residual' }));
}

export const matmulSubgroupMatrixCases: readonly KernelCase[] = [
  // f32 operands are held to the bounds of f32: they prove the tiling; f16 ones differ in their rounding alone.
  ...[4, 8].flatMap((lanes) => edges(emulated('f32', lanes, 8, 8, 8))),
  matmulSubgroupMatrixCase({
    weights: 'int4',
    rows: 33,
    k: 100,
    n: 51,
    elem: 'f16',
    tile: tall,
    units: emulated('f16', 8, 16, 8, 4),
  }),
  matmulSubgroupMatrixCase({
    weights: 'f16',
    rows: 18,
    k: 896,
    n: 67,
    tile: broad,
    units: emulated('f16', 8, 8, 16, 16),
  }),
  ...realUnits.flatMap((units) => [...edges(units), ...large(units)]),
  ...realUnits.map((units) =>
    matmulSubgroupMatrixCase({
      weights: 'f16',
      rows: 33,
      k: 100,
      n: 51,
      elem: 'f16',
      tile: tall,
      units,
    }),
  ),
];

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

/** A matrix for each of two by two subgroups, double buffered. */
const square = ({ shape: [m, n] }: MatrixUnits): Dims => ({
  bm: 2 * m,
  bn: 2 * n,
  bk: 32,
  sgm: 2,
  sgn: 2,
  stages: 2,
});
/** Two matrices, one above the other, for each of four subgroups; longer than K is filled up to. */
const broad = ({ shape: [m, n] }: MatrixUnits): Dims => ({
  bm: 2 * m,
  bn: 4 * n,
  bk: 64,
  sgm: 1,
  sgn: 4,
  stages: 1,
});

/** Odd shapes, every weight format and every `out`; few pipelines, since emulated products compile slowly. */
function edges(units: MatrixUnits): KernelCase[] {
  const of = (shape: Omit<MatmulSubgroupMatrixShape, 'units'>) =>
    matmulSubgroupMatrixCase({ ...shape, units });
  const tile = square(units);
  const rows = 2 * units.shape[0];
  return [
    ...[1, rows - 1, rows, rows + 1, 67].map((rows) =>
      of({ weights: 'int4', rows, k: 172, n: 37, out: 'bias', tile }),
    ),
    of({ weights: 'int8', rows: 17, k: 97, n: 67, out: 'residual', tile: broad(units) }),
    of({ weights: 'f16', rows: 35, k: 160, n: 30, out: 'swiglu', batch: 5, tile }),
    of({ weights: 'f32', rows: 9, k: 131, n: 65, batch: 9, which: 'last', out: 'logits', tile }),
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

/** Activations in f16, and a few matrices side by side for each subgroup. */
function halves(units: MatrixUnits): KernelCase[] {
  const tile = { ...square(units), bn: 4 * units.shape[1], stages: 1 };
  return [
    matmulSubgroupMatrixCase({ weights: 'f16', rows: 33, k: 100, n: 51, elem: 'f16', tile, units }),
  ];
}

export const matmulSubgroupMatrixCases: readonly KernelCase[] = [
  // f32 operands are held to the bounds of f32: they prove the tiling; f16 ones differ in their rounding alone.
  // Of the software adapters one has 4 lanes and no f16, the other 8 and f16: what one has met, the other need not.
  ...edges(emulated('f32', 4, 8, 8, 16)),
  ...halves(emulated('f16', 8, 16, 8, 8)),
  matmulSubgroupMatrixCase({
    weights: 'int4',
    rows: 18,
    k: 896,
    n: 67,
    tile: { bm: 16, bn: 32, bk: 32, sgm: 2, sgn: 2, stages: 2 },
    units: emulated('f16', 8, 8, 16, 16),
  }),
  matmulSubgroupMatrixCase({
    weights: 'int4',
    rows: 6,
    k: 97,
    n: 52,
    sliceRows: 38,
    tile: { bm: 8, bn: 16, bk: 32, sgm: 2, sgn: 1, stages: 1 },
    units: emulated('f32', 8, 4, 16, 32),
  }),
  ...realUnits.flatMap((units) => [...edges(units), ...large(units)]),
  ...realUnits.flatMap((units) => halves(units)),
];

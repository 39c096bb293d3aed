import { attentionSubgroupMatrix } from '../../../kernels/attention-subgroup-matrix.ts';
import { kvLoadModules } from '../../../kernels/modules.ts';
import { type Dims, instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { tolerances } from '../expectation.ts';
import { type AttendingShape, attending } from './attending.ts';
import { emulated, type MatrixUnits, matrixUnits, realUnits, tolerating } from './matrix-units.ts';

export interface AttentionSubgroupMatrixShape extends AttendingShape {
  units: MatrixUnits;
  tile: Dims;
}

export function attentionSubgroupMatrixCase(
  shape: AttentionSubgroupMatrixShape,
  seed = 1,
): KernelCase {
  const { units, tile, kv } = shape;
  const { elem, name, dims, call, make, ...rest } = attending(shape);
  const { mma, dims: unitDims, needs, name: unitsName } = matrixUnits(units);
  const instance = instantiate(attentionSubgroupMatrix, {
    dims: { ...dims, ...unitDims },
    tunables: tile,
    modules: { mma, kv: kvLoadModules[kv] },
    elem,
  });
  const { sgs, bk } = instance.tunables;
  return {
    ...rest,
    kernel: attentionSubgroupMatrix.name,
    name: `${name}, ${unitsName}, sgs ${sgs}, bk ${bk}`,
    seed,
    steps: [{ instance, call, ...needs }],
    make: (rng) =>
      units.operands === 'f16' ? tolerating(make(rng), tolerances.halfAttention) : make(rng),
  };
}

/** Queries and contexts around tiles, groups of 2, 3 and 7 heads, batches, every cache format. */
function edges(units: MatrixUnits): KernelCase[] {
  const of = (shape: AttendingShape, tile: Dims) =>
    attentionSubgroupMatrixCase({ ...shape, tile, units });
  const narrow: Dims = { sgs: 2, bk: 16 };
  const wide: Dims = { sgs: 4, bk: 32 };
  // Scores of f32 operands may spread: only then does a maximum move far. f16 queries would lose too much.
  const spread = units.operands === 'f32' ? 6 : 1;
  const contexts = [0, 15, 16, 17, 130].map((position) => {
    const sizes = { heads: 4, kvHeads: 2, headDim: 16, kv: 'f32', seq: 9 } as const;
    return of({ ...sizes, position, spread, spare: 200 - position }, narrow);
  });
  return [
    ...contexts,
    of({ heads: 7, kvHeads: 1, headDim: 48, kv: 'f16', seq: 11, position: 61, spread }, wide),
    of({ heads: 3, kvHeads: 1, headDim: 16, kv: 'int8', seq: 5, batch: 2, position: 9 }, narrow),
  ];
}

/** f16 all the way: then scores are exact whatever their spread, and rounding is that of weights alone. */
function spreadOut(units: MatrixUnits): KernelCase {
  return attentionSubgroupMatrixCase({
    heads: 2,
    kvHeads: 2,
    headDim: 16,
    kv: 'f16',
    seq: 20,
    position: 70,
    elem: 'f16',
    spread: 6,
    units,
    tile: { sgs: 2, bk: 16 },
  });
}

/** Tiles as large GPUs get them. */
function large(units: MatrixUnits): KernelCase[] {
  const shape = { heads: 8, kvHeads: 2, kv: 'f16', seq: 70, units } as const;
  return [
    { ...shape, headDim: 64, position: 100, tile: { sgs: 4, bk: 64 } },
    { ...shape, headDim: 128, tile: { sgs: 4, bk: 64 } },
    { ...shape, headDim: 128, position: 33, kv: 'int8', tile: { sgs: 4, bk: 32 } } as const,
    { ...shape, headDim: 256, tile: { sgs: 2, bk: 32 } },
  ].map((large) => attentionSubgroupMatrixCase(large));
}

export const attentionSubgroupMatrixCases: readonly KernelCase[] = [
  // Fewer lanes than rows, more, and fewer again with f16 operands.
  ...edges(emulated('f32', 4, 8, 8, 16)),
  attentionSubgroupMatrixCase({
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    kv: 'f32',
    seq: 9,
    position: 40,
    spread: 6,
    units: emulated('f32', 8, 4, 16, 4),
    tile: { sgs: 3, bk: 16 },
  }),
  spreadOut(emulated('f16', 8, 16, 8, 16)),
  ...realUnits.flatMap((units) => [...edges(units), ...large(units)]),
  ...realUnits.filter(({ operands }) => operands === 'f16').map(spreadOut),
];

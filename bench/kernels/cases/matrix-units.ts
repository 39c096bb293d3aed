import { mmaModules } from '../../../kernels/modules.ts';
import type { SubgroupMatrixShape } from '../../../src/gpu/adapter-info.ts';
import type { Dims, ShaderModule } from '../../../src/gpu/kernel.ts';
import type { CaseBuffers, CaseStep } from '../case.ts';
import { emulatedMmaModules } from '../emulated/modules.ts';
import type { Tolerance } from '../expectation.ts';

/** Matrix units, real or emulated, that a case is made for. */
export interface MatrixUnits {
  operands: 'f16' | 'f32';
  /** M×N×K of one product. */
  shape: readonly [m: number, n: number, k: number];
  /** The adapter's only subgroup size. */
  lanes: number;
  isEmulated: boolean;
}

/** Emulated units for adapters that have none: square, uneven in every dimension, smaller than a subgroup. */
export const emulated = (
  operands: 'f16' | 'f32',
  lanes: number,
  ...shape: [m: number, n: number, k: number]
): MatrixUnits => ({ operands, shape, lanes, isEmulated: true });

/** The units of real adapters: what drivers of large GPUs list first, and others. */
export const realUnits: readonly MatrixUnits[] = [
  { operands: 'f16', shape: [16, 16, 16], lanes: 32, isEmulated: false },
  { operands: 'f16', shape: [16, 8, 16], lanes: 32, isEmulated: false },
  { operands: 'f32', shape: [8, 8, 8], lanes: 32, isEmulated: false },
];

/** The module, the dims and the requirement of a step that multiplies on these units. */
export function matrixUnits({ operands, shape, lanes, isEmulated }: MatrixUnits): {
  mma: ShaderModule;
  dims: Dims;
  needs: Pick<CaseStep, 'subgroupSize' | 'matrix'>;
  name: string;
} {
  const [m, n, k] = shape;
  const matrix: SubgroupMatrixShape = { component: operands, result: 'f32', m, n, k };
  return {
    mma: (isEmulated ? emulatedMmaModules : mmaModules)[operands],
    dims: { lanes, mm: m, mn: n, mk: k, partBytes: operands === 'f16' ? 2 : 4 },
    needs: { subgroupSize: lanes, ...(isEmulated ? {} : { matrix }) },
    name: `${isEmulated ? 'emulated ' : ''}${operands} ${shape.join('x')}, subgroups of ${lanes}`,
  };
}

/** The buffers with another tolerance for the output `y`. */
export function tolerating(buffers: CaseBuffers, tolerance: Tolerance): CaseBuffers {
  const { y } = buffers;
  if (y?.expect?.kind !== 'floats') return buffers;
  return { ...buffers, y: { ...y, expect: { ...y.expect, tolerance } } };
}

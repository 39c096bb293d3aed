import { matmul } from '../../../kernels/matmul.ts';
import { matmulColumns } from '../../../kernels/matmul-columns.ts';
import { matmulSubgroupMatrix } from '../../../kernels/matmul-subgroup-matrix.ts';
import { matvec } from '../../../kernels/matvec.ts';
import {
  columnInputModules,
  inputModules,
  type OutModule,
  octModules,
  outModules,
  reduceModuleFor,
  rowModules,
  weightModules,
} from '../../../kernels/modules.ts';
import type { WeightFormat } from '../../core/cell.ts';
import { invariant } from '../../core/errors.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { instantiate, type KernelInstance } from '../../gpu/kernel.ts';
import { fixedSubgroupSize, type KernelChoices, type ProductChoice } from './kernel-choice.ts';
import { matrixUnits } from './matrix-units.ts';

/** One matrix product y = x·Wᵀ of a slice of W. */
export interface ProductRequest {
  format: WeightFormat;
  n: number;
  /** Rows of the whole matrix, by which the kernel is chosen. */
  matrixRows: number;
  k: number;
  batch: number;
  /** One new token a sequence, known beforehand; otherwise as many as the run state says. */
  few: boolean;
  /** Where not few: the class of prefill, one of PREFILL_ROWS. */
  most: number;
  /** The rows multiplied: all new ones, or the last of each sequence. */
  rows: 'all' | 'last';
  out: OutModule;
  xStride: number;
  yStride: number;
  yOffset: number;
  elem: 'f32' | 'f16';
  /** x is RMSNorm of the residual stream, with the eps of these bits; null where it is what was stored. */
  normEpsBits: number | null;
}

/** Whether the kernel chosen for few rows can take the norm in front of a product into itself. */
export function takesNorm({ kernel }: ProductChoice): boolean {
  return kernel === 'matvec' || kernel === 'matmul-columns';
}

/** The kernel that makes a product on this adapter, with every choice made. */
export function productKernel(
  gpu: GpuDevice,
  choices: KernelChoices,
  request: ProductRequest,
): KernelInstance {
  const { format, n, matrixRows, k, batch, few, most, rows, out } = request;
  const { xStride, yStride, yOffset, elem } = request;
  const input = request.normEpsBits === null ? 'plain' : 'normed';
  const { kernel, tunables } = choices.product({
    format,
    n: matrixRows,
    k,
    rows: few ? batch : null,
    most,
  });
  const epsBits = request.normEpsBits ?? 0;
  const dims = { n, k, m: batch, batch, xStride, yStride, yOffset, epsBits };
  switch (kernel) {
    case 'matvec':
      return instantiate(matvec, {
        dims,
        tunables,
        elem,
        modules: {
          input: inputModules[input],
          weights: weightModules[format],
          out: outModules[out],
          reduce: reduceModuleFor(tunables.lanes ?? 1, gpu.subgroupMinSize),
        },
      });
    case 'matmul':
      return instantiate(matmul, {
        dims,
        tunables,
        elem,
        modules: { weights: weightModules[format], out: outModules[out], rows: rowModules[rows] },
      });
    case 'matmul-columns':
      return instantiate(matmulColumns, {
        dims: { ...dims, lanes: fixedSubgroupSize(gpu) },
        tunables,
        elem,
        modules: {
          input: columnInputModules[input],
          weights: octModules[format],
          out: outModules[out],
          rows: rowModules[rows],
        },
      });
    case 'matmul-subgroup-matrix': {
      const units = matrixUnits(gpu);
      invariant(units, `${kernel} without matrix units`);
      return instantiate(matmulSubgroupMatrix, {
        dims: { ...dims, ...units.dims },
        tunables,
        elem,
        modules: {
          mma: units.mma,
          weights: weightModules[format],
          out: outModules[out],
          rows: rowModules[rows],
        },
      });
    }
  }
}

import { attention } from '../../../kernels/attention.ts';
import { attentionShuffle } from '../../../kernels/attention-shuffle.ts';
import { attentionSplit } from '../../../kernels/attention-split.ts';
import { attentionSubgroupMatrix } from '../../../kernels/attention-subgroup-matrix.ts';
import { attentionTiled } from '../../../kernels/attention-tiled.ts';
import { matmul } from '../../../kernels/matmul.ts';
import { matmulColumns } from '../../../kernels/matmul-columns.ts';
import { matmulSubgroupMatrix } from '../../../kernels/matmul-subgroup-matrix.ts';
import { matvec } from '../../../kernels/matvec.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims, KernelSpec } from '../../gpu/kernel.ts';
import { padded } from './buffers.ts';
import {
  type AttentionChoice,
  type AttentionShape,
  defaultChoices,
  fixedSubgroupSize,
  type KernelChoices,
  mostSplits,
  type ProductChoice,
  type ProductShape,
} from './kernel-choice.ts';
import { combinations, obstacle } from './kernel-space.ts';
import { matrixUnits } from './matrix-units.ts';
import { productKernel } from './product.ts';

/** A kernel that may be chosen, and for which calls: of few rows known beforehand, or of many. */
interface Choosable {
  spec: KernelSpec;
  few: boolean;
  many: boolean;
}

export const productKernels: Readonly<Record<ProductChoice['kernel'], Choosable>> = {
  matvec: { spec: matvec, few: true, many: false },
  matmul: { spec: matmul, few: true, many: true },
  'matmul-columns': { spec: matmulColumns, few: true, many: true },
  'matmul-subgroup-matrix': { spec: matmulSubgroupMatrix, few: true, many: true },
};

export const attentionKernels: Readonly<Record<AttentionChoice['kernel'], Choosable>> = {
  attention: { spec: attention, few: true, many: true },
  'attention-shuffle': { spec: attentionShuffle, few: true, many: true },
  'attention-split': { spec: attentionSplit, few: true, many: false },
  'attention-subgroup-matrix': { spec: attentionSubgroupMatrix, few: true, many: true },
  'attention-tiled': { spec: attentionTiled, few: false, many: true },
};

/** The same choice whatever is asked for. */
export function fixedChoices(
  gpu: GpuDevice,
  choice: ProductChoice | AttentionChoice,
): KernelChoices {
  const fallback = defaultChoices(gpu);
  return {
    product: isProductChoice(choice) ? () => choice : fallback.product,
    attention: isProductChoice(choice) ? fallback.attention : () => choice,
    shortContext: fallback.shortContext,
    halfProducts: fallback.halfProducts,
  };
}

export function isProductChoice(choice: ProductChoice | AttentionChoice): choice is ProductChoice {
  return choice.kernel in productKernels;
}

/** Every product kernel with every combination of tunables that this device can run and that may be of use. */
export function productCandidates(gpu: GpuDevice, shape: ProductShape): ProductChoice[] {
  return names(productKernels).flatMap((kernel) =>
    combinations(productKernels[kernel].spec)
      .filter((tunables) => isWorthCompiling(gpu, shape, tunables))
      .map((tunables) => ({ kernel, tunables }))
      .filter((choice) => productObstacle(gpu, shape, choice) === null),
  );
}

/**
 * False for tiles of which more than seven eighths would be past the last row, and, on processors, for sums
 * through memory, which never win there and take compilers long.
 */
function isWorthCompiling(
  gpu: GpuDevice,
  { rows, most }: ProductShape,
  { bm = 1, lanes = 1 }: Dims,
): boolean {
  const isSummedInSubgroup = lanes <= Math.max(1, gpu.subgroupMinSize);
  return bm <= 8 * (rows ?? most) && (gpu.info.kind === 'gpu' || isSummedInSubgroup);
}

/** Every attention kernel with every combination of tunables that this device can run at these sizes. */
export function attentionCandidates(gpu: GpuDevice, shape: AttentionShape): AttentionChoice[] {
  return names(attentionKernels).flatMap((kernel) => {
    const { spec } = attentionKernels[kernel];
    const lanes = spec.dims.includes('lanes') ? fixedSubgroupSize(gpu) : 0;
    return combinations(spec)
      .map((tunables) => ({ kernel, lanes, tunables }))
      .filter((choice) => attentionObstacle(gpu, shape, choice) === null);
  });
}

/** Why this device cannot make a product of this shape so; null when it can, as far as declarations tell. */
export function productObstacle(
  gpu: GpuDevice,
  { format, n, k, rows, most }: ProductShape,
  choice: ProductChoice,
): string | null {
  const { spec, few, many } = productKernels[choice.kernel];
  if (rows === null ? !many : !few) return `${spec.name} is for other numbers of rows`;
  if (spec.dims.includes('lanes') && fixedSubgroupSize(gpu) === 0) return NO_FIXED_SIZE;
  if (spec.dims.includes('mm')) {
    const missing = matrixObstacle(gpu, format === 'f32' ? 'weights' : null);
    if (missing) return missing;
  }
  const instance = productKernel(gpu, fixedChoices(gpu, choice), {
    format,
    n,
    matrixRows: n,
    k,
    batch: rows ?? 1,
    few: rows !== null,
    most,
    rows: 'all',
    out: 'store',
    xStride: padded(k),
    yStride: n,
    yOffset: 0,
    elem: 'f32',
    normEpsBits: null,
  });
  return obstacle(gpu, instance);
}

/** Why this device cannot attend so; null when it can, as far as declarations tell. */
export function attentionObstacle(
  gpu: GpuDevice,
  { heads, kvHeads, headDim, kv, few, context }: AttentionShape,
  { kernel, lanes, tunables }: AttentionChoice,
): string | null {
  const choosable = attentionKernels[kernel];
  const { spec } = choosable;
  if (few ? !choosable.few : !choosable.many) return `${spec.name} is for other numbers of rows`;
  if (spec.dims.includes('lanes') && (lanes === 0 || lanes !== fixedSubgroupSize(gpu))) {
    return NO_FIXED_SIZE;
  }
  if ((tunables.splits ?? 1) > mostSplits(context))
    return 'more splits than the context has room for';
  const qStride = padded(heads * headDim);
  const units = spec.dims.includes('mm') ? matrixUnits(gpu) : null;
  if (spec.dims.includes('mm')) {
    const missing = matrixObstacle(gpu, kv === 'f32' ? 'a cache' : null);
    if (missing) return missing;
  }
  const sizes: Dims = { heads, kvHeads, headDim, capacity: context, qStride, lanes };
  const dims = { ...sizes, ...units?.dims };
  return obstacle(gpu, { spec, dims, tunables, modules: {}, elem: 'f32' });
}

/** Why matrix units cannot be used; `exact` names what is kept in f32 and must not be rounded to f16. */
function matrixObstacle(gpu: GpuDevice, exact: string | null): string | null {
  const units = matrixUnits(gpu);
  if (!units) return 'the device has no matrix units that sum in f32';
  return exact && units.operands === 'f16'
    ? `matrix units would round ${exact} in f32 to f16`
    : null;
}

const NO_FIXED_SIZE = 'it needs subgroups of one known size';

function names<T extends object>(record: T): (keyof T)[] {
  return Object.keys(record) as (keyof T)[];
}

import { matmulDot4 } from '../../../kernels/matmul-dot4.ts';
import { matvecDot4 } from '../../../kernels/matvec-dot4.ts';
import {
  inputModules,
  outModules,
  type PackedFormat,
  packedModules,
  reduceModuleFor,
  rowModules,
} from '../../../kernels/modules.ts';
import { quantiseRows } from '../../../kernels/quantise-rows.ts';
import type { WeightFormat } from '../../core/cell.ts';
import { invariant } from '../../core/errors.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import type { RunShape } from './buffers.ts';
import type { DeviceMatrix } from './device-matrix.ts';
import { MATVEC_ROWS } from './kernel-choice.ts';
import {
  type BindContext,
  floatBits,
  type ProductInput,
  type ProductOutput,
  whole,
} from './program-context.ts';

/** Whether this matrix is multiplied with int8 activations in this run. */
export function takesInt8(
  { activations }: Pick<RunShape, 'activations'>,
  { format }: Pick<DeviceMatrix, 'format'>,
): boolean {
  return activations === 'int8' && isPacked(format);
}

function isPacked(format: WeightFormat): format is PackedFormat {
  return format === 'int8' || format === 'int4';
}

/** Rounds x (or its norm, with `weight`) to int8, then multiplies codes: one dispatch, and one a slice of W. */
export async function bindInt8Product(
  { gpu, compiler, shape, run }: BindContext,
  weight: GPUBuffer | null,
  matrix: DeviceMatrix,
  { x, xStride, few, rows }: ProductInput,
  { through, y, yStride, bias = null }: ProductOutput,
): Promise<BoundKernel[]> {
  const { format, k, slices } = matrix;
  invariant(isPacked(format), `int8 activations with ${format} weights`);
  const { state, xCodes, xScales } = run;
  invariant(xCodes && xScales, 'no buffers for int8 activations');
  const quantise = instantiate(quantiseRows, {
    dims: {
      k,
      xStride,
      epsBits: floatBits(shape.config.normEps),
      last: rows === 'last' ? 1 : 0,
      interleave: format === 'int4' ? 1 : 0,
    },
    modules: {
      input: inputModules[weight ? 'normed' : 'plain'],
      reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0),
    },
  });
  const codes = { x_codes: xCodes, x_scales: xScales };
  const first = compiler.bind(
    quantise,
    whole({ state, x, ...codes, ...(weight && { norm: weight }) }),
  );
  const isFew = few && shape.batch <= MATVEC_ROWS;
  const products = slices.map((slice) => {
    const { batch } = shape;
    const dims = { n: slice.rows, k, m: batch, batch, yStride, yOffset: slice.row0 };
    const modules = { packed: packedModules[format], out: outModules[through] };
    const tunables = isFew ? vecTunables(gpu, slice.rows) : mulTunables(gpu);
    const reduce = reduceModuleFor(tunables.lanes ?? 1, gpu.subgroupMinSize);
    const instance = isFew
      ? instantiate(matvecDot4, { dims, tunables, modules: { ...modules, reduce } })
      : instantiate(matmulDot4, {
          dims,
          tunables,
          modules: { ...modules, rows: rowModules[rows] },
        });
    const buffers = whole({ y, state, ...codes, ...(bias && { bias }) });
    return compiler.bind(instance, { ...buffers, ...slice.planes });
  });
  return Promise.all([first, ...products]);
}

/** A subgroup of 32 a team of rows on a GPU; on software, where a thread is cheap to fill, none is shared. */
function vecTunables(gpu: GpuDevice, n: number): Record<string, number> {
  if (gpu.info.kind !== 'gpu') return { wg: 16, lanes: 1, rows: 2 };
  return { wg: 128, lanes: gpu.subgroupMinSize >= 32 ? 32 : 16, rows: n >= 8192 ? 4 : 2 };
}

function mulTunables(gpu: GpuDevice): Record<string, number> {
  return gpu.info.kind === 'gpu'
    ? { bm: 64, bn: 64, tm: 4, tn: 4 }
    : { bm: 32, bn: 32, tm: 4, tn: 4 };
}

import { attentionSubgroupMatrix } from '../../../kernels/attention-subgroup-matrix.ts';
import { matmulSubgroupMatrix } from '../../../kernels/matmul-subgroup-matrix.ts';
import { mmaModules } from '../../../kernels/modules.ts';
import type { SubgroupMatrixShape } from '../../gpu/adapter-info.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims, ShaderModule } from '../../gpu/kernel.ts';

/** The adapter's matrix units as kernels use them. */
export interface MatrixUnits {
  /** What factors are rounded to; sums are f32 either way. */
  operands: keyof typeof mmaModules;
  mma: ShaderModule;
  /** lanes, mm, mn, mk, partBytes. */
  dims: Dims;
}

/**
 * The matrix units that kernels can use: f16 operands with f32 sums before f32 operands, then what does most a
 * time. Null where there are none, or where subgroups have no one size. Sums in f16 are left out: over
 * thousands of products they lose three digits.
 */
export function matrixUnits(gpu: GpuDevice): MatrixUnits | null {
  const { subgroupMinSize: lanes, subgroupMaxSize, subgroupMatrices } = gpu;
  if (lanes === 0 || lanes !== subgroupMaxSize) return null;
  const usable = subgroupMatrices.filter((shape) => isUsable(shape, gpu));
  const of = (operands: string) => usable.filter(({ component }) => component === operands);
  const [operands, shapes] =
    of('f16').length > 0 ? (['f16', of('f16')] as const) : (['f32', of('f32')] as const);
  const most = shapes.reduce<SubgroupMatrixShape | null>(
    (best, shape) =>
      best && best.m * best.n * best.k >= shape.m * shape.n * shape.k ? best : shape,
    null,
  );
  if (!most) return null;
  const { m: mm, n: mn, k: mk } = most;
  const partBytes = operands === 'f16' ? 2 : 4;
  return { operands, mma: mmaModules[operands], dims: { lanes, mm, mn, mk, partBytes } };
}

/** Operands are loaded and results stored four at a time; rows of a result are dealt out by powers of two. */
function isUsable({ component, result, m, n, k }: SubgroupMatrixShape, gpu: GpuDevice): boolean {
  const isHalf = component === 'f16' && gpu.hasF16;
  return (
    (isHalf || component === 'f32') &&
    result === 'f32' &&
    Number.isInteger(Math.log2(m)) &&
    n % 4 === 0 &&
    k % 4 === 0
  );
}

/** Tiles from the fastest on a large GPU to one that fits everywhere, by how many rows there are at most. */
const PRODUCT_TILES: readonly { most: number; tile: Dims }[] = [
  { most: Number.POSITIVE_INFINITY, tile: { bm: 128, bn: 128, bk: 32, sgm: 4, sgn: 2, stages: 2 } },
  { most: Number.POSITIVE_INFINITY, tile: { bm: 128, bn: 128, bk: 32, sgm: 4, sgn: 2, stages: 1 } },
  { most: 127, tile: { bm: 64, bn: 64, bk: 32, sgm: 2, sgn: 2, stages: 2 } },
  { most: 127, tile: { bm: 64, bn: 64, bk: 32, sgm: 2, sgn: 2, stages: 1 } },
  { most: 16, tile: { bm: 16, bn: 128, bk: 32, sgm: 1, sgn: 4, stages: 2 } },
  { most: 16, tile: { bm: 16, bn: 64, bk: 32, sgm: 1, sgn: 4, stages: 1 } },
];

/** Tunables of `matmul-subgroup-matrix` for prefills of up to `most` rows; null where none fits. */
export function matrixProductTile(
  gpu: GpuDevice,
  { dims }: MatrixUnits,
  most: number,
): Dims | null {
  const tiles = PRODUCT_TILES.filter((entry) => entry.most <= Math.max(most, 16));
  const fit = tiles.find(({ tile }) => matmulSubgroupMatrix.fits?.(tile, dims, gpu.limits));
  return fit?.tile ?? null;
}

/** Long tiles for few barriers, many subgroups for few readings of the cache. */
const ATTENTION_TILES: readonly Dims[] = [
  { sgs: 4, bk: 64 },
  { sgs: 4, bk: 32 },
  { sgs: 2, bk: 32 },
  { sgs: 2, bk: 16 },
  { sgs: 1, bk: 16 },
];

/** Tunables of `attention-subgroup-matrix` for this head size; null where none fits. */
export function matrixAttentionTile(
  gpu: GpuDevice,
  { dims }: MatrixUnits,
  headDim: number,
): Dims | null {
  const sizes = { ...dims, headDim };
  return (
    ATTENTION_TILES.find((tile) => attentionSubgroupMatrix.fits?.(tile, sizes, gpu.limits)) ?? null
  );
}

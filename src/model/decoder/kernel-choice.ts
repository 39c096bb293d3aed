import type { KvFormat, WeightFormat } from '../../core/cell.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims } from '../../gpu/kernel.ts';
import {
  type MatrixUnits,
  matrixAttentionTile,
  matrixProductTile,
  matrixUnits,
} from './matrix-units.ts';

/** Which kernel makes a matrix product, and its tile sizes; every choice is right, up to rounding. */
export interface ProductChoice {
  kernel: 'matvec' | 'matmul' | 'matmul-columns' | 'matmul-subgroup-matrix';
  tunables: Dims;
}

/** W[n, k] times new rows: `rows` of them, or, where that is null, a prefill's: any number up to `most`. */
export interface ProductShape {
  format: WeightFormat;
  n: number;
  k: number;
  rows: number | null;
  /** One of `PREFILL_ROWS`; of no account where `rows` is known. */
  most: number;
}

/** Prefills up to these numbers of rows have programs of their own, so that tiles suit them. */
export const PREFILL_ROWS = [16, 127, Number.POSITIVE_INFINITY] as const;

/** The class of a prefill of this many rows. */
export function prefillClass(rows: number): number {
  return PREFILL_ROWS.find((most) => rows <= most) ?? Number.POSITIVE_INFINITY;
}

/** Which kernel attends over the cache, and with what. */
export interface AttentionChoice {
  kernel:
    | 'attention'
    | 'attention-shuffle'
    | 'attention-subgroup-matrix'
    | 'attention-split'
    | 'attention-tiled';
  /** Subgroup size that the kernel is written for, where it is for one. */
  lanes: number;
  /** Of `attention-split` also `splits`, of which no more than `mostSplits` are made. */
  tunables: Dims;
}

/** Attention of one new token a sequence (`few`) or of many. */
export interface AttentionShape {
  batch: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  kv: KvFormat;
  few: boolean;
  /** The longest context that it is for. */
  context: number;
}

/** The choices that a decoder is built with. */
export interface KernelChoices {
  product(shape: ProductShape): ProductChoice;
  attention(shape: AttentionShape): AttentionChoice;
  /** Decode steps up to this context are built with a choice of their own where the cache holds more. */
  readonly shortContext: number;
  /** Whether factors of products may be rounded to f16 where sums stay f32, as matrix units do. */
  readonly halfProducts: boolean;
}

/** Choices that suit this kind of adapter, measured or not. */
export function defaultChoices(
  gpu: GpuDevice,
  { shortContext = SHORT_CONTEXT, halfProducts = true } = {},
): KernelChoices {
  const units = matrixUnits(gpu);
  return {
    product: (shape) =>
      matrixProduct(gpu, units, shape, halfProducts) ?? defaultProduct(gpu, shape),
    attention: (shape) =>
      matrixAttention(gpu, units, shape, halfProducts) ??
      defaultAttention(gpu, shape, shortContext),
    shortContext,
    halfProducts,
  };
}

/** Matrix units for the many rows of a GPU's prefill, but not with less precision than the weights were given. */
function matrixProduct(
  gpu: GpuDevice,
  units: MatrixUnits | null,
  { format, rows, most }: ProductShape,
  halfProducts: boolean,
): ProductChoice | null {
  if (!units || gpu.info.kind !== 'gpu' || rows !== null) return null;
  if (units.operands === 'f16' && (format === 'f32' || !halfProducts)) return null;
  const tunables = matrixProductTile(gpu, units, most);
  return tunables && { kernel: 'matmul-subgroup-matrix', tunables };
}

/** The same for attention, whose precision is that of the cache. */
function matrixAttention(
  gpu: GpuDevice,
  units: MatrixUnits | null,
  { headDim, kv, few }: AttentionShape,
  halfProducts: boolean,
): AttentionChoice | null {
  if (!units || gpu.info.kind !== 'gpu' || few) return null;
  if (units.operands === 'f16' && (kv === 'f32' || !halfProducts)) return null;
  const tunables = matrixAttentionTile(gpu, units, headDim);
  const { lanes = 0 } = units.dims;
  return tunables && { kernel: 'attention-subgroup-matrix', lanes, tunables };
}

/** Up to here a workgroup gets through a whole context sooner than splits can be merged. */
const SHORT_CONTEXT = 512;
/** Positions that a split takes at least of a full cache. */
const SPLIT_POSITIONS = 128;

/** Most splits that the positions of a cache may be dealt out over. */
export function mostSplits(capacity: number): number {
  return Math.max(1, Math.min(64, Math.floor(capacity / SPLIT_POSITIONS)));
}

/** Largest number of rows that go through `matvec`: beyond it a tile is worth its barriers. */
export const MATVEC_ROWS = 8;

/** Bytes of workgroup memory that the matmul kernel's two tiles take (see matmul.wgsl). */
function matmulWorkgroupBytes(bm: number, bn: number): number {
  return (bm + bn) * 9 * 16;
}

/** The size of the adapter's subgroups where it has only one, and one that `matmul-columns` takes; else 0. */
export function fixedSubgroupSize(gpu: GpuDevice): number {
  const { subgroupMinSize: size, subgroupMaxSize } = gpu;
  return size === subgroupMaxSize && [4, 8, 16, 32].includes(size) ? size : 0;
}

function defaultProduct(gpu: GpuDevice, { n, rows, most }: ProductShape): ProductChoice {
  const few = rows !== null && rows <= MATVEC_ROWS;
  if (gpu.info.kind !== 'gpu') {
    const lanes = fixedSubgroupSize(gpu);
    if (lanes > 0) {
      // The smallest tile of rows that holds them all: 1, 2, 4 or 8. Sixteen spill registers, but weights are
      // expanded half as often, which pays where there are rows for it; they take longer to compile.
      const tile = few ? 2 ** Math.ceil(Math.log2(rows)) : most > 127 ? 16 : 8;
      return { kernel: 'matmul-columns', tunables: { wg: lanes, rows: tile } };
    }
    return few
      ? { kernel: 'matvec', tunables: { wg: 16, lanes: 1, rows: 2 } }
      : { kernel: 'matmul', tunables: { bm: 32, bn: 32, tm: 4, tn: 4 } };
  }
  if (few) {
    const lanes = gpu.subgroupMinSize >= 32 ? 32 : 16;
    return { kernel: 'matvec', tunables: { wg: 128, lanes, rows: n >= 8192 ? 4 : 2 } };
  }
  const room = gpu.limits.maxComputeWorkgroupStorageSize;
  const bn = matmulWorkgroupBytes(64, 64) <= room ? 64 : 32;
  // Few rows: narrow tiles of them, so that a row past the end is not computed for nothing.
  return most <= 16
    ? { kernel: 'matmul', tunables: { bm: 16, bn, tm: 2, tn: 4 } }
    : { kernel: 'matmul', tunables: { bm: 64, bn, tm: 4, tn: 4 } };
}

function defaultAttention(
  gpu: GpuDevice,
  shape: AttentionShape,
  shortContext: number,
): AttentionChoice {
  const { heads, kvHeads, headDim, few } = shape;
  if (few && gpu.hasSubgroups && headDim % 8 === 0) {
    const tunables = splitTunables(gpu, shape, shortContext);
    return { kernel: 'attention-split', lanes: 0, tunables };
  }
  const isGpu = gpu.info.kind === 'gpu';
  const lanes = fixedSubgroupSize(gpu);
  if (isGpu || lanes === 0) {
    if (few) return { kernel: 'attention', lanes: 0, tunables: {} };
    const tunables = isGpu ? tiledTunables(gpu, headDim) : {};
    return { kernel: 'attention-tiled', lanes: 0, tunables };
  }
  // What a thread holds of queries and results grows with rows and head size; keep it in registers.
  const most = Math.max(1, Math.floor((64 * lanes) / headDim));
  const wanted = few ? heads / kvHeads : 8;
  return { kernel: 'attention-shuffle', lanes, tunables: { rows: Math.min(wanted, most) } };
}

/** Tiles for 128 threads; with the default 16 KiB of workgroup memory, in thinner steps. */
function tiledTunables({ limits }: GpuDevice, headDim: number): Dims {
  const steps = limits.maxComputeWorkgroupStorageSize >= 32 * 1024 ? 2 : 1;
  const values = headDim > 128 ? 4 * steps : 8 * steps;
  const depth = headDim > 16 ? 16 * steps : 16;
  return { bq: 64, bk: 32, tm: 4, depth, values };
}

/**
 * Sixteen bytes a thread, as far as subgroups are wide enough; heads in slices of what registers hold; enough
 * workgroups for a few on each of a large GPU's cores. Software adapters run a subgroup after the other, so
 * there it is a workgroup.
 */
function splitTunables(gpu: GpuDevice, shape: AttentionShape, shortContext: number): Dims {
  const { batch, heads, kvHeads, headDim, context } = shape;
  const isGpu = gpu.info.kind === 'gpu';
  const octs = headDim / 8;
  const lanes = Math.min(gpu.subgroupMinSize, 32, 2 ** Math.ceil(Math.log2(octs)));
  const slices = Math.ceil(heads / kvHeads / Math.max(1, Math.floor((8 * lanes) / octs)));
  const wanted = Math.ceil((isGpu ? 512 : 4) / (batch * kvHeads * slices));
  const splits = context <= shortContext ? 1 : Math.min(wanted, mostSplits(context));
  const wg = isGpu ? (splits === 1 ? 256 : 128) : gpu.subgroupMinSize;
  return { wg, lanes, keys: 2, slices, splits };
}

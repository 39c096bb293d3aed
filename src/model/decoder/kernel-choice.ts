import type { KvFormat, WeightFormat } from '../../core/cell.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims } from '../../gpu/kernel.ts';

/** Which kernel makes a matrix product, and its tile sizes; every choice is right, up to rounding. */
export interface ProductChoice {
  kernel: 'matvec' | 'matmul' | 'matmul-columns';
  tunables: Dims;
}

/** W[n, k] times `rows` new rows; `rows` is null where it varies from call to call (prefill). */
export interface ProductShape {
  format: WeightFormat;
  n: number;
  k: number;
  rows: number | null;
}

/** Which kernel attends over the cache, and with what. */
export interface AttentionChoice {
  kernel: 'attention' | 'attention-shuffle';
  /** Subgroup size that `attention-shuffle` is written for. */
  lanes: number;
  tunables: Dims;
}

/** Attention of one new token a sequence (`few`) or of many. */
export interface AttentionShape {
  heads: number;
  kvHeads: number;
  headDim: number;
  kv: KvFormat;
  few: boolean;
}

/** The choices that a decoder is built with. */
export interface KernelChoices {
  product(shape: ProductShape): ProductChoice;
  attention(shape: AttentionShape): AttentionChoice;
}

/** Choices that suit this kind of adapter, measured or not. */
export function defaultChoices(gpu: GpuDevice): KernelChoices {
  return {
    product: (shape) => defaultProduct(gpu, shape),
    attention: (shape) => defaultAttention(gpu, shape),
  };
}

/** Largest number of rows that go through `matvec`: beyond it a tile is worth its barriers. */
const MATVEC_ROWS = 8;

/** Bytes of workgroup memory that the matmul kernel's two tiles take (see matmul.wgsl). */
function matmulWorkgroupBytes(bm: number, bn: number): number {
  return (bm + bn) * 9 * 16;
}

/** The size of the adapter's subgroups where it has only one, and one that `matmul-columns` takes; else 0. */
export function fixedSubgroupSize(gpu: GpuDevice): number {
  const { subgroupMinSize: size, subgroupMaxSize } = gpu;
  return size === subgroupMaxSize && [4, 8, 16, 32].includes(size) ? size : 0;
}

function defaultProduct(gpu: GpuDevice, { n, rows }: ProductShape): ProductChoice {
  const few = rows !== null && rows <= MATVEC_ROWS;
  if (gpu.info.kind !== 'gpu') {
    const lanes = fixedSubgroupSize(gpu);
    if (lanes > 0) {
      // The smallest tile of rows that holds them all: 1, 2, 4 or 8.
      const tile = few ? 2 ** Math.ceil(Math.log2(rows)) : 8;
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
  return { kernel: 'matmul', tunables: { bm: 64, bn, tm: 4, tn: 4 } };
}

/**
 * A GPU's decode step has too few groups of queries to fill it with a subgroup each, so there every head gets
 * a workgroup; a prefill has enough of them everywhere.
 */
function defaultAttention(gpu: GpuDevice, shape: AttentionShape): AttentionChoice {
  const lanes = fixedSubgroupSize(gpu);
  if (lanes === 0 || (shape.few && gpu.info.kind === 'gpu')) {
    return { kernel: 'attention', lanes: 0, tunables: {} };
  }
  // What a thread holds of queries and results grows with rows and head size; keep it in registers.
  const most = Math.max(1, Math.floor((64 * lanes) / shape.headDim));
  const wanted = shape.few ? shape.heads / shape.kvHeads : 8;
  return { kernel: 'attention-shuffle', lanes, tunables: { rows: Math.min(wanted, most) } };
}

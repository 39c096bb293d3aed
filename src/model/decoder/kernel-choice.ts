import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims } from '../../gpu/kernel.ts';

/** Tile sizes by kernel; every choice gives the same result up to rounding. */
export interface KernelChoice {
  matvec(shape: { n: number; k: number; m: number }): Dims;
  matmul(shape: { n: number; k: number }): Dims;
}

/** Bytes of workgroup memory that the matmul kernel's two tiles take (see matmul.wgsl). */
function matmulWorkgroupBytes(bm: number, bn: number): number {
  return (bm + bn) * 9 * 16;
}

/** Defaults by kind of adapter; a tuned table may replace them. */
export function chooseKernels(gpu: GpuDevice): KernelChoice {
  const software = gpu.info.kind !== 'gpu';
  const room = gpu.limits.maxComputeWorkgroupStorageSize;
  if (software) {
    return {
      matvec: () => ({ wg: 16, lanes: 1, rows: 2 }),
      matmul: () => ({ bm: 32, bn: 32, tm: 4, tn: 4 }),
    };
  }
  const lanes = gpu.subgroupMinSize >= 32 ? 32 : 16;
  const tile = matmulWorkgroupBytes(64, 64) <= room ? 64 : 32;
  return {
    matvec: ({ n }) => ({ wg: 128, lanes, rows: n >= 8192 ? 4 : 2 }),
    matmul: () => ({ bm: 64, bn: tile, tm: 4, tn: 4 }),
  };
}

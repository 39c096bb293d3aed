import type { GpuDevice } from '../../src/gpu/device.ts';
import type { Dims } from '../../src/gpu/kernel.ts';

const MIB = 2 ** 20;

/** How much is streamed and computed: beyond the caches of a GPU; little where a processor does the work. */
export interface ProbeSizes {
  bufferBytes: number;
  threads: number;
  steps: number;
  /** Tilings of the streams; the best one is the peak. */
  tilings: readonly Dims[];
}

/** Sizes within the limits of the device. */
export function probeSizes({ info, limits }: GpuDevice): ProbeSizes {
  const isGpu = info.kind === 'gpu';
  const wanted = isGpu ? 256 * MIB : 64 * MIB;
  const most = Math.min(wanted, limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  return {
    bufferBytes: 2 ** Math.floor(Math.log2(most)),
    threads: isGpu ? 2 ** 20 : 2 ** 12,
    steps: isGpu ? 512 : 1024,
    tilings: isGpu
      ? [
          { wg: 64, per: 8 },
          { wg: 256, per: 4 },
          { wg: 256, per: 16 },
        ]
      : [
          { wg: 64, per: 8 },
          { wg: 64, per: 64 },
        ],
  };
}

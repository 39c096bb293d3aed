import { BenchError } from '../../core/errors.ts';
import { shownValue } from '../files/problem-text.ts';
import { nearNames, plainName } from '../prices/near-names.ts';

/** Memory of a GPU as its maker states it. */
export interface GpuMemorySpec {
  gpu: string;
  /** 10⁹ bytes for each GB of the data sheet; drivers show up to 7 % more or less, as ECC and rounding have it. */
  memoryBytes: number;
  /** Peak, in bytes a second. */
  bandwidthBytesPerSecond: number;
  source: string;
}

const NVIDIA = 'NVIDIA data sheet';
const AMD = 'AMD data sheet';

function spec(gpu: string, gigabytes: number, gigabytesPerSecond: number, source = NVIDIA) {
  return {
    gpu,
    memoryBytes: gigabytes * 1e9,
    bandwidthBytesPerSecond: gigabytesPerSecond * 1e9,
    source,
  };
}

/** Names are those of the price table where it has them. */
export const GPU_MEMORY: readonly GpuMemorySpec[] = [
  spec('B300', 288, 8000, 'NVIDIA data sheet, Blackwell Ultra'),
  spec('GB200', 186, 8000, 'NVIDIA data sheet, GB200 NVL72: 13.4 TB and 576 TB/s over 72 GPUs'),
  spec('B200', 180, 8000, 'NVIDIA data sheet, HGX B200: 1,440 GB over 8 GPUs'),
  spec('H200', 141, 4800, 'NVIDIA data sheet, SXM'),
  spec('H100', 80, 3350, 'NVIDIA data sheet, SXM'),
  spec('H100 NVL', 94, 3900),
  spec('H100 PCIe', 80, 2000),
  spec('A100 80GB', 80, 2039, 'NVIDIA data sheet, SXM'),
  spec('A100 40GB', 40, 1555),
  spec('L40S', 48, 864),
  spec('L40', 48, 864),
  spec('L4', 24, 300),
  spec('A40', 48, 696),
  spec('A10', 24, 600),
  spec('T4', 16, 320),
  spec('V100 32GB', 32, 900),
  spec('V100 16GB', 16, 900),
  spec('RTX 6000 Ada', 48, 960),
  spec('RTX A6000', 48, 768),
  spec('RTX A5000', 24, 768),
  spec('RTX 5090', 32, 1792),
  spec('RTX 4090', 24, 1008),
  spec('RTX 3090', 24, 936),
  spec('MI355X', 288, 8000, AMD),
  spec('MI325X', 256, 6000, AMD),
  spec('MI300X', 192, 5300, AMD),
];

/**
 * The memory of a GPU by its name in any spelling of case, spaces and dashes.
 * Throws `usage` for a name that the table does not have, with those near it.
 */
export function findGpuMemory(name: string): GpuMemorySpec {
  const want = plainName(name);
  const found = GPU_MEMORY.find(({ gpu }) => plainName(gpu) === want);
  if (found !== undefined) return found;
  const names = GPU_MEMORY.map(({ gpu }) => gpu);
  const near = nearNames(name, names);
  const some = near.length > 0 ? `Near it: ${near.join(', ')}.` : `Known: ${names.join(', ')}.`;
  throw new BenchError('usage', `The memory of the GPU ${shownValue(name)} is not known`, {
    hint: `${some} Or give its size with --memory 80GB.`,
  });
}

import type { SubgroupMatrixShape } from '../../src/gpu/adapter-info.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';

/** The limits that every WebGPU device has. */
export const DEFAULT_LIMITS = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
};

/** A device that exists on paper only: what choices of kernels look at, and nothing that runs. */
export function declaredDevice(
  traits: {
    kind?: 'gpu' | 'software';
    features?: readonly string[];
    subgroups?: readonly [smallest: number, largest: number];
    matrices?: readonly SubgroupMatrixShape[];
    limits?: Partial<typeof DEFAULT_LIMITS>;
    details?: Record<string, string | number | boolean>;
  } = {},
): GpuDevice {
  const { kind = 'gpu', features = [], subgroups = [0, 0], limits = {}, details = {} } = traits;
  const { matrices = [] } = traits;
  const device = {
    device: { features: new Set(features) },
    info: { name: 'Paper 9000', vendor: 'paper', kind, details },
    hasF16: features.includes('shader-f16'),
    hasSubgroups: features.includes('subgroups'),
    subgroupMinSize: subgroups[0],
    subgroupMaxSize: subgroups[1],
    subgroupMatrices: matrices,
    hasTimestamps: false,
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
  return device as unknown as GpuDevice;
}

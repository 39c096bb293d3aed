import type { GpuDevice } from './device.ts';

/** A device of which one owner's buffers can be freed together, also when opening fails half-way. */
export interface DeviceScope extends GpuDevice {
  release(): void;
}

/** The same device, remembering every buffer made through this scope. */
export function scoped(gpu: GpuDevice): DeviceScope {
  const made = new Set<GPUBuffer>();
  return {
    device: gpu.device,
    info: gpu.info,
    hasF16: gpu.hasF16,
    hasSubgroups: gpu.hasSubgroups,
    subgroupMinSize: gpu.subgroupMinSize,
    subgroupMaxSize: gpu.subgroupMaxSize,
    subgroupMatrices: gpu.subgroupMatrices,
    hasTimestamps: gpu.hasTimestamps,
    limits: gpu.limits,
    createBuffer(request) {
      const buffer = gpu.createBuffer(request);
      made.add(buffer);
      return buffer;
    },
    destroyBuffer(buffer) {
      made.delete(buffer);
      gpu.destroyBuffer(buffer);
    },
    read: (buffer, offset, length) => gpu.read(buffer, offset, length),
    check: (what, work) => gpu.check(what, work),
    ledger: () => gpu.ledger(),
    resetPeak: () => gpu.resetPeak(),
    assertAlive: () => gpu.assertAlive(),
    dispose: () => gpu.dispose(),
    release() {
      for (const buffer of made) gpu.destroyBuffer(buffer);
      made.clear();
    },
  };
}

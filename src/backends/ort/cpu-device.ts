import { availableParallelism, cpus } from 'node:os';
import type { DeviceInfo } from '../../core/device.ts';

/** The processor that a CPU provider computes on. */
export function cpuDevice(): DeviceInfo {
  const model = cpus()[0]?.model.trim() || process.arch;
  const vendor = /AMD/i.test(model) ? 'amd' : /Intel/i.test(model) ? 'intel' : 'unknown';
  return {
    name: model,
    vendor: /Apple/i.test(model) ? 'apple' : vendor,
    kind: 'cpu',
    details: { threads: availableParallelism(), architecture: process.arch },
  };
}

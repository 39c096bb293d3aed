import { availableParallelism, cpus } from 'node:os';
import type { VariantRequest } from '../../core/cell.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { BenchError } from '../../core/errors.ts';
import type { BackendEnvironment } from '../backend.ts';
import type { Engine } from './engines.ts';

export interface FoundDevice {
  device: DeviceInfo;
  /** It computes in f16 natively, so that f16 is not slower than f32. */
  fastFloat16: boolean;
}

/** The processor that a CPU provider computes on. */
function processor(): DeviceInfo {
  const name = cpus()[0]?.model.trim() || process.arch;
  const vendor = /\b(amd|intel|apple)\b/i.exec(name)?.[1]?.toLowerCase() ?? 'unknown';
  const details = { threads: availableParallelism(), architecture: process.arch };
  return { name, vendor, kind: 'cpu', details };
}

/**
 * The device that an engine computes on. ONNX Runtime does not tell which WebGPU adapter it took; its copy
 * of Dawn and ours find the same drivers and prefer the fastest adapter, so ours is taken for its.
 * Throws `no-adapter`, and `unsupported` when f16 is asked of a WebGPU adapter without shader-f16.
 */
export async function findDevice(
  { backend, provider }: Engine,
  { activations, kv }: VariantRequest,
  environment: BackendEnvironment,
): Promise<FoundDevice> {
  if (provider === 'cpu') return { device: processor(), fastFloat16: false };
  if (provider !== 'webgpu') {
    const name = `${provider} device 0`;
    const device: DeviceInfo = { name, vendor: 'unknown', kind: 'gpu', details: {} };
    return { device, fastFloat16: true };
  }
  const { hasF16, info } = await environment.gpu();
  if (!hasF16 && (activations === 'f16' || kv === 'f16')) {
    throw new BenchError(
      'unsupported',
      `${backend} needs shader-f16 for f16 activations; ${info.name} lacks it`,
      { hint: 'Ask for f32 activations, or leave them to `auto`.' },
    );
  }
  return { device: info, fastFloat16: hasF16 && info.kind === 'gpu' };
}

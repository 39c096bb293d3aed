import type { DeviceInfo } from '../core/device.ts';
import { BenchError } from '../core/errors.ts';
import { describeAdapter } from './adapter-info.ts';
import type { GpuDevice } from './device.ts';
import { gpuMessage } from './errors.ts';
import { OpenDevice } from './open-device.ts';

/** Every optional feature that some kernel can use, best first. The `chromium-` ones are experimental. */
export const USEFUL_FEATURES = [
  'shader-f16',
  'subgroups',
  'subgroup-size-control',
  'timestamp-query',
  'chromium-experimental-timestamp-query-inside-passes',
  'chromium-experimental-subgroup-matrix',
  'atomic-vec2u-min-max',
] as const;

export type UsefulFeature = (typeof USEFUL_FEATURES)[number];

/** The limits that compute kernels meet; the rest stay at their defaults. */
export const USEFUL_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxUniformBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxUniformBuffersPerShaderStage',
  'maxBindingsPerBindGroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
  'minStorageBufferOffsetAlignment',
  'minUniformBufferOffsetAlignment',
  'maxImmediateSize',
] as const;

export interface OpenGpuOptions {
  /** `none` asks for no optional feature, to exercise the fallback paths; a list leaves these out. Default `all`. */
  features?: 'all' | 'none' | { without: readonly UsefulFeature[] };
  /** `default` keeps the limits that every WebGPU device has. Default `adapter`: the real ones. */
  limits?: 'adapter' | 'default';
  /** Added to `info.details`: toggles and versions that the host knows. */
  details?: DeviceInfo['details'];
}

/**
 * Opens the high-performance adapter with its real limits and every useful feature it has.
 * @throws `no-adapter` when there is none or it refuses a device.
 */
export async function openGpuDevice(gpu: GPU, options: OpenGpuOptions = {}): Promise<GpuDevice> {
  const adapter = await requestAdapter(gpu);
  const requiredFeatures = wantedFeatures(options.features ?? 'all').filter((name) =>
    adapter.features.has(name),
  );
  const requiredLimits = options.limits === 'default' ? {} : adapterLimits(adapter);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: 'mtok',
      requiredFeatures: requiredFeatures as GPUFeatureName[],
      requiredLimits,
    });
  } catch (cause) {
    throw new BenchError('no-adapter', `The adapter refused a device: ${gpuMessage(cause)}`, {
      hint: 'Run `mtok doctor`; update the graphics driver or choose another --adapter.',
      cause,
    });
  }
  return new OpenDevice(
    device,
    adapter.info,
    describeAdapter(adapter.info, device, options.details),
  );
}

/** Asking for one of these turns on what it builds upon. */
const BUILT_ON: Partial<Record<UsefulFeature, UsefulFeature>> = {
  'subgroup-size-control': 'subgroups',
  'chromium-experimental-subgroup-matrix': 'subgroups',
  'chromium-experimental-timestamp-query-inside-passes': 'timestamp-query',
};

function wantedFeatures(features: NonNullable<OpenGpuOptions['features']>): UsefulFeature[] {
  if (features === 'none') return [];
  const without = features === 'all' ? [] : features.without;
  return USEFUL_FEATURES.filter((name) => {
    const base = BUILT_ON[name];
    return !without.includes(name) && (base === undefined || !without.includes(base));
  });
}

async function requestAdapter(gpu: GPU): Promise<GPUAdapter> {
  const hint = 'Run `mtok doctor` to see which adapters there are, or try --adapter swiftshader.';
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (cause) {
    const message = `No WebGPU adapter: ${gpuMessage(cause)}`;
    throw new BenchError('no-adapter', message, { hint, cause });
  }
  if (!adapter) throw new BenchError('no-adapter', 'No WebGPU adapter was found', { hint });
  return adapter;
}

function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name of USEFUL_LIMITS) {
    const value = (adapter.limits as unknown as Record<string, number | undefined>)[name];
    if (value !== undefined) limits[name] = value;
  }
  return limits;
}

import type { DeviceInfo } from '../core/device.ts';

/** Names under which software rasterisers and CPU drivers are known. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|softpipe|software|basic render|\bwarp\b|\bcpu\b/i;

/** What we read of GPUAdapterInfo; some members are Chromium's own. */
export interface AdapterInfo {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  isFallbackAdapter?: boolean;
  subgroupMinSize?: number;
  subgroupMaxSize?: number;
  subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig>;
}

interface SubgroupMatrixConfig {
  componentType: string;
  resultComponentType: string;
  M: number;
  N: number;
  K: number;
}

/** True for an adapter whose timings say nothing about a GPU. */
export function isSoftwareAdapter(info: AdapterInfo): boolean {
  if (info.isFallbackAdapter) return true;
  return SOFTWARE.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}

/** The name a person would recognise; browsers may hide all but the vendor and the architecture. */
export function adapterName(info: AdapterInfo): string {
  const family = `${info.vendor} ${info.architecture}`.trim();
  if (isSoftwareAdapter(info)) return info.description || info.device || family;
  // Dawn in Node gives the product as a slug in `device` and the driver in `description`
  // ("NVIDIA: 570.86.10 570.86.10.0"); Chromium gives a PCI id and the product.
  const product = /^0x[0-9a-f]+$/i.test(info.device) ? '' : info.device.replaceAll('-', ' ').trim();
  const isDriver = /^[\w .()-]+: .*\d/.test(info.description);
  const name = isDriver ? product || info.description : info.description || product;
  return name || family || 'unknown adapter';
}

/** A product that the adapter's matrix units make in one instruction: M×K times K×N of `component`, summed as `result`. */
export interface SubgroupMatrixShape {
  component: string;
  result: string;
  m: number;
  n: number;
  k: number;
}

/** The adapter's matrix products; none where it has no matrix units or does not show them. */
export function subgroupMatrixShapes(info: AdapterInfo): SubgroupMatrixShape[] {
  return [...(info.subgroupMatrixConfigs ?? [])].map(
    ({ componentType: component, resultComponentType: result, M: m, N: n, K: k }) => ({
      component,
      result,
      m,
      n,
      k,
    }),
  );
}

/** Tile shapes of the adapter's matrix units, e.g. `f16*f16->f32 16x16x16` (M×N×K). */
export function subgroupMatrixConfigs(info: AdapterInfo): string[] {
  return subgroupMatrixShapes(info).map(
    ({ component: a, result, m, n, k }) => `${a}*${a}->${result} ${m}x${n}x${k}`,
  );
}

/** The adapter as a record keeps it. */
export function describeAdapter(
  info: AdapterInfo,
  device: { features: Iterable<string>; limits: GPUSupportedLimits },
  details: DeviceInfo['details'] = {},
): DeviceInfo {
  const { limits } = device;
  return {
    name: adapterName(info),
    vendor: info.vendor || 'unknown',
    kind: isSoftwareAdapter(info) ? 'software' : 'gpu',
    details: {
      architecture: info.architecture,
      device: info.device,
      driver: info.description,
      features: [...device.features].sort().join(' '),
      subgroupMinSize: info.subgroupMinSize ?? 0,
      subgroupMaxSize: info.subgroupMaxSize ?? 0,
      subgroupMatrixConfigs: subgroupMatrixConfigs(info).join('; '),
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      ...details,
    },
  };
}

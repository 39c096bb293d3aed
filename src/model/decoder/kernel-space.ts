import type { GpuDevice } from '../../gpu/device.ts';
import type { Dims, KernelInstance, KernelSpec } from '../../gpu/kernel.ts';

/**
 * Every combination of what a kernel declares of its tunables, nearest to its defaults first; the defaults alone
 * where it declares nothing.
 */
export function combinations({ tunables, space = {} }: KernelSpec): Dims[] {
  let all: Dims[] = [tunables];
  for (const [name, values] of Object.entries(space)) {
    all = all.flatMap((dims) => values.map((value) => ({ ...dims, [name]: value })));
  }
  return all.sort((a, b) => doublings(a, tunables) - doublings(b, tunables));
}

/** Doublings and halvings that lead from one set of tunables to the other. */
export function doublings(a: Dims, b: Dims): number {
  return Object.entries(a).reduce((sum, [name, value]) => {
    const other = b[name] ?? value;
    const isScale = value > 0 && other > 0;
    return sum + (isScale ? Math.abs(Math.log2(value / other)) : Number(value !== other));
  }, 0);
}

/** Why a kernel with these choices cannot run on this device; null when it can. */
export function obstacle(gpu: GpuDevice, instance: KernelInstance): string | null {
  const { spec, modules, elem, tunables, dims } = instance;
  const needs = [spec, ...Object.values(modules)].flatMap((part) => part.needs ?? []);
  if (elem === 'f16') needs.push('shader-f16');
  const features: ReadonlySet<string> = gpu.device.features;
  const feature = needs.find((name) => !features.has(name));
  if (feature) return `the device has no ${feature}`;
  const unknown = Object.keys(tunables).find((name) => !(name in spec.tunables));
  if (unknown !== undefined) return `${spec.name} has no tunable ${unknown}`;
  if (spec.fits?.(tunables, dims, gpu.limits) === false) return 'the sizes do not fit';
  const threads = spec.workgroup(tunables, dims);
  const most = Math.min(
    gpu.limits.maxComputeInvocationsPerWorkgroup,
    gpu.limits.maxComputeWorkgroupSizeX,
  );
  if (!Number.isInteger(threads) || threads < 1) return `${threads} threads a workgroup`;
  return threads <= most ? null : `${threads} threads a workgroup, the device allows ${most}`;
}

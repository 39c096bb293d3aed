import type { SubgroupMatrixShape } from '../../src/gpu/adapter-info.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { FeatureName } from '../../src/gpu/kernel.ts';
import type { CaseStep, KernelCase } from './case.ts';

/** Optional WebGPU features without which a step does not compile. */
export function featuresOf({ instance }: CaseStep): FeatureName[] {
  const { spec, modules, elem } = instance;
  const features = [spec, ...Object.values(modules)].flatMap(({ needs = [] }) => needs);
  return elem === 'f16' ? [...features, 'shader-f16'] : features;
}

/** True for a case that every WebGPU device can run. */
export function isPortable({ steps }: KernelCase): boolean {
  return steps.every((step) => featuresOf(step).length === 0);
}

/** Why this device cannot run the case; null when it can. */
export function missingFor({ steps }: KernelCase, gpu: GpuDevice): string | null {
  for (const step of steps) {
    const missing = missingForStep(step, gpu);
    if (missing) return missing;
  }
  return null;
}

function missingForStep(step: CaseStep, gpu: GpuDevice): string | null {
  const features = featuresOf(step);
  const feature = features.find((name) => !gpu.device.features.has(name));
  if (feature) return `the device has no ${feature}`;
  const { subgroupMinSize: smallest, subgroupMaxSize: largest } = gpu;
  const { subgroupSize: size } = step;
  if (size !== undefined && (smallest !== size || largest !== size)) {
    return `needs subgroups of ${size} only, the adapter has ${smallest} to ${largest}`;
  }
  const { matrix } = step;
  if (matrix && !gpu.subgroupMatrices.some((shape) => isSame(shape, matrix))) {
    const { component, result, m, n, k } = matrix;
    return `needs matrix units for ${component}*${component}->${result} ${m}x${n}x${k}`;
  }
  const { spec, tunables, dims } = step.instance;
  if (spec.fits?.(tunables, dims, gpu.limits) === false) return 'tiles too large for the device';
  const threads = spec.workgroup(tunables, dims);
  // Sums by shuffles are right only when the threads that share one always share a subgroup.
  const lanes = features.includes('subgroups') ? (tunables.lanes ?? threads) : 0;
  if (size === undefined && smallest < lanes) {
    return `needs subgroups of ${lanes}, the adapter has ${smallest}`;
  }
  const most = gpu.limits.maxComputeInvocationsPerWorkgroup;
  return threads > most ? `${threads} threads a workgroup, the device allows ${most}` : null;
}

function isSame(a: SubgroupMatrixShape, b: SubgroupMatrixShape): boolean {
  return (
    a.component === b.component &&
    a.result === b.result &&
    a.m === b.m &&
    a.n === b.n &&
    a.k === b.k
  );
}

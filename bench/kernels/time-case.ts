import type { Host } from '../../src/core/host.ts';
import { median } from '../../src/core/quantile.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { Dispatch, KernelCompiler } from '../../src/gpu/program.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { type Elapsed, isGpuClockTrusted, Stopwatch } from '../../src/gpu/stopwatch.ts';
import type { CaseBuffers, KernelCase } from './case.ts';
import { bindSteps, boundAs, uploadBuffers } from './case-buffers.ts';
import { describeCase, makeBuffers } from './run-case.ts';

export interface TimeOptions {
  /** `cold`: every run reads buffers that `coldBytes` of others have passed since. `warm`: the same ones. */
  cache: 'cold' | 'warm';
  /** Default 9. */
  samples?: number;
  /** Wall time that one sample is made to last at least, so that its start and end do not matter. Default 20. */
  sampleMs?: number;
  /** More than any cache of the adapter holds. Default 256 MiB. */
  coldBytes?: number;
}

export interface CaseTiming {
  /** Median over the samples, of one run of all steps. */
  ms: number;
  samplesMs: number[];
  gbPerSecond: number;
  gflopPerSecond: number;
  /** Whose clock: the device's own, or ours around a submit and the end of its work. */
  clock: 'gpu' | 'wall';
  /** Runs in one sample. */
  iterations: number;
  /** Copies of the buffers that the runs rotate through. */
  copies: number;
}

/** Copies at most, however small the case: a bind group each. */
const MOST_COPIES = 64;

/**
 * Times a case by many runs a submit; results are not looked at, so run `runCase` before.
 * A run is all of its steps, with the gaps that the driver leaves between dispatches.
 */
export async function timeCase(
  gpu: GpuDevice,
  host: Host,
  compiler: KernelCompiler,
  kernelCase: KernelCase,
  options: TimeOptions,
): Promise<CaseTiming> {
  const { cache, samples = 9, sampleMs = 20, coldBytes = 256 * 1024 * 1024 } = options;
  const scope = scoped(gpu);
  try {
    const buffers = makeBuffers(kernelCase);
    const copies = cache === 'warm' ? 1 : copiesFor(buffers, coldBytes);
    const runs: Dispatch[][] = [];
    for (let i = 0; i < copies; i++) {
      const slices = uploadBuffers(scope, buffers, boundAs(kernelCase, 'uniform'));
      runs.push(await bindSteps(scope, compiler, kernelCase.steps, slices, 'exact'));
    }
    const stopwatch = new Stopwatch(scope, host, describeCase(kernelCase));
    const iterations = await stopwatch.iterationsFor(runs, sampleMs);
    const taken: Elapsed[] = [];
    for (let i = 0; i < samples; i++) taken.push(await stopwatch.time(runs, iterations));
    return { ...summarise(kernelCase, taken, iterations), iterations, copies };
  } finally {
    scope.release();
  }
}

function copiesFor(buffers: CaseBuffers, coldBytes: number): number {
  const bytes = Object.values(buffers).reduce((sum, b) => sum + b.bytes.byteLength, 0);
  return Math.max(2, Math.min(MOST_COPIES, Math.ceil(coldBytes / bytes)));
}

function summarise({ bytes, flops }: KernelCase, taken: readonly Elapsed[], iterations: number) {
  const isTrusted = isGpuClockTrusted(taken);
  const clock: CaseTiming['clock'] = isTrusted ? 'gpu' : 'wall';
  const samplesMs = taken.map(
    ({ gpuMs, wallMs }) => (isTrusted ? (gpuMs ?? 0) : wallMs) / iterations,
  );
  const ms = median(samplesMs);
  return { ms, samplesMs, clock, gbPerSecond: bytes / ms / 1e6, gflopPerSecond: flops / ms / 1e6 };
}

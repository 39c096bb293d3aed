import type { Host } from '../../src/core/host.ts';
import { median } from '../../src/core/quantile.ts';
import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { Dispatch, KernelCompiler } from '../../src/gpu/program.ts';
import { type DeviceScope, scoped } from '../../src/gpu/scope.ts';
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

/** One submit never holds more runs than this: a driver's watchdog ends what lasts seconds. */
const MOST_ITERATIONS = 4096;
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
    let iterations = copies;
    // The first round also pays for what drivers put off until a kernel's first run.
    for (let round = 0; round < 12; round++) {
      const { wallMs } = await stopwatch.time(runs, iterations);
      if (wallMs >= sampleMs || iterations >= MOST_ITERATIONS) break;
      const wanted = Math.ceil((iterations * 1.2 * sampleMs) / Math.max(wallMs, 0.01));
      iterations = Math.min(MOST_ITERATIONS, Math.min(wanted, iterations * 16));
    }
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
  // A device's clock is believed when every reading is positive and fits into the wall time around it.
  const isTrusted = taken.every(
    ({ gpuMs, wallMs }) => gpuMs !== null && gpuMs > 0 && gpuMs <= wallMs * 1.02,
  );
  const clock: CaseTiming['clock'] = isTrusted ? 'gpu' : 'wall';
  const samplesMs = taken.map(
    ({ gpuMs, wallMs }) => (isTrusted ? (gpuMs ?? 0) : wallMs) / iterations,
  );
  const ms = median(samplesMs);
  return { ms, samplesMs, clock, gbPerSecond: bytes / ms / 1e6, gflopPerSecond: flops / ms / 1e6 };
}

interface Elapsed {
  wallMs: number;
  /** Null where the adapter has no timestamps, or is software: there they say when work was queued. */
  gpuMs: number | null;
}

/** Times submits, by timestamps of the pass where the adapter is a GPU that has them. */
class Stopwatch {
  readonly #gpu: DeviceScope;
  readonly #host: Host;
  readonly #what: string;
  readonly #queries: { set: GPUQuerySet; resolved: GPUBuffer } | null;

  constructor(gpu: DeviceScope, host: Host, what: string) {
    this.#gpu = gpu;
    this.#host = host;
    this.#what = what;
    const isUseful = gpu.hasTimestamps && gpu.info.kind === 'gpu';
    this.#queries = isUseful
      ? {
          set: gpu.device.createQuerySet({ type: 'timestamp', count: 2 }),
          resolved: gpu.createBuffer({
            kind: 'staging',
            label: 'timestamps',
            size: 16,
            usage: bufferUsage.QUERY_RESOLVE | bufferUsage.COPY_SRC,
          }),
        }
      : null;
  }

  /** `iterations` runs in one pass, taking turns with the copies. */
  async time(runs: readonly Dispatch[][], iterations: number): Promise<Elapsed> {
    const { device } = this.#gpu;
    const queries = this.#queries;
    return this.#gpu.check(`Timing ${this.#what}`, async () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass(
        queries
          ? {
              timestampWrites: {
                querySet: queries.set,
                beginningOfPassWriteIndex: 0,
                endOfPassWriteIndex: 1,
              },
            }
          : {},
      );
      for (let i = 0; i < iterations; i++) {
        for (const { kernel, grid } of runs[i % runs.length] ?? []) {
          pass.setPipeline(kernel.pipeline);
          pass.setBindGroup(0, kernel.group);
          pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
        }
      }
      pass.end();
      if (queries) encoder.resolveQuerySet(queries.set, 0, 2, queries.resolved, 0);
      const commands = encoder.finish();
      const started = this.#host.now();
      device.queue.submit([commands]);
      await device.queue.onSubmittedWorkDone();
      const wallMs = this.#host.now() - started;
      return { wallMs, gpuMs: queries ? await this.#gpuMs(queries.resolved) : null };
    });
  }

  async #gpuMs(resolved: GPUBuffer): Promise<number> {
    const bytes = await this.#gpu.read(resolved, 0, 16);
    const [start = 0n, end = 0n] = new BigUint64Array(bytes.slice().buffer);
    return Number(end - start) / 1e6;
  }
}

import type { Host } from '../core/host.ts';
import { bufferUsage } from './constants.ts';
import type { GpuDevice } from './device.ts';
import type { Dispatch } from './program.ts';

export interface Elapsed {
  readonly wallMs: number;
  /** Null where the adapter has no timestamps, or is software: there they say when work was queued. */
  readonly gpuMs: number | null;
}

/** One submit never holds more runs than this: a driver's watchdog ends what lasts seconds. */
const MOST_ITERATIONS = 4096;

/** True when every reading of a device's clock is positive and fits into the wall time around it. */
export function isGpuClockTrusted(taken: readonly Elapsed[]): boolean {
  return taken.every(({ gpuMs, wallMs }) => gpuMs !== null && gpuMs > 0 && gpuMs <= wallMs * 1.02);
}

/** Times submits, by timestamps of the pass where the adapter is a GPU that has them. */
export class Stopwatch {
  readonly #gpu: GpuDevice;
  readonly #host: Host;
  readonly #what: string;
  #turn = 0;
  readonly #queries: { set: GPUQuerySet; resolved: GPUBuffer } | null;

  /** `gpu` owns the buffer that timestamps go to; `what` names the work in errors. */
  constructor(gpu: GpuDevice, host: Host, what: string) {
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

  /**
   * Runs a submit needs to last `sampleMs`, found by trying. Unless the kernels have run before (`isWarm`),
   * the first try also pays for what drivers put off until then, and is not believed.
   */
  async iterationsFor(
    runs: readonly Dispatch[][],
    sampleMs: number,
    isWarm = false,
  ): Promise<number> {
    let iterations = 1;
    for (let round = isWarm ? 1 : 0; round < 12; round++) {
      const { wallMs } = await this.time(runs, iterations);
      if ((wallMs >= sampleMs && round > 0) || iterations >= MOST_ITERATIONS) break;
      const wanted = Math.ceil((iterations * 1.2 * sampleMs) / Math.max(wallMs, 0.01));
      iterations = Math.max(1, Math.min(MOST_ITERATIONS, wanted, iterations * 16));
    }
    return iterations;
  }

  /** `iterations` runs in one pass, taking turns where the last call left off. */
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
        for (const { kernel, grid } of runs[this.#turn++ % runs.length] ?? []) {
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

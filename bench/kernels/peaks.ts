import { probeCopy } from '../../kernels/probe-copy.ts';
import { probeFma } from '../../kernels/probe-fma.ts';
import { probeRead } from '../../kernels/probe-read.ts';
import { BenchError } from '../../src/core/errors.ts';
import type { Host } from '../../src/core/host.ts';
import type { Peaks } from '../../src/core/kernel-peaks.ts';
import { median } from '../../src/core/quantile.ts';
import { Rng } from '../../src/core/rng.ts';
import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { instantiate, type KernelInstance } from '../../src/gpu/kernel.ts';
import {
  type Dispatch,
  dispatchOf,
  encodePass,
  type KernelCompiler,
} from '../../src/gpu/program.ts';
import { type DeviceScope, scoped } from '../../src/gpu/scope.ts';
import { isGpuClockTrusted, Stopwatch } from '../../src/gpu/stopwatch.ts';
import { fromFloat16Array } from '../../src/model/float16.ts';
import type { Scalar } from './expectation.ts';
import { type ProbeSizes, probeSizes } from './probe-sizes.ts';
import { encode, normals } from './values.ts';

const SAMPLES = 5;
const SAMPLE_MS = 20;
/** Dispatches in the pass whose encoding is timed. */
const ENCODED = 1000;

/**
 * Measures what the adapter does at best, with kernels that do nothing else: the figures that others are held
 * against, so measured in the same process. Throws `quality` when a probe's result is wrong.
 */
export async function measurePeaks(
  gpu: GpuDevice,
  host: Host,
  compiler: KernelCompiler,
): Promise<Peaks> {
  const scope = scoped(gpu);
  try {
    const probe = new Probe(scope, host, compiler, probeSizes(gpu));
    return await probe.run();
  } finally {
    scope.release();
  }
}

class Probe {
  readonly #gpu: DeviceScope;
  readonly #host: Host;
  readonly #compiler: KernelCompiler;
  readonly #sizes: ProbeSizes;
  readonly #stopwatch: Stopwatch;
  readonly #x: GPUBuffer;
  readonly #y: GPUBuffer;
  #isGpuClock = true;

  constructor(gpu: DeviceScope, host: Host, compiler: KernelCompiler, sizes: ProbeSizes) {
    this.#gpu = gpu;
    this.#host = host;
    this.#compiler = compiler;
    this.#sizes = sizes;
    this.#stopwatch = new Stopwatch(gpu, host, 'a probe');
    this.#x = this.#buffer('probe x', sizes.bufferBytes);
    this.#y = this.#buffer('probe y', sizes.bufferBytes);
    this.#fillRandomly();
  }

  async run(): Promise<Peaks> {
    const { bufferBytes, tilings } = this.#sizes;
    const n = bufferBytes / 16;
    const reads: number[] = [];
    const copies: number[] = [];
    for (const tunables of tilings) {
      const read = await this.#bind(instantiate(probeRead, { dims: { n }, tunables }));
      // One vector of sums for every `per` that are read.
      const readBytes = bufferBytes * (1 + 1 / (tunables.per ?? 1));
      reads.push(readBytes / (await this.#runMs(read)) / 1e6);
      const copy = await this.#bind(instantiate(probeCopy, { dims: { n }, tunables }));
      copies.push((2 * bufferBytes) / (await this.#runMs(copy)) / 1e6);
      await this.#checkCopy();
    }
    const f32GflopPerSecond = await this.#fmaRate('f32');
    const f16GflopPerSecond = this.#gpu.hasF16 ? await this.#fmaRate('f16') : null;
    const tiny = await this.#bind(instantiate(probeCopy, { dims: { n: 64 } }));
    return {
      readGbPerSecond: Math.max(...reads),
      copyGbPerSecond: Math.max(...copies),
      f32GflopPerSecond,
      f16GflopPerSecond,
      dispatchUs: (await this.#runMs(tiny)) * 1000,
      encodeUs: await this.#encodeUs(tiny),
      bufferBytes,
      clock: this.#isGpuClock ? 'gpu' : 'wall',
    };
  }

  /** Median milliseconds of one dispatch among many. */
  async #runMs(dispatch: Dispatch): Promise<number> {
    const iterations = await this.#stopwatch.iterationsFor([[dispatch]], SAMPLE_MS);
    const taken = [];
    for (let i = 0; i < SAMPLES; i++) {
      taken.push(await this.#stopwatch.time([[dispatch]], iterations));
    }
    const isGpuClock = isGpuClockTrusted(taken);
    this.#isGpuClock &&= isGpuClock;
    return median(
      taken.map(({ gpuMs, wallMs }) => (isGpuClock ? (gpuMs ?? 0) : wallMs) / iterations),
    );
  }

  async #fmaRate(elem: Scalar): Promise<number> {
    const { threads: n, steps } = this.#sizes;
    const [b, c] = [0.5, 0.25];
    const line = this.#buffer('probe line', 16);
    const start = this.#buffer('probe start', n * 16);
    this.#gpu.device.queue.writeBuffer(line, 0, encode(Float32Array.of(b, c, 0, 0), elem).slice());
    this.#gpu.device.queue.writeBuffer(
      start,
      0,
      encode(normals(new Rng('fma'), 4 * n), elem).slice(),
    );
    const instance = instantiate(probeFma, { dims: { n, steps }, elem });
    const dispatch = await this.#bind(instance, { x: start, line, y: this.#y });
    const ms = await this.#runMs(dispatch);
    const bytes = (await this.#gpu.read(this.#y, 0, 16)).slice().buffer;
    const [got = Number.NaN] =
      elem === 'f16' ? fromFloat16Array(new Uint16Array(bytes)) : new Float32Array(bytes);
    // Where a := a·b + c leads to, whatever it starts from; three chains.
    const wanted = (3 * c) / (1 - b);
    if (!(Math.abs(got - wanted) < 0.01)) throw wrongProbe(`${probeFma.name} ${elem}`, got, wanted);
    return (24 * n * steps) / ms / 1e6;
  }

  /** Median host microseconds to encode and submit one of many dispatches. */
  async #encodeUs(dispatch: Dispatch): Promise<number> {
    const { device } = this.#gpu;
    const many = Array.from({ length: ENCODED }, () => dispatch);
    const samples: number[] = [];
    for (let i = 0; i < 2 * SAMPLES; i++) {
      const started = this.#host.now();
      const encoder = device.createCommandEncoder();
      encodePass(encoder, many);
      device.queue.submit([encoder.finish()]);
      samples.push(this.#host.now() - started);
      await device.queue.onSubmittedWorkDone();
    }
    return (median(samples) * 1000) / ENCODED;
  }

  async #checkCopy(): Promise<void> {
    const length = 4096;
    const at = this.#sizes.bufferBytes - length;
    const [from, to] = [
      await this.#gpu.read(this.#x, at, length),
      await this.#gpu.read(this.#y, at, length),
    ];
    const wrong = from.findIndex((byte, i) => byte !== to[i]);
    if (wrong >= 0) throw wrongProbe(probeCopy.name, to[wrong], from[wrong]);
  }

  #bind(
    instance: KernelInstance,
    buffers: Record<string, GPUBuffer> = { x: this.#x, y: this.#y },
  ): Promise<Dispatch> {
    const slices = Object.fromEntries(
      Object.entries(buffers).map(([name, buffer]) => [name, { buffer }]),
    );
    return this.#compiler
      .bind(instance, slices)
      .then((kernel) => dispatchOf(kernel, {}, this.#gpu.limits));
  }

  /** Random data: memory of zeros may be compressed, or not be there at all. */
  #fillRandomly(): void {
    const { bufferBytes } = this.#sizes;
    const chunk = new Uint32Array(Math.min(bufferBytes, 2 ** 22) / 4);
    new Rng('probe').fillU32(chunk);
    for (let at = 0; at < bufferBytes; at += chunk.byteLength) {
      this.#gpu.device.queue.writeBuffer(this.#x, at, chunk);
    }
  }

  #buffer(label: string, size: number): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = bufferUsage;
    const usage = STORAGE | COPY_SRC | COPY_DST;
    return this.#gpu.createBuffer({ kind: 'activations', label, size, usage });
  }
}

function wrongProbe(kernel: string, got: number | undefined, wanted: number | undefined) {
  return new BenchError('quality', `${kernel}: a result is ${got}, wanted ${wanted}`, {
    hint: 'The driver computes wrongly, or mtok does; please report it with the output of mtok doctor.',
  });
}

import { BenchError, invariant, toBenchError } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import { bufferUsage, mapMode } from '../../gpu/constants.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import {
  type BoundKernel,
  type Dispatch,
  dispatchOf,
  encodePass,
  KernelCompiler,
} from '../../gpu/program.ts';
import type { PackedModel } from '../packed.ts';
import { allocateRun, chunkTokens, RING, type RunBuffers, type RunShape } from './buffers.ts';
import type { LoadClock } from './device-matrix.ts';
import { defaultChoices } from './kernel-choice.ts';
import type { ProgramContext } from './program-context.ts';
import { buildLogits, buildProgram, type Program } from './programs.ts';
import { uploadWeights } from './weights.ts';

const NOT_A_TOKEN = 0xffffffff;

/**
 * The forward pass on the device: `batch` sequences of equal length with their KV cache. Bind groups,
 * pipelines and buffers are made once; a step is one pass and one submit, and its token stays on the
 * device for the next step.
 */
export class Decoder {
  readonly shape: RunShape;
  readonly #gpu: GpuDevice;
  readonly #run: RunBuffers;
  readonly #context: ProgramContext;
  readonly #prefill: Program;
  readonly #decodeStep: Dispatch[];
  #logits: { rows: number; buffer: GPUBuffer; kernels: BoundKernel[] } | null = null;
  /** Tokens in the cache of each sequence. */
  position = 0;
  #picked = 0;

  private constructor(context: ProgramContext, programs: { prefill: Program; decode: Program }) {
    this.#gpu = context.gpu;
    this.shape = context.shape;
    this.#run = context.run;
    this.#context = context;
    this.#prefill = programs.prefill;
    const { decode } = programs;
    this.#decodeStep = [
      ...this.#dispatches(decode.body, this.shape.batch),
      ...this.#dispatches(decode.pick, this.shape.batch),
    ];
  }

  /** Uploads the model and compiles every kernel. The caller frees the device's buffers by disposing of it. */
  static async open(
    gpu: GpuDevice,
    host: Host,
    model: PackedModel,
    request: Omit<RunShape, 'maxRows' | 'config'>,
    clock: LoadClock & { compileMs: number },
  ): Promise<Decoder> {
    const { config } = model;
    const limit = gpu.limits.maxStorageBufferBindingSize;
    const chunk = chunkTokens(config, request.batch, request.capacity, limit);
    const shape: RunShape = { ...request, config, maxRows: chunk * request.batch };
    const weights = await uploadWeights(gpu, model, shape.capacity, clock);
    const run = allocateRun(gpu, shape);
    const started = clock.now();
    const compiler = new KernelCompiler(gpu, host);
    const choices = defaultChoices(gpu);
    const context: ProgramContext = { gpu, compiler, choices, shape, weights, run };
    const prefill = await buildProgram(context, 'prefill');
    const decode = await buildProgram(context, 'decode');
    clock.compileMs += clock.now() - started;
    return new Decoder(context, { prefill, decode });
  }

  /** Dispatches of one decode step. */
  get dispatchesPerStep(): number {
    return this.#decodeStep.length;
  }

  /** Appends tokens[batch][seq]; the next token of each sequence, once on the host. */
  async append(tokens: Int32Array): Promise<Int32Array> {
    const seq = tokens.length / this.shape.batch;
    const chunk = this.shape.maxRows / this.shape.batch;
    for (let at = 0; at < seq; at += chunk) {
      const count = Math.min(chunk, seq - at);
      this.#writeInputs(tokens, seq, at, count);
      const isLast = at + count === seq;
      const rows = count * this.shape.batch;
      const pass = [...this.#dispatches(this.#prefill.body, rows)];
      if (isLast) pass.push(...this.#dispatches(this.#prefill.pick, this.shape.batch));
      this.#submit(pass, isLast);
      this.position += count;
    }
    return this.#readPicked();
  }

  /** One more token for each sequence from the last prediction. */
  async step(): Promise<Int32Array> {
    this.#submit(this.#decodeStep, true);
    this.position += 1;
    return this.#readPicked();
  }

  /** Appends tokens[seq] to the only sequence; logits of every position, f32[seq][vocab]. */
  async logits(tokens: Int32Array): Promise<Float32Array> {
    invariant(this.shape.batch === 1, 'logits of a batch');
    const { vocab } = this.shape.config;
    const { rows: most, buffer, kernels } = await this.#logitsProgram();
    const out = new Float32Array(tokens.length * vocab);
    for (let at = 0; at < tokens.length; at += most) {
      const count = Math.min(most, tokens.length - at);
      this.#writeInputs(tokens, tokens.length, at, count);
      const body = this.#dispatches(this.#prefill.body, count);
      this.#submit([...body, ...this.#dispatches(kernels, count)], false);
      this.position += count;
      const bytes = await this.#gpu.read(buffer, 0, count * vocab * 4);
      out.set(new Float32Array(bytes.buffer, bytes.byteOffset, count * vocab), at * vocab);
    }
    return out;
  }

  /** Forgets all but the first `position` tokens; later ones are overwritten, never attended to. */
  rewind(position: number): void {
    invariant(position >= 0 && position <= this.position, `rewind to ${position}`);
    this.position = position;
  }

  /** A logits buffer of at most 32 MiB and one binding, made when first wanted: a timed run never has one. */
  async #logitsProgram() {
    if (!this.#logits) {
      const { vocab } = this.shape.config;
      const bytes = Math.min(2 ** 25, this.#gpu.limits.maxStorageBufferBindingSize);
      const rows = Math.max(1, Math.min(this.shape.maxRows, Math.floor(bytes / 4 / vocab)));
      const buffer = this.#gpu.createBuffer({
        kind: 'activations',
        label: 'all logits',
        size: rows * vocab * 4,
        usage: bufferUsage.STORAGE | bufferUsage.COPY_SRC,
      });
      this.#logits = { rows, buffer, kernels: await buildLogits(this.#context, buffer) };
    }
    return this.#logits;
  }

  #dispatches(kernels: readonly BoundKernel[], rows: number): Dispatch[] {
    const { batch } = this.shape;
    const call = { rows, batch, seq: rows / batch };
    return kernels.map((kernel) => dispatchOf(kernel, call, this.#gpu.limits));
  }

  /** Token ids of positions `at` … `at + count − 1` of each sequence, and the state they run in. */
  #writeInputs(tokens: Int32Array, seq: number, at: number, count: number): void {
    const { batch } = this.shape;
    const rows = new Uint32Array(batch * count);
    for (let b = 0; b < batch; b++) {
      rows.set(tokens.subarray(b * seq + at, b * seq + at + count), b * count);
    }
    const { queue } = this.#gpu.device;
    queue.writeBuffer(this.#run.tokens, 0, rows);
    const state = new Uint32Array([this.position, count, this.#picked, 0]);
    queue.writeBuffer(this.#run.state, 0, state);
  }

  #submit(pass: readonly Dispatch[], wantsTokens: boolean): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    encodePass(encoder, pass);
    if (wantsTokens) {
      const bytes = this.shape.batch * 4;
      const slot = (this.#picked % RING) * bytes;
      encoder.copyBufferToBuffer(this.#run.picked, slot, this.#run.readback, 0, bytes);
      this.#picked += 1;
    }
    device.queue.submit([encoder.finish()]);
  }

  async #readPicked(): Promise<Int32Array> {
    const { readback } = this.#run;
    const bytes = this.shape.batch * 4;
    try {
      await readback.mapAsync(mapMode.READ, 0, bytes);
    } catch (cause) {
      this.#gpu.assertAlive();
      throw toBenchError(cause, 'validation');
    }
    const picked = new Uint32Array(readback.getMappedRange(0, bytes).slice(0));
    readback.unmap();
    this.#gpu.assertAlive();
    if (picked.includes(NOT_A_TOKEN)) {
      throw new BenchError('quality', `The logits hold NaN at position ${this.position}.`, {
        hint: 'The weights or activations overflow; try --activations f32 or --variant f32.',
      });
    }
    return Int32Array.from(picked);
  }
}

import { mmaModules } from '../../../kernels/modules.ts';
import { invariant } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { Profile } from '../../core/profile.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import {
  type BoundKernel,
  type Dispatch,
  dispatchOf,
  encodePass,
  KernelCompiler,
} from '../../gpu/program.ts';
import type { PackedModel } from '../packed.ts';
import { allocateRun } from './allocate-run.ts';
import { chunkTokens, type RunBuffers, type RunShape } from './buffers.ts';
import type { LoadClock } from './device-matrix.ts';
import { defaultChoices, type KernelChoices, prefillClass } from './kernel-choice.ts';
import { type LogitsProgram, makeLogitsProgram } from './logits-program.ts';
import { profileStep } from './profile-step.ts';
import type { ProgramContext } from './program-context.ts';
import { buildProgram, type Program } from './programs.ts';
import { type PendingTokens, TokenReadback } from './token-readback.ts';
import { uploadWeights } from './weights.ts';

/**
 * The forward pass on the device: `batch` sequences of equal length with their KV cache. Bind groups,
 * pipelines and buffers are made once; a step is one pass, and its token stays on the device for the next
 * step, so that several can be submitted before the host has seen the first.
 */
export class Decoder {
  readonly shape: RunShape;
  readonly #gpu: GpuDevice;
  readonly #run: RunBuffers;
  readonly #context: ProgramContext;
  /** By class of rows; the largest is made at once, others when a prompt of their size first comes. */
  readonly #prefills = new Map<number, Promise<Program>>();
  readonly #decodeStep: Dispatch[];
  readonly #shortStep: Dispatch[];
  readonly #readback: TokenReadback;
  #logits: Promise<LogitsProgram> | null = null;
  /** Tokens in the cache of each sequence. */
  position = 0;
  #picked = 0;
  #hasHalfProducts = false;

  private constructor(context: ProgramContext, decode: Program) {
    this.#gpu = context.gpu;
    this.shape = context.shape;
    this.#run = context.run;
    this.#context = context;
    this.#readback = new TokenReadback(context.gpu, context.run, context.shape.batch);
    const pick = this.#dispatches(decode.pick, this.shape.batch);
    const step = (body: BoundKernel[]) => [...this.#dispatches(body, this.shape.batch), ...pick];
    this.#decodeStep = step(decode.body);
    this.#shortStep = decode.shortBody ? step(decode.shortBody) : this.#decodeStep;
  }

  /** Uploads the model and compiles every kernel. The caller frees the device's buffers by disposing of it. */
  static async open(
    gpu: GpuDevice,
    host: Host,
    model: PackedModel,
    request: Omit<RunShape, 'maxRows' | 'config'>,
    clock: LoadClock & { compileMs: number },
    choices: KernelChoices = defaultChoices(gpu),
  ): Promise<Decoder> {
    const { config } = model;
    const limit = gpu.limits.maxStorageBufferBindingSize;
    const chunk = chunkTokens(config, request.batch, request.capacity, limit);
    const shape: RunShape = { ...request, config, maxRows: chunk * request.batch };
    const weights = await uploadWeights(gpu, model, shape.capacity, clock);
    const run = allocateRun(gpu, shape);
    const started = clock.now();
    const compiler = new KernelCompiler(gpu, host);
    const context: ProgramContext = { gpu, compiler, choices, shape, weights, run };
    const decoder = new Decoder(context, await buildProgram(context, { name: 'decode' }));
    decoder.#hasHalfProducts = hasHalfProducts(await decoder.#prefill(shape.maxRows));
    clock.compileMs += clock.now() - started;
    return decoder;
  }

  /** Buffers that the activations share. */
  get activationSlots(): number {
    return this.#run.arena.length;
  }

  /** How the products of a prefill are computed: on matrix units, factors may be rounded. */
  get products(): 'f16 operands, f32 sums' | 'f32' {
    return this.#hasHalfProducts ? 'f16 operands, f32 sums' : 'f32';
  }

  /** Dispatches of one layer in a decode step. */
  get dispatchesPerLayer(): number {
    const step = this.#stepDispatches(this.position);
    return step.filter(({ kernel }) => isOfLayer(kernel)).length / this.shape.config.layers;
  }

  /** Dispatches of one decode step. */
  get dispatchesPerStep(): number {
    return this.#stepDispatches(this.position).length;
  }

  /** Appends tokens[batch][seq]; the next token of each sequence, once on the host. */
  async append(tokens: Int32Array): Promise<Int32Array> {
    const { batch, maxRows } = this.shape;
    const seq = tokens.length / batch;
    const chunk = maxRows / batch;
    let next: Int32Array = new Int32Array(batch);
    for (let at = 0; at < seq; at += chunk) {
      const count = Math.min(chunk, seq - at);
      const prefill = await this.#prefill(count * batch);
      this.#writeInputs(tokens, seq, at, count);
      const body = this.#dispatches(prefill.body, count * batch);
      this.position += count;
      if (at + count < seq) {
        this.#submit([body]);
        continue;
      }
      const pass = [...body, ...this.#dispatches(prefill.pick, batch)];
      await this.#readback.take(this.#submitPicking([pass], this.position), (picked) => {
        next = picked;
      });
    }
    return next;
  }

  /**
   * `count` more tokens for each sequence from the last prediction, handed to `onStep` in order. With `ahead`
   * above 1 that many steps are one submit, and the next ones are submitted before these are awaited: the host
   * waits once for `ahead` tokens. After a failure `position` is that of the step that failed.
   */
  async decode(
    count: number,
    ahead: number,
    onStep: (tokens: Int32Array) => void = () => {},
  ): Promise<void> {
    const groupsAtOnce = ahead > 1 ? 2 : 1;
    const underWay: PendingTokens[] = [];
    const end = this.position + count;
    let delivered = this.position;
    try {
      while (delivered < end) {
        while (this.position < end && underWay.length < groupsAtOnce) {
          underWay.push(this.#submitSteps(Math.min(ahead, end - this.position)));
        }
        const group = underWay.shift();
        invariant(group, 'no step is under way');
        await this.#readback.take(group, (tokens) => {
          onStep(tokens);
          delivered += 1;
        });
      }
    } catch (error) {
      for (const group of underWay) await this.#readback.drop(group);
      this.position = Math.min(delivered + 1, end);
      throw error;
    }
  }

  /**
   * Appends tokens[seq] to the only sequence; logits of every position, f32[seq][vocab]. One token goes through
   * the kernels of a decode step, several through those of a prefill.
   */
  async logits(tokens: Int32Array): Promise<Float32Array> {
    invariant(this.shape.batch === 1, 'logits of a batch');
    if (tokens.length === 1) return this.stepLogits(tokens);
    const { vocab } = this.shape.config;
    this.#logits ??= makeLogitsProgram(this.#context);
    const { rows: most, buffer, kernels } = await this.#logits;
    const out = new Float32Array(tokens.length * vocab);
    for (let at = 0; at < tokens.length; at += most) {
      const count = Math.min(most, tokens.length - at);
      const prefill = await this.#prefill(count);
      this.#writeInputs(tokens, tokens.length, at, count);
      const body = this.#dispatches(prefill.body, count);
      this.#submit([[...body, ...this.#dispatches(kernels, count)]]);
      this.position += count;
      const bytes = await this.#gpu.read(buffer, 0, count * vocab * 4);
      out.set(new Float32Array(bytes.buffer, bytes.byteOffset, count * vocab), at * vocab);
    }
    return out;
  }

  /** Appends tokens[batch] through the kernels of a decode step; logits of each sequence, f32[batch][vocab]. */
  async stepLogits(tokens: Int32Array): Promise<Float32Array> {
    const { batch, config } = this.shape;
    this.#writeInputs(tokens, 1, 0, 1);
    this.#submit([this.#stepDispatches(this.position)]);
    this.position += 1;
    const count = batch * config.vocab;
    const bytes = await this.#gpu.read(this.#run.logits, 0, count * 4);
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }

  /** Forgets all but the first `position` tokens; later ones are overwritten, never attended to. */
  rewind(position: number): void {
    invariant(position >= 0 && position <= this.position, `rewind to ${position}`);
    this.position = position;
  }

  /**
   * Takes apart a prefill of `seq` tokens (of one chunk at most) behind `depth` cached ones, and the decode step after
   * it. Ends rewound to `depth`: what was behind it in the cache is overwritten.
   */
  async profile(host: Host, depth: number, seq: number): Promise<Profile> {
    const { batch, maxRows, capacity } = this.shape;
    this.rewind(depth);
    const rows = Math.min(seq * batch, maxRows);
    const { body, pick } = await this.#prefill(rows);
    const prefill = [...this.#dispatches(body, rows), ...this.#dispatches(pick, batch)];
    const position = Math.min(depth + seq, capacity - 1);
    const step = this.#stepDispatches(position);
    return {
      dispatchesPerLayer: this.dispatchesPerLayer,
      decode: await profileStep(this.#context, host, { dispatches: step, rows: batch, position }),
      prefill: await profileStep(this.#context, host, {
        dispatches: prefill,
        rows,
        position: depth,
      }),
    };
  }

  /** The program for a call of this many rows. */
  #prefill(rows: number): Promise<Program> {
    const most = prefillClass(rows);
    let program = this.#prefills.get(most);
    if (!program) {
      program = buildProgram(this.#context, { name: 'prefill', most });
      this.#prefills.set(most, program);
    }
    return program;
  }

  #dispatches(kernels: readonly BoundKernel[], rows: number): Dispatch[] {
    const { batch } = this.shape;
    const call = { rows, batch, seq: rows / batch };
    return kernels.map((kernel) => dispatchOf(kernel, call, this.#gpu.limits));
  }

  /** Token ids of positions `at` … `at + count − 1` of each sequence, and the state they run in. */
  #writeInputs(tokens: Int32Array, seq: number, at: number, count: number): void {
    const { batch, sampling } = this.shape;
    const seed = sampling?.seed ?? 0;
    const rows = new Uint32Array(batch * count);
    for (let b = 0; b < batch; b++) {
      rows.set(tokens.subarray(b * seq + at, b * seq + at + count), b * count);
    }
    const { queue } = this.#gpu.device;
    queue.writeBuffer(this.#run.tokens, 0, rows);
    const state = new Uint32Array([this.position, count, this.#picked, seed]);
    queue.writeBuffer(this.#run.state, 0, state);
  }

  /** What a decode step with `position` tokens in the cache is made of. */
  #stepDispatches(position: number): readonly Dispatch[] {
    const isShort = position < this.#context.choices.shortContext;
    return isShort ? this.#shortStep : this.#decodeStep;
  }

  #submitSteps(steps: number): PendingTokens {
    const first = this.position;
    const passes = Array.from({ length: steps }, (_, i) => this.#stepDispatches(first + i));
    this.position += steps;
    return this.#submitPicking(passes, first + 1);
  }

  /** Passes that each pick a token; the first follows sequences of `position` tokens. */
  #submitPicking(passes: readonly (readonly Dispatch[])[], position: number): PendingTokens {
    this.#submit(passes, (encoder) => {
      this.#readback.encode(encoder, this.#picked, passes.length);
    });
    this.#picked += passes.length;
    return this.#readback.begin(position, passes.length);
  }

  #submit(
    passes: readonly (readonly Dispatch[])[],
    after: (encoder: GPUCommandEncoder) => void = () => {},
  ): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    for (const pass of passes) encodePass(encoder, pass);
    after(encoder);
    device.queue.submit([encoder.finish()]);
  }
}

function isOfLayer({ role }: BoundKernel): boolean {
  return role !== 'embed' && role !== 'head' && role !== 'pick';
}

function hasHalfProducts({ body }: Program): boolean {
  return body.some(({ instance }) => instance.modules.mma === mmaModules.f16);
}

import type { Variant } from '../core/cell.ts';
import { BenchError, invariant } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { Profile } from '../core/profile.ts';
import type { GpuDevice } from '../gpu/device.ts';
import { type DeviceScope, scoped } from '../gpu/scope.ts';
import { MOST_RUN_AHEAD } from '../model/decoder/buffers.ts';
import { Decoder } from '../model/decoder/decoder.ts';
import { type TunedChoices, tunedChoices } from '../model/decoder/tuned-choices.ts';
import type {
  BackendEnvironment,
  CreateBackend,
  DecodeOptions,
  LoadPhases,
  Session,
  SessionMemory,
  SessionRequest,
} from './backend.ts';
import {
  checkDecode,
  checkLogits,
  checkPrefill,
  checkRequest,
  checkRewind,
  checkStep,
} from './checks.ts';

/** Our own WGSL kernels on any WebGPU adapter, in Node through Dawn or on a page. */
export const createBackend: CreateBackend = (environment) => ({
  name: 'wgsl',
  open: (request) => open(environment, request),
});

async function open(environment: BackendEnvironment, request: SessionRequest): Promise<Session> {
  checkRequest(request);
  checkShape(request);
  const { host } = environment;
  const gpu = await environment.gpu();
  const variant = resolveVariant(request, gpu);
  const clock = { now: () => host.now(), readMs: 0, uploadMs: 0, compileMs: 0 };
  gpu.resetPeak();
  const scope = scoped(gpu);
  try {
    const { kv, activations } = variant;
    const { batch, contextTokens: capacity, sampling } = request;
    const shape = { batch, capacity, kv, activations, sampling };
    const tuned = (await environment.tuned?.(gpu))?.table ?? null;
    const choices = tuned ? tunedChoices(gpu, tuned) : null;
    const decoder = await gpu.check('Loading the model', () =>
      Decoder.open(scope, host, request.model, shape, clock, choices ?? undefined),
    );
    const { readMs, uploadMs, compileMs } = clock;
    const load = { readMs, packMs: null, compileMs, uploadMs };
    return new WgslSession(scope, host, decoder, variant, load, choices);
  } catch (error) {
    scope.release();
    throw error;
  }
}

/** What the kernels' declarations ask of a model's sizes. */
function checkShape({ model }: SessionRequest): void {
  const { headDim } = model.config;
  if (headDim % 4 === 0 && headDim <= 256) return;
  throw new BenchError(
    'unsupported',
    `wgsl needs a head size that is a multiple of 4 and at most 256; ${model.name} has ${headDim}`,
    { hint: 'Use --backend reference.' },
  );
}

/** `auto` keeps activations in f32, which every adapter has, and halves the KV cache unless weights are f32 too. */
function resolveVariant({ variant }: SessionRequest, gpu: GpuDevice): Variant {
  const activations = variant.activations === 'auto' ? 'f32' : variant.activations;
  const smallest = variant.weights === 'f32' ? 'f32' : 'f16';
  const kv = variant.kv === 'auto' ? smallest : variant.kv;
  if (activations === 'f16' && !gpu.hasF16) {
    throw new BenchError('unsupported', `${gpu.info.name} has no shader-f16`, {
      hint: 'Use --activations f32 (or auto).',
    });
  }
  if (activations === 'int8' && variant.weights !== 'int8' && variant.weights !== 'int4') {
    throw new BenchError(
      'unsupported',
      `int8 activations are for int8 and int4 weights, not for ${variant.weights}`,
      { hint: 'Use --variant int8,int4, or --activations f32.' },
    );
  }
  return { weights: variant.weights, kv, activations };
}

class WgslSession implements Session {
  readonly variant: Variant;
  readonly load: LoadPhases;
  readonly mostRunAhead = MOST_RUN_AHEAD;
  readonly #gpu: DeviceScope;
  readonly #host: Host;
  readonly #decoder: Decoder;
  readonly #tuned: TunedChoices | null;
  /** A prediction is waiting to be fed back: `decode` may follow. */
  #hasNext = false;
  #disposed = false;

  constructor(
    gpu: DeviceScope,
    host: Host,
    decoder: Decoder,
    variant: Variant,
    load: LoadPhases,
    tuned: TunedChoices | null,
  ) {
    this.#gpu = gpu;
    this.#host = host;
    this.#decoder = decoder;
    this.#tuned = tuned;
    this.variant = variant;
    this.load = load;
  }

  get device() {
    return this.#gpu.info;
  }

  get settings() {
    const { batch, maxRows } = this.#decoder.shape;
    return {
      prefillChunkTokens: maxRows / batch,
      dispatchesPerStep: this.#decoder.dispatchesPerStep,
      dispatchesPerLayer: this.#decoder.dispatchesPerLayer,
      submitsPerStep: 1,
      activationSlots: this.#decoder.activationSlots,
      kernelChoices: describeChoices(this.#tuned),
      products: this.#decoder.products,
      subgroups: this.#gpu.hasSubgroups,
    };
  }

  get position(): number {
    return this.#decoder.position;
  }

  async rewind(position: number): Promise<void> {
    checkRewind(position, this.position);
    this.#decoder.rewind(position);
    this.#hasNext = false;
  }

  async prefill(tokens: Int32Array): Promise<Int32Array> {
    checkPrefill(tokens, this.#bounds());
    const next = await this.#decoder.append(tokens);
    this.#hasNext = true;
    return next;
  }

  async decode(
    count: number,
    onStep?: (tokens: Int32Array) => void,
    { runAhead = 1 }: DecodeOptions = {},
  ): Promise<void> {
    checkDecode(count, this.#bounds());
    invariant(this.#hasNext || count === 0, 'decode without a prefill before it');
    invariant(runAhead >= 1 && runAhead <= MOST_RUN_AHEAD, `run-ahead of ${runAhead} steps`);
    try {
      await this.#decoder.decode(count, runAhead, onStep);
    } catch (error) {
      this.#hasNext = false; // steps that ran ahead have moved the device's state on
      throw error;
    }
  }

  async logits(tokens: Int32Array): Promise<Float32Array> {
    checkLogits(tokens, this.#bounds());
    this.#hasNext = false;
    return this.#decoder.logits(tokens);
  }

  async stepLogits(tokens: Int32Array): Promise<Float32Array> {
    checkStep(tokens, this.#bounds());
    this.#hasNext = false;
    return this.#decoder.stepLogits(tokens);
  }

  async profile(depth: number, seq: number): Promise<Profile> {
    checkRewind(depth, this.position);
    this.#hasNext = false;
    return this.#decoder.profile(this.#host, depth, seq);
  }

  memory(): SessionMemory {
    const { peak, peakTotal } = this.#gpu.ledger();
    return {
      weightsBytes: peak.weights,
      kvCacheBytes: peak.kvCache,
      activationBytes: peak.activations,
      stagingBytes: peak.staging,
      peakGpuBytes: peakTotal,
    };
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#gpu.release();
  }

  #bounds() {
    const { batch, capacity, config } = this.#decoder.shape;
    return { batch, position: this.position, contextTokens: capacity, vocab: config.vocab };
  }
}

/** Where the kernels of a session come from: tuned for all of its shapes, for some, or for none. */
function describeChoices(tuned: TunedChoices | null): 'default' | 'tuned' | 'partly tuned' {
  if (!tuned || tuned.found === 0) return 'default';
  return tuned.missing === 0 ? 'tuned' : 'partly tuned';
}

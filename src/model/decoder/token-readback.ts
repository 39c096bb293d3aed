import { BenchError, toBenchError } from '../../core/errors.ts';
import { mapMode } from '../../gpu/constants.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import { RING, type RunBuffers } from './buffers.ts';

/** What the kernels write instead of a token where a logit is NaN. */
const NOT_A_TOKEN = 0xffffffff;

/** Tokens of consecutive steps on their way to the host. */
export interface PendingTokens {
  readonly staging: GPUBuffer;
  readonly steps: number;
  /** Length of the sequences that the first of these tokens follows. */
  readonly position: number;
  readonly mapped: Promise<void>;
}

/**
 * Brings picked tokens to the host. Staging buffers take turns, so that the tokens of steps that are still
 * running have a place while those before them are read.
 */
export class TokenReadback {
  readonly #gpu: GpuDevice;
  readonly #run: RunBuffers;
  readonly #stepBytes: number;
  #turn = 0;

  constructor(gpu: GpuDevice, run: RunBuffers, batch: number) {
    this.#gpu = gpu;
    this.#run = run;
    this.#stepBytes = batch * 4;
  }

  /** Copies that bring the tokens of `steps` steps from the ring, where `picked` were picked before them. */
  encode(encoder: GPUCommandEncoder, picked: number, steps: number): void {
    const { picked: ring } = this.#run;
    const staging = this.#staging();
    const bytes = this.#stepBytes;
    const first = picked % RING;
    const unbroken = Math.min(steps, RING - first);
    encoder.copyBufferToBuffer(ring, first * bytes, staging, 0, unbroken * bytes);
    if (unbroken === steps) return;
    const rest = (steps - unbroken) * bytes;
    encoder.copyBufferToBuffer(ring, 0, staging, unbroken * bytes, rest);
  }

  /** To be called once the commands with the copies are submitted. */
  begin(position: number, steps: number): PendingTokens {
    const staging = this.#staging();
    this.#turn += 1;
    const mapped = staging.mapAsync(mapMode.READ, 0, steps * this.#stepBytes);
    mapped.catch(() => {}); // whoever takes the tokens hears of it
    return { staging, steps, position, mapped };
  }

  /**
   * Waits for the tokens and hands those of each step to `take`, in order. Throws `quality` at the first step
   * whose logits held NaN, after the steps before it were handed on; `device-lost` and others naming the steps.
   */
  async take(pending: PendingTokens, take: (tokens: Int32Array) => void): Promise<void> {
    const { steps, position } = pending;
    const picked = await this.arrival(pending);
    const batch = this.#stepBytes / 4;
    for (let step = 0; step < steps; step++) {
      const tokens = picked.subarray(step * batch, (step + 1) * batch);
      if (tokens.includes(NOT_A_TOKEN)) {
        throw new BenchError('quality', `The logits hold NaN at position ${position + step}.`, {
          hint: 'The weights or activations overflow; try --activations f32 or --variant f32.',
        });
      }
      take(Int32Array.from(tokens));
    }
  }

  /** Waits for the tokens, u32[steps, batch], whatever they are. Throws as `take` does, but for NaN. */
  async arrival(pending: PendingTokens): Promise<Uint32Array> {
    const { staging, steps, mapped } = pending;
    try {
      await mapped;
      const picked = new Uint32Array(staging.getMappedRange(0, steps * this.#stepBytes).slice(0));
      staging.unmap();
      this.#gpu.assertAlive();
      return picked;
    } catch (cause) {
      throw await this.#explain(pending, cause);
    }
  }

  /** Waits until the staging buffer may be written again, whatever became of the tokens. */
  async drop({ staging, mapped }: PendingTokens): Promise<void> {
    const isMapped = await mapped.then(
      () => true,
      () => false,
    );
    if (isMapped) staging.unmap();
  }

  #staging(): GPUBuffer {
    const { readbacks } = this.#run;
    return readbacks[this.#turn % 2 === 0 ? 0 : 1];
  }

  async #explain({ position, steps }: PendingTokens, thrown: unknown): Promise<BenchError> {
    const last = position + steps - 1;
    const what = `Reading the tokens of ${steps === 1 ? `position ${last}` : `positions ${position} to ${last}`}`;
    const error = await this.#gpu
      .check<BenchError>(what, () => Promise.reject(thrown))
      .catch((explained: unknown) => toBenchError(explained, 'validation'));
    const { code, message, hint } = error;
    const named = message.startsWith(what) ? message : `${what}: ${message}`;
    return new BenchError(code, named, { hint, cause: thrown });
  }
}

import type { Variant } from '../../core/cell.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { invariant } from '../../core/errors.ts';
import { type Sampling, sampleToken } from '../../core/sampling.ts';
import { type RopeTables, ropeTables } from '../../model/rope.ts';
import type { LoadPhases, Session, SessionMemory, SessionRequest } from '../backend.ts';
import {
  checkDecode,
  checkLogits,
  checkPrefill,
  checkRewind,
  checkStep,
  type SessionBounds,
} from '../checks.ts';
import { forward, headLogits } from './forward.ts';
import { KvCache } from './kv-cache.ts';
import { argmax } from './ops.ts';
import { type Weights, weightBytes } from './weights.ts';

export class ReferenceSession implements Session {
  readonly variant: Variant;
  readonly device: DeviceInfo = {
    name: 'JavaScript engine, one thread',
    vendor: 'unknown',
    kind: 'cpu',
    details: {},
  };
  readonly settings = { arithmetic: 'f64', threads: 1 };
  readonly load: LoadPhases;
  readonly mostRunAhead = 1;
  private state: { weights: Weights; cache: KvCache; tables: RopeTables } | null;
  private readonly bounds: SessionBounds;
  private readonly sampling: Sampling | undefined;
  /** Last prediction of each sequence, not yet in the cache; null before the first prefill. */
  private pending: Int32Array | null = null;

  constructor(request: SessionRequest, variant: Variant, weights: Weights, readMs: number) {
    const { batch, contextTokens, model } = request;
    this.variant = variant;
    this.sampling = request.sampling;
    this.bounds = { batch, position: 0, contextTokens, vocab: model.config.vocab };
    this.state = {
      weights,
      cache: new KvCache(model.config, batch, contextTokens, variant.kv),
      tables: ropeTables(model.config, contextTokens),
    };
    this.load = { readMs, packMs: null, compileMs: 0, uploadMs: 0 };
  }

  get position(): number {
    return this.bounds.position;
  }

  async rewind(position: number): Promise<void> {
    checkRewind(position, this.position);
    this.bounds.position = position;
  }

  async prefill(tokens: Int32Array): Promise<Int32Array> {
    const seq = checkPrefill(tokens, this.bounds);
    const hidden = this.advance(tokens, seq);
    const { weights } = this.open();
    const dim = weights.config.dim;
    const next = Int32Array.from({ length: this.bounds.batch }, (_, b) => {
      const last = (b + 1) * seq - 1;
      return this.pick(headLogits(hidden.subarray(last * dim, (last + 1) * dim), weights), b);
    });
    this.pending = next;
    return next.slice();
  }

  async decode(count: number, onStep?: (tokens: Int32Array) => void): Promise<void> {
    checkDecode(count, this.bounds);
    for (let step = 0; step < count; step++) {
      invariant(this.pending, 'decode before any prefill');
      const next = await this.prefill(this.pending);
      onStep?.(next);
    }
  }

  async logits(tokens: Int32Array): Promise<Float32Array> {
    const seq = checkLogits(tokens, this.bounds);
    return this.logitsOf(this.advance(tokens, seq));
  }

  async stepLogits(tokens: Int32Array): Promise<Float32Array> {
    checkStep(tokens, this.bounds);
    return this.logitsOf(this.advance(tokens, 1));
  }

  memory(): SessionMemory {
    return {
      weightsBytes: this.state ? weightBytes(this.state.weights) : 0,
      kvCacheBytes: this.state?.cache.byteLength ?? 0,
      activationBytes: null, // garbage-collected arrays
      stagingBytes: 0,
      peakGpuBytes: 0, // all of it is host memory
    };
  }

  async dispose(): Promise<void> {
    this.state = null;
  }

  /** Appends tokens[batch][seq]; returns the hidden states the LM head reads, f64[batch·seq, dim]. */
  private advance(tokens: Int32Array, seq: number): Float64Array {
    const { batch, position } = this.bounds;
    const hidden = forward(tokens, {
      ...this.open(),
      int8Activations: this.variant.activations === 'int8',
      batch,
      start: position,
    });
    this.bounds.position += seq;
    return hidden;
  }

  /** Logits of hidden[rows, dim], f32[rows][vocab]. */
  private logitsOf(hidden: Float64Array): Float32Array {
    const { weights } = this.open();
    const { dim } = weights.config;
    const { vocab } = this.bounds;
    const rows = hidden.length / dim;
    const out = new Float32Array(rows * vocab);
    for (let row = 0; row < rows; row++) {
      out.set(headLogits(hidden.subarray(row * dim, (row + 1) * dim), weights), row * vocab);
    }
    return out;
  }

  /** The next token of sequence `b` from its logits. */
  private pick(logits: Float64Array, b: number): number {
    return this.sampling ? sampleToken(logits, this.sampling, this.position, b) : argmax(logits);
  }

  private open() {
    invariant(this.state, 'use of a disposed session');
    return this.state;
  }
}

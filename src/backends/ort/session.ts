import type { Variant } from '../../core/cell.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { invariant } from '../../core/errors.ts';
import { fromFloat16Array } from '../../model/float16.ts';
import type { OutputKind } from '../../model/onnx/decoder.ts';
import { ioNames } from '../../model/onnx/decoder-io.ts';
import type { LoadPhases, Session, SessionMemory } from '../backend.ts';
import {
  checkDecode,
  checkLogits,
  checkPrefill,
  checkRewind,
  checkStep,
  type SessionBounds,
} from '../checks.ts';
import { ortError } from './errors.ts';
import type { Feeds, KvCache } from './kv-cache.ts';
import { indexOfLargest, predictions } from './predictions.ts';
import type { InferenceSession, Tensor } from './runtime.ts';

/** Everything an open session was made of. */
export interface SessionParts {
  backend: string;
  variant: Variant;
  device: DeviceInfo;
  settings: Record<string, string | number | boolean>;
  load: LoadPhases;
  bounds: SessionBounds;
  weightsBytes: number;
  cache: KvCache;
  /** Opens the graph of a kind; at most one is open at a time. */
  openGraph(kind: OutputKind): Promise<InferenceSession>;
  /** Tensors of whole numbers for a graph's inputs. */
  makeTensor(type: 'int32' | 'int64', values: number[] | Int32Array, dims: number[]): Tensor;
  /** Most tokens of a sequence that one run may append; 0: any number. */
  chunkTokens: number;
}

/** A decoder graph with its KV cache: one run appends tokens and predicts. */
export class OrtSession implements Session {
  readonly variant: Variant;
  readonly device: DeviceInfo;
  readonly settings: Record<string, string | number | boolean>;
  readonly load: LoadPhases;
  readonly mostRunAhead = 1;
  private readonly parts: SessionParts;
  private readonly bounds: SessionBounds;
  private graph: { kind: OutputKind; session: InferenceSession } | null;
  private disposed = false;
  /** Last prediction of each sequence, not yet in the cache; null before the first prefill. */
  private pending: Int32Array | null = null;

  constructor(parts: SessionParts, session: InferenceSession) {
    this.parts = parts;
    this.variant = parts.variant;
    this.device = parts.device;
    this.settings = parts.settings;
    this.load = parts.load;
    this.bounds = parts.bounds;
    this.graph = { kind: 'tokens', session };
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
    const next = await this.append(tokens, seq);
    return next.slice();
  }

  async decode(count: number, onStep?: (tokens: Int32Array) => void): Promise<void> {
    checkDecode(count, this.bounds);
    for (let step = 0; step < count; step++) {
      invariant(this.pending, 'decode before any prefill');
      const next = await this.append(this.pending, 1);
      onStep?.(next.slice());
    }
  }

  async logits(tokens: Int32Array): Promise<Float32Array> {
    const seq = checkLogits(tokens, this.bounds);
    const { vocab } = this.bounds;
    const out = new Float32Array(seq * vocab);
    await this.inChunks(seq, async (first, count) => {
      const results = await this.run('logits', tokens.subarray(first, first + count), count);
      out.set(results[ioNames.logits]?.data as Float32Array, first * vocab);
    });
    this.pending = Int32Array.of(indexOfLargest(out, (seq - 1) * vocab, vocab));
    return out;
  }

  async stepLogits(tokens: Int32Array): Promise<Float32Array> {
    checkStep(tokens, this.bounds);
    const results = await this.run('tokens', tokens, 1, [ioNames.stepLogits]);
    const values = results[ioNames.stepLogits]?.data as Float32Array | Uint16Array;
    this.pending = null;
    return values instanceof Float32Array ? values : fromFloat16Array(values);
  }

  memory(): SessionMemory {
    return {
      weightsBytes: this.disposed ? 0 : this.parts.weightsBytes,
      kvCacheBytes: this.disposed ? 0 : this.parts.cache.bytes,
      // ONNX Runtime does not say what it allocates for intermediate results and transfers.
      activationBytes: null,
      stagingBytes: null,
      // The CPU provider has none of the GPU's memory: a known zero.
      peakGpuBytes: this.parts.backend === 'ort-cpu' ? 0 : null,
    };
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    const { graph } = this;
    this.graph = null;
    await graph?.session.release();
    await this.parts.cache.dispose();
  }

  /** Appends tokens[batch][seq] and predicts the next token of each sequence. */
  private async append(tokens: Int32Array, seq: number): Promise<Int32Array> {
    const { batch, vocab } = this.bounds;
    let next: Int32Array = new Int32Array(batch);
    await this.inChunks(seq, async (first, count) => {
      const ids = timeMajor(tokens, batch, seq, first, count);
      const results = await this.run('tokens', ids, count);
      next = predictions(results, batch, vocab);
    });
    this.pending = next;
    return next;
  }

  private async inChunks(
    seq: number,
    run: (first: number, count: number) => Promise<void>,
  ): Promise<void> {
    const step = this.parts.chunkTokens || seq;
    for (let first = 0; first < seq; first += step) await run(first, Math.min(step, seq - first));
  }

  /** Appends ids[count][batch] in one run of a graph, and fetches what it computes beside the KV cache. */
  private async run(
    kind: OutputKind,
    ids: Int32Array,
    count: number,
    outputs?: readonly string[],
  ): Promise<Feeds> {
    const { parts, bounds } = this;
    const session = await this.use(kind);
    const total = bounds.position + count;
    const feeds: Feeds = {
      ...parts.cache.feeds(bounds.position),
      [ioNames.inputIds]: parts.makeTensor('int64', ids, [1, ids.length]),
      [ioNames.seqlens]: parts.makeTensor('int32', [total - 1], [1]),
      [ioNames.totalLength]: parts.makeTensor('int32', [total], []),
    };
    const fetches = { ...parts.cache.fetches(), ...outputsOf(session, outputs) };
    try {
      const results = (await session.run(feeds, fetches)) as Feeds;
      parts.cache.accept(results);
      bounds.position = total;
      return results;
    } catch (error) {
      throw ortError(`${parts.backend} failed at ${count} tokens after ${total - count}`, error);
    }
  }

  /** The graph of a kind. Two would hold the weights twice, so another one is closed first. */
  private async use(kind: OutputKind): Promise<InferenceSession> {
    invariant(!this.disposed, 'use of a disposed session');
    if (this.graph?.kind === kind) return this.graph.session;
    const old = this.graph;
    this.graph = null;
    await old?.session.release();
    const session = await this.parts.openGraph(kind);
    this.graph = { kind, session };
    return session;
  }
}

const RESULTS: readonly string[] = [ioNames.tokens, ioNames.groupMax, ioNames.logits];

/** Those of the outputs that a graph has, to be made by the engine. */
function outputsOf(session: InferenceSession, outputs = RESULTS): Record<string, null> {
  const names = session.outputNames.filter((name) => outputs.includes(name));
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** ids[count][batch] of the tokens [first, first + count) of tokens[batch][seq]. */
function timeMajor(
  tokens: Int32Array,
  batch: number,
  seq: number,
  first: number,
  count: number,
): Int32Array {
  if (batch === 1) return tokens.subarray(first, first + count);
  const out = new Int32Array(count * batch);
  for (let t = 0; t < count; t++) {
    for (let b = 0; b < batch; b++) out[t * batch + b] = tokens[b * seq + first + t] ?? 0;
  }
  return out;
}

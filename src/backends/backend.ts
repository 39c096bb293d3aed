import type { BackendName, Variant, VariantRequest } from '../core/cell.ts';
import type { DeviceInfo } from '../core/device.ts';
import type { Host } from '../core/host.ts';
import type { Profile } from '../core/profile.ts';
import type { Sampling } from '../core/sampling.ts';
import type { GpuDevice } from '../gpu/device.ts';
import type { TunedTable } from '../model/decoder/tuned-table.ts';
import type { PackedModel } from '../model/packed.ts';

/** What a session is opened for. Sizes are fixed for its life, so that nothing is allocated while it is timed. */
export interface SessionRequest {
  model: PackedModel;
  variant: VariantRequest;
  /** Sequences that advance together, ≥ 1. */
  batch: number;
  /** Longest sequence the KV cache must hold, prompt and generated tokens together. */
  contextTokens: number;
  /** How `prefill` and `decode` draw tokens; greedily without it. Engines that cannot refuse with `unsupported`. */
  sampling?: Sampling | undefined;
}

/** Milliseconds of each part of a cold start; null where an engine does not let us see it. */
export interface LoadPhases {
  readMs: number | null;
  packMs: number | null;
  compileMs: number | null;
  uploadMs: number | null;
}

/** Device bytes by kind, exact where we allocate, null (unknown) where an engine hides it. */
export interface SessionMemory {
  weightsBytes: number | null;
  kvCacheBytes: number | null;
  activationBytes: number | null;
  stagingBytes: number | null;
  /** Highest total since the session opened. */
  peakGpuBytes: number | null;
}

/** How a decode goes about its steps. */
export interface DecodeOptions {
  /**
   * Steps to submit before the host reads the first of their tokens; 1, the default, submits each step after the
   * token before it is on the host. At most what the session's `mostRunAhead` says.
   */
  runAhead?: number;
}

/**
 * One loaded model with its KV cache: `batch` sequences that always have the same length.
 * The timed boundary is a call of `prefill` or `decode`: token ids on the host in, token ids on the host out.
 */
export interface Session {
  /** What really runs, after `auto` was resolved. */
  readonly variant: Variant;
  readonly device: DeviceInfo;
  /** Every choice that bears on speed: execution provider, threads, graph capture, I/O binding, … */
  readonly settings: Record<string, string | number | boolean>;
  readonly load: LoadPhases;
  /** Tokens in the cache of each sequence. */
  readonly position: number;
  /** Most steps that `decode` can run ahead of the host; 1 where every step waits for the token before it. */
  readonly mostRunAhead: number;
  /** Forgets everything after the first `position` tokens of each sequence. Cheap; not timed. */
  rewind(position: number): Promise<void>;
  /**
   * Appends tokens[batch][seq] (row-major, flat) to the sequences.
   * Returns the next token of each, int32[batch], once it is on the host: the greedy one unless the session samples.
   */
  prefill(tokens: Int32Array): Promise<Int32Array>;
  /**
   * Generates `count` more tokens per sequence, feeding back the last prediction (of `prefill` or
   * of the previous `decode`); never stops early. `onStep` gets int32[batch] as soon as a step's tokens are
   * on the host, in order. The last token is predicted but not yet in the cache.
   */
  decode(
    count: number,
    onStep?: (tokens: Int32Array) => void,
    options?: DecodeOptions,
  ): Promise<void>;
  /**
   * Appends tokens[seq] (batch 1) and returns the logits of every position, f32[seq][vocab]. Never timed.
   */
  logits(tokens: Int32Array): Promise<Float32Array>;
  /**
   * Appends tokens[batch], one to each sequence, as a step of `decode` does, and returns the logits that the next
   * tokens are picked from, f32[batch][vocab]. Never timed. A prefill must come before the next `decode`.
   */
  stepLogits(tokens: Int32Array): Promise<Float32Array>;
  /**
   * Takes apart, kernel by kernel, a prefill of `seq` tokens a sequence behind `depth` cached ones, and the decode
   * step after it. Absent where the engine does not let us. Ends rewound to `depth`, which a prefill must follow.
   */
  profile?(depth: number, seq: number): Promise<Profile>;
  memory(): SessionMemory;
  /** Frees everything; safe to call twice. */
  dispose(): Promise<void>;
}

/** What is known of an adapter's best kernels. */
export interface TunedLookup {
  table: TunedTable | null;
  origin: 'none' | 'cache' | 'committed';
  /** Why a table that was found is not used, or null. */
  problem: string | null;
}

/** Surroundings of a backend, made by the host that runs it. */
export interface BackendEnvironment {
  host: Host;
  /** Folder for files an engine must have on disk (exported graphs); absent on a page. */
  cacheDir?: string;
  /** Opens the WebGPU device once for the process; throws `no-adapter`. */
  gpu(): Promise<GpuDevice>;
  /** The tuned table for the device; absent where there is none to be had, on a page. */
  tuned?(gpu: GpuDevice): Promise<TunedLookup>;
}

export interface Backend {
  readonly name: BackendName;
  /**
   * Throws BenchError: `unsupported` when this machine, model or variant cannot run here (with the reason
   * and what to do), `out-of-memory`, `engine`, … Nothing stays allocated after a throw.
   */
  open(request: SessionRequest): Promise<Session>;
}

/** What each module of src/backends exports. */
export type CreateBackend = (environment: BackendEnvironment) => Backend;

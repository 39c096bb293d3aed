import type { LlamaBuild } from '../backends/llama-cpp/builds.ts';
import type { BackendName, HostName, VariantRequest } from '../core/cell.ts';
import type { Peaks } from '../core/kernel-peaks.ts';
import type { LaunchJob, LaunchResult } from '../measure/launch.ts';
import type { LaunchPhase } from '../measure/progress.ts';
import type { KernelsTaskInput, KernelsTaskMessage, KernelsTaskResult } from './kernels-task.ts';
import type { GenerateRequest, LogitsRequest, SessionFacts } from './run-session.ts';
import type { TuneTaskInput, TuneTaskMessage } from './tune-task.ts';

/**
 * The work that a command hands to a process (or page) of its own: one entry per kind, with what goes
 * in, what comes out, and the messages sent meanwhile. Everything must survive structured cloning.
 */
export interface TaskTypes {
  probe: { input: ProbeInput; result: ProbeResult; message: never };
  providers: { input: Record<string, never>; result: ProvidersResult; message: never };
  llamaBuilds: { input: Record<string, never>; result: LlamaBuildsResult; message: never };
  launch: { input: LaunchTaskInput; result: LaunchResult; message: LaunchPhase };
  /** The message is a token, as it comes. */
  generate: {
    input: GenerateTaskInput;
    result: { tokens: number[] } & SessionFacts;
    message: number;
  };
  kernels: { input: KernelsTaskInput; result: KernelsTaskResult; message: KernelsTaskMessage };
  peaks: { input: Record<string, never>; result: PeaksResult; message: never };
  tune: { input: TuneTaskInput; result: Record<string, never>; message: TuneTaskMessage };
  logits: { input: LogitsTaskInput; result: { vocab: number } & SessionFacts; message: never };
}

export type TaskType = keyof TaskTypes;

/** One unit of work, as it crosses to the worker. */
export interface Task<T extends TaskType = TaskType> {
  type: T;
  input: TaskTypes[T]['input'];
}

/** What a worker runs for one kind of task. */
export type TaskHandler<T extends TaskType> = (
  input: TaskTypes[T]['input'],
  send: (message: TaskTypes[T]['message']) => void,
) => Promise<TaskTypes[T]['result']>;

/** Measures one launch of a cell. */
export interface LaunchTaskInput extends LaunchJob {
  /** `--adapter`, for a browser, which chooses anew; null takes the best. */
  adapter: string | null;
  /** Folder of packed models and exported graphs. */
  cacheDir: string;
}

/** Which model on which engine, for one session. */
export interface SessionTaskInput {
  /** Directory or `synthetic:<preset>[@seed]`. */
  model: string;
  backend: BackendName;
  host: HostName;
  /** `--adapter`, for a browser, which chooses anew; null takes the best. */
  adapter: string | null;
  variant: VariantRequest;
  /** Folder of packed models and exported graphs. */
  cacheDir: string;
}

export interface GenerateTaskInput extends SessionTaskInput, GenerateRequest {}

/** Asks for logits f32[tokens][vocab] in a file. */
export interface LogitsTaskInput extends SessionTaskInput, LogitsRequest {
  /** An empty file to write them to. */
  path: string;
}

/** Asks which adapters a process with this environment sees. */
export interface ProbeInput {
  /** Also try to open each one, which tells a driver that is too old from one that works. */
  open: boolean;
}

export interface ProbedAdapter {
  /** As drivers report it; a part of it selects the adapter. */
  name: string;
  vendor: string;
  kind: 'gpu' | 'software';
  /** Features, limits and the like (see describeAdapter). */
  details: Record<string, string | number | boolean>;
  /** Why it cannot be used, or null. */
  problem: string | null;
}

export interface ProbeResult {
  adapters: ProbedAdapter[];
}

/** What the process's adapter does at best. */
export interface PeaksResult {
  adapter: string;
  peaks: Peaks;
}

/** Execution providers that the installed onnxruntime-node was built with. */
export interface ProvidersResult {
  providers: { name: string; bundled: boolean }[];
}

/** Builds of llama.cpp that node-llama-cpp brought. */
export interface LlamaBuildsResult {
  builds: LlamaBuild[];
}

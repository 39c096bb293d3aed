import { type ChildProcess, fork } from 'node:child_process';
import { BenchError } from '../../core/errors.ts';
import { fromWireError, type WorkerMessage, workerMessageSchema } from '../messages.ts';
import type { Task, TaskType, TaskTypes } from '../tasks.ts';
import { ENTRY_PATH, WORKER_COMMAND } from './entry.ts';
import { OutputTail } from './output-tail.ts';

/** A process that has sent its result, or was asked to end, gets this long to do so by itself. */
const EXIT_GRACE_MS = 3000;

/**
 * V8 marks its heap step by step, 5 ms and a busy second thread at a time, when the memory outside of it grows fast;
 * ONNX Runtime's outputs on the processor are such memory. A program with a small heap is spared that, ours was not:
 * its decode came out at half the speed. Turned off, the dead outputs go in scavenges of under 1 ms.
 */
export const NODE_FLAGS: string[] = ['--no-incremental-marking'];

export interface RunTaskOptions<T extends TaskType> {
  /** Added to this process's environment; loaders read it when the child starts. */
  env?: Record<string, string>;
  onMessage?: (message: TaskTypes[T]['message']) => void;
  /** Wall time from the start of the process to its result. */
  timeoutMs?: number;
  /** Ends the child; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Another program than mtok's own, for tests. */
  entry?: string;
}

/**
 * Runs one task in a process of its own, so that a crash, a leak or a driver's state ends with it.
 * The child leads a process group, which is killed whole.
 * @throws BenchError of the worker, `crashed` when it died, `timeout`; the reason of `signal` when aborted.
 */
export async function runTask<T extends TaskType>(
  task: Task<T>,
  options: RunTaskOptions<T> = {},
): Promise<TaskTypes[T]['result']> {
  options.signal?.throwIfAborted();
  const child = fork(options.entry ?? ENTRY_PATH, [WORKER_COMMAND], {
    env: { ...process.env, ...options.env },
    execArgv: NODE_FLAGS,
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  });
  const output = new OutputTail(child);
  const killOnExit = (): void => signalGroup(child, 'SIGTERM');
  process.once('exit', killOnExit);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  try {
    return await exchange(child, task, options, output);
  } finally {
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), EXIT_GRACE_MS);
    await ended;
    clearTimeout(timer);
    process.off('exit', killOnExit);
  }
}

/** The conversation with the child, up to its result or its end. */
function exchange<T extends TaskType>(
  child: ChildProcess,
  task: Task<T>,
  options: RunTaskOptions<T>,
  output: OutputTail,
): Promise<TaskTypes[T]['result']> {
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (error: unknown): void => {
      settle(() => reject(error));
      // Lets a browser that the child started end with it; runTask follows up with SIGKILL.
      signalGroup(child, 'SIGTERM');
    };
    const onAbort = (): void => fail(signal?.reason);
    const relay = (message: unknown): void => {
      try {
        options.onMessage?.(message as TaskTypes[T]['message']);
      } catch (error) {
        fail(error);
      }
    };
    const receive = (raw: unknown): void => {
      const parsed = workerMessageSchema.safeParse(raw);
      if (!parsed.success) {
        fail(
          new BenchError('internal', `Malformed message from a worker: ${parsed.error.message}`),
        );
        return;
      }
      const message: WorkerMessage = parsed.data;
      if (message.type === 'ready') child.send(task, ignoreClosedChannel);
      else if (message.type === 'message') relay(message.message);
      else if (message.type === 'error') settle(() => reject(fromWireError(message.error)));
      else settle(() => resolve(message.result as TaskTypes[T]['result']));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => fail(timeoutError(task.type, timeoutMs)), timeoutMs);
    }
    child.on('message', receive);
    child.once('error', (cause) => {
      fail(new BenchError('crashed', `Cannot start a worker: ${cause.message}`, { cause }));
    });
    child.once('close', (code, killedBy) => {
      // Of no effect after a result: a promise settles once.
      settle(() => reject(crashError(task.type, code, killedBy, output)));
    });
  });
}

function ignoreClosedChannel(): void {
  // A child that died before it got its task is reported by its exit.
}

function timeoutError(type: string, timeoutMs: number): BenchError {
  const seconds = Math.round(timeoutMs / 100) / 10;
  return new BenchError('timeout', `The ${type} process gave no result within ${seconds} s`, {
    hint: 'Allow more time with --timeout, or ask for less: fewer tokens, a smaller model.',
  });
}

function crashError(
  type: string,
  code: number | null,
  killedBy: NodeJS.Signals | null,
  output: OutputTail,
): BenchError {
  const end = killedBy === null ? `ended with code ${code}` : `was killed by ${killedBy}`;
  const tail = output.text();
  return new BenchError('crashed', `The ${type} process ${end}${tail && `; it said:\n${tail}`}`, {
    hint:
      killedBy === 'SIGKILL'
        ? 'The system may have run out of memory: try a smaller model, batch or context.'
        : 'A driver or an engine may have failed: run `mtok doctor`, or try another --adapter.',
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

import { BenchError, toBenchError } from '../../core/errors.ts';
import { toWireError, type WorkerMessage } from '../messages.ts';
import type { Task, TaskHandler, TaskType, TaskTypes } from '../tasks.ts';

type Handlers = {
  [T in TaskType]: (input: TaskTypes[T]['input']) => Promise<TaskHandler<T>>;
};

const chromium = () => import('../chromium/tasks.ts');

/** By host and loaded on demand, so that a probe does not load engines. */
const handlers: Handlers = {
  probe: async () => (await import('./probe.ts')).probe,
  providers: async () => (await import('./tasks/providers.ts')).providers,
  llamaBuilds: async () => (await import('./tasks/llama-builds.ts')).llamaBuilds,
  launch: async ({ cell }) =>
    (cell.host === 'chromium' ? await chromium() : await import('./tasks/launch.ts')).launch,
  generate: async ({ host }) =>
    (host === 'chromium' ? await chromium() : await import('./tasks/generate.ts')).generate,
  kernels: async () => (await import('./tasks/kernels.ts')).kernels,
  peaks: async () => (await import('./tasks/peaks.ts')).peaks,
  tune: async () => (await import('./tasks/tune.ts')).tune,
  logits: async ({ host }) =>
    (host === 'chromium' ? await chromium() : await import('./tasks/logits.ts')).logits,
};

/**
 * Runs in a process started by runTask: takes one task, runs its handler and sends the result or the
 * error, then ends the process. Ends it too when the parent is gone.
 */
export function workerMain(): void {
  process.once('disconnect', () => process.exit(1));
  process.once('message', (task) => {
    void runOne(task as Task).then(async (message) => {
      await send(message);
      // Not left to the event loop: engines keep handles open, and their work is done.
      process.exit(0);
    });
  });
  void send({ type: 'ready' });
}

async function runOne<T extends TaskType>(task: Task<T>): Promise<WorkerMessage> {
  try {
    const load = handlers[task.type] as Handlers[T] | undefined;
    if (!load) throw new BenchError('internal', `Unknown task "${String(task.type)}"`);
    const handler = await load(task.input);
    const result = await handler(task.input, (message) => void send({ type: 'message', message }));
    return { type: 'result', result };
  } catch (error) {
    return { type: 'error', error: toWireError(toBenchError(error)) };
  }
}

/** Resolves once the message has left this process. */
function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

import type { Operation } from '../../../bench/kernels/operation.ts';
import { BenchError, toBenchError } from '../../core/errors.ts';
import type { TuneTaskInput, TuneTaskMessage } from '../tune-task.ts';
import { runTask } from './spawn.ts';
import { saveTuned } from './tuned-tables.ts';
import { type SaveTable, type Tuning, TuningState } from './tuning-state.ts';

export interface TuningRequest {
  operations: readonly Operation[];
  budgetMs: number;
  isForced: boolean;
  cacheDir: string;
}

/** What a run of the tuner needs of its surroundings; replaceable in tests. */
export interface TuningSurroundings {
  runProcess(
    input: TuneTaskInput,
    onMessage: (message: TuneTaskMessage) => void,
    signal: AbortSignal,
  ): Promise<unknown>;
  save: SaveTable;
  now(): number;
  /** Silence after which a candidate is taken to hang. Default two minutes. */
  silenceMs?: number;
}

/** Longer than any candidate that is worth its while takes for a sample. */
const SILENCE_MS = 120_000;
/** The tuner on an adapter that this environment selects. */
export function tuningSurroundings(
  cacheDir: string,
  env: Record<string, string>,
): TuningSurroundings {
  return {
    runProcess: (input, onMessage, signal) =>
      runTask({ type: 'tune', input }, { env, onMessage, signal }),
    save: (table) => saveTuned(cacheDir, table),
    now: () => performance.now(),
  };
}

/**
 * Tunes operations in a process of its own and saves the table after each of them. When a candidate ends the
 * process, or hangs, it is noted and another process goes on. Throws what keeps a process from starting at all,
 * and the reason of `signal`; what was tuned until then is saved.
 */
export async function runTuning(
  request: TuningRequest,
  surroundings: TuningSurroundings,
  onMessage: (message: TuneTaskMessage) => void = () => {},
  signal?: AbortSignal,
): Promise<Tuning> {
  const started = surroundings.now();
  const { operations, budgetMs, isForced, cacheDir } = request;
  const state = new TuningState(operations, surroundings.save);
  for (;;) {
    const left = budgetMs - (surroundings.now() - started);
    const { from, skipped } = state;
    const input = { operations, from, skipped, budgetMs: left, isForced, cacheDir };
    try {
      await watched(input, surroundings, signal, (message) => {
        state.take(message);
        onMessage(message);
      });
      return await state.finish();
    } catch (error) {
      await state.saved;
      signal?.throwIfAborted();
      const outcome = state.crashed(toBenchError(error));
      if (outcome) onMessage(outcome);
      if (state.from >= operations.length) return await state.finish();
    }
  }
}

/** Runs a process until its end or until it has said nothing for too long. */
async function watched(
  input: TuneTaskInput,
  { runProcess, silenceMs = SILENCE_MS }: TuningSurroundings,
  signal: AbortSignal | undefined,
  onMessage: (message: TuneTaskMessage) => void,
): Promise<void> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  const hang = () => {
    const message = `nothing was heard of it for ${Math.round(silenceMs / 1000)} s`;
    controller.abort(new BenchError('timeout', message));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  let timer = setTimeout(hang, silenceMs);
  try {
    signal?.throwIfAborted();
    await runProcess(
      input,
      (message) => {
        clearTimeout(timer);
        timer = setTimeout(hang, silenceMs);
        onMessage(message);
      },
      controller.signal,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

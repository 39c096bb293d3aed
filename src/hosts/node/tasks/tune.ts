import type { Operation } from '../../../../bench/kernels/operation.ts';
import { choiceId, type Skipped } from '../../../../bench/kernels/search.ts';
import { type KernelChoice, tuneOperation } from '../../../../bench/kernels/tune.ts';
import { toBenchError } from '../../../core/errors.ts';
import {
  adapterIdentity,
  operationKey,
  type TunedTable,
} from '../../../model/decoder/tuned-table.ts';
import type { TaskHandler } from '../../tasks.ts';
import type { TuneOutcome, TuneTaskInput, TuneTaskMessage } from '../../tune-task.ts';
import { createNodeEnvironment } from '../environment.ts';
import { findTuned, newTable } from '../tuned-tables.ts';

/** An operation gets at least so much: without it not even the default could be compared with anything. */
const LEAST_MS = 1000;
/** Candidates that may take the device with them before an operation is given up. */
const MOST_LOSSES = 5;

/**
 * Tunes operations in this process. A candidate that loses the device is noted, and the operation begun anew
 * on another one; one that ends the process is for the caller to note.
 */
export const tune: TaskHandler<'tune'> = async (input, send) => {
  const started = performance.now();
  const session = new TuneSession(input.cacheDir);
  try {
    const table = await startingTable(session, input.cacheDir, send);
    const { operations, from, budgetMs } = input;
    for (let index = from; index < operations.length; index++) {
      const operation = operations[index];
      if (!operation) break;
      const left = budgetMs - (performance.now() - started);
      const known = input.isForced ? undefined : entryOf(table, operation);
      let outcome: TuneOutcome;
      if (known) outcome = { status: 'kept', entry: known };
      else if (left <= 0) outcome = { status: 'not-reached' };
      else {
        const share = Math.max(LEAST_MS, left / (operations.length - index));
        send({ type: 'operation', index, budgetMs: share });
        outcome = await session.tune(
          operation,
          share,
          index === from ? input.skipped : [],
          (choice) => send({ type: 'trying', index, choice }),
        );
      }
      send({ type: 'done', index, outcome });
    }
    return {};
  } finally {
    await session.dispose();
  }
};

/** The table that there is for this adapter and these kernels, or an empty one. */
async function startingTable(
  session: TuneSession,
  cacheDir: string,
  send: (message: TuneTaskMessage) => void,
): Promise<TunedTable> {
  const { info } = await session.environment.gpu();
  const { table: existing, ...found } = await findTuned(cacheDir, info);
  const table = existing ?? (await newTable(adapterIdentity(info), new Date()));
  send({ type: 'start', device: info, table, found });
  return table;
}

function entryOf({ entries }: TunedTable, operation: Operation) {
  return entries.find((entry) => operationKey(entry.operation) === operationKey(operation));
}

/** A device, and another one when it is lost. */
class TuneSession {
  readonly #cacheDir: string;
  environment: ReturnType<typeof createNodeEnvironment>;

  constructor(cacheDir: string) {
    this.#cacheDir = cacheDir;
    this.environment = createNodeEnvironment({ cacheDir });
  }

  async tune(
    operation: Operation,
    budgetMs: number,
    known: TuneTaskInput['skipped'],
    onTrying: (choice: KernelChoice) => void,
  ): Promise<TuneOutcome> {
    const skipped: Skipped<KernelChoice>[] = [...known];
    let last: KernelChoice | null = null;
    for (;;) {
      try {
        const gpu = await this.environment.gpu();
        const entry = await tuneOperation(gpu, this.environment.host, operation, {
          budgetMs,
          skipped,
          onTrying(choice) {
            last = choice;
            onTrying(choice);
          },
        });
        return { status: 'tuned', entry };
      } catch (error) {
        const { code, message } = toBenchError(error);
        if (code !== 'device-lost') return { status: 'failed', code, message };
        await this.#reopen();
        const culprit: KernelChoice | null = last;
        last = null;
        if (!culprit || skipped.length >= known.length + MOST_LOSSES || isIn(skipped, culprit)) {
          return { status: 'failed', code, message };
        }
        skipped.push({ choice: culprit, reason: `${code}: ${message}` });
      }
    }
  }

  async #reopen(): Promise<void> {
    await this.dispose();
    this.environment = createNodeEnvironment({ cacheDir: this.#cacheDir });
  }

  async dispose(): Promise<void> {
    await this.environment.dispose();
  }
}

function isIn(skipped: readonly Skipped<KernelChoice>[], choice: KernelChoice): boolean {
  return skipped.some((one) => choiceId(one.choice) === choiceId(choice));
}

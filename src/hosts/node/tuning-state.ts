import type { Operation } from '../../../bench/kernels/operation.ts';
import { choiceId, type Skipped } from '../../../bench/kernels/search.ts';
import type { KernelChoice } from '../../../bench/kernels/tune.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { BenchError } from '../../core/errors.ts';
import { type TunedTable, withEntries } from '../../model/decoder/tuned-table.ts';
import type { TuneOutcome, TuneTaskMessage } from '../tune-task.ts';

export interface Tuning {
  device: DeviceInfo;
  table: TunedTable;
  /** Null when nothing new was found. */
  path: string | null;
  outcomes: { operation: Operation; outcome: TuneOutcome }[];
}

/** Puts a table where later processes find it, and returns its path. */
export type SaveTable = (table: TunedTable) => Promise<string>;

/** Processes that may end on one operation before it is given up. */
const MOST_CRASHES = 5;

/** What is known of a run of the tuner so far, across the processes it took. */
export class TuningState {
  readonly #operations: readonly Operation[];
  readonly #save: SaveTable;
  readonly #outcomes: Tuning['outcomes'] = [];
  #device: DeviceInfo | null = null;
  #table: TunedTable | null = null;
  #path: string | null = null;
  #trying: KernelChoice | null = null;
  #crashes = 0;
  skipped: Skipped<KernelChoice>[] = [];
  /** Settles when the last table is on disk. */
  saved: Promise<void> = Promise.resolve();

  constructor(operations: readonly Operation[], save: SaveTable) {
    this.#operations = operations;
    this.#save = save;
  }

  /** The operation that a process begins with. */
  get from(): number {
    return this.#outcomes.length;
  }

  take(message: TuneTaskMessage): void {
    switch (message.type) {
      case 'start':
        this.#device = message.device;
        // A later process finds the table that was saved, or none where saving failed.
        this.#table ??= message.table;
        break;
      case 'operation':
        this.#trying = null;
        break;
      case 'trying':
        this.#trying = message.choice;
        break;
      case 'done':
        this.#conclude(message.outcome);
        break;
    }
  }

  /** Notes the candidate that a process ended with; the operation's outcome when it has to be given up. */
  crashed(error: BenchError): TuneTaskMessage | null {
    const { code, message } = error;
    if (!this.#device) throw error;
    this.#crashes += 1;
    const culprit = this.#trying;
    this.#trying = null;
    const isNew =
      culprit !== null && !this.skipped.some((one) => choiceId(one.choice) === choiceId(culprit));
    if (isNew && this.#crashes <= MOST_CRASHES) {
      this.skipped.push({ choice: culprit, reason: `${code}: ${message}` });
      return null;
    }
    const index = this.from;
    const outcome: TuneOutcome = { status: 'failed', code, message };
    this.#conclude(outcome);
    return { type: 'done', index, outcome };
  }

  async finish(): Promise<Tuning> {
    await this.saved;
    const [device, table] = [this.#device, this.#table];
    if (!device || !table) throw new BenchError('internal', 'The tuner ended without a word');
    return { device, table, path: this.#path, outcomes: this.#outcomes };
  }

  #conclude(outcome: TuneOutcome): void {
    const operation = this.#operations[this.#outcomes.length];
    if (!operation) return;
    this.#outcomes.push({ operation, outcome });
    this.skipped = [];
    this.#crashes = 0;
    this.#trying = null;
    if (outcome.status !== 'tuned' || !this.#table) return;
    const created = new Date().toISOString();
    const table = { ...withEntries(this.#table, [outcome.entry]), created };
    this.#table = table;
    this.saved = this.saved.then(async () => {
      this.#path = await this.#save(table);
    });
    // Handled where it is awaited; until then it must not end the process.
    this.saved.catch(() => {});
  }
}

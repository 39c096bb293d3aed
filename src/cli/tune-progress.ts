import type { Operation } from '../../bench/kernels/operation.ts';
import { operationName } from '../../bench/kernels/operation-cost.ts';
import { choiceId } from '../../bench/kernels/search.ts';
import type { TuneOutcome, TuneTaskMessage } from '../hosts/tune-task.ts';
import { counted, formatNumber } from '../report/format.ts';
import { LiveLine, type ProgressOutput } from './live-line.ts';

/** Shows a run of `mtok tune` on stderr: a line for every operation, and on a terminal the candidate under way. */
export class TuneProgress {
  readonly #live: LiveLine;
  readonly #operations: readonly Operation[];
  #hasStarted = false;

  constructor(output: ProgressOutput, operations: readonly Operation[]) {
    this.#live = new LiveLine(output);
    this.#operations = operations;
  }

  begin(adapter: string, budgetSeconds: number): void {
    this.#live.line(`adapter: ${adapter}`);
    this.#live.line(`${counted(this.#operations.length, 'operation')} in ${budgetSeconds} s`);
  }

  show(message: TuneTaskMessage): void {
    switch (message.type) {
      case 'start':
        if (!this.#hasStarted && message.found.problem !== null) {
          this.#live.line(`an earlier table is of no use: ${message.found.problem}`);
        }
        this.#hasStarted = true;
        break;
      case 'operation':
        this.#rewrite(message.index, 'preparing');
        break;
      case 'trying':
        this.#rewrite(message.index, choiceId(message.choice));
        break;
      case 'done':
        this.#live.line(`${this.#position(message.index)}: ${outcomeText(message.outcome)}`);
        break;
    }
  }

  clear(): void {
    this.#live.clear();
  }

  #rewrite(index: number, doing: string): void {
    if (this.#live.isLive) this.#live.rewrite(`${this.#position(index)}: ${doing}`);
  }

  #position(index: number): string {
    const operation = this.#operations[index];
    const name = operation ? operationName(operation) : '?';
    return `${index + 1}/${this.#operations.length} ${name}`;
  }
}

function outcomeText(outcome: TuneOutcome): string {
  switch (outcome.status) {
    case 'failed':
      return `failed: ${outcome.code}: ${outcome.message}`;
    case 'not-reached':
      return 'not reached in time';
    case 'kept':
      return 'tuned before';
    case 'tuned': {
      const { ms, defaultMs, tried, candidates, skipped } = outcome.entry;
      const before = defaultMs === null ? 'default does not work' : `${formatNumber(defaultMs)} ms`;
      return (
        `${before} → ${formatNumber(ms)} ms, ${tried} of ${counted(candidates, 'candidate')} tried` +
        (skipped.length > 0 ? `, ${skipped.length} skipped` : '')
      );
    }
  }
}

import { cellName } from '../core/cell-name.ts';
import type { CanaryMoment } from '../core/session-record.ts';
import type { LaunchPhase, ProgressEvent, RunPosition } from '../measure/progress.ts';
import { counted, formatDuration, formatEstimate } from '../report/format.ts';
import { LiveLine, type ProgressOutput } from './live-line.ts';

const PHASE_WORDS = {
  start: 'starting',
  model: 'opening the model',
  load: 'loading',
  'first-run': 'first run',
  'warm-up': 'warming up',
  measure: 'measuring',
  profile: 'profiling',
} as const satisfies Record<LaunchPhase, string>;

/**
 * Shows a run on stderr. A terminal gets one line that is rewritten, and a line for every finished cell that
 * stays; anything else gets a line when a launch starts and one when a cell is done.
 */
export class ProgressDisplay {
  readonly #live: LiveLine;

  constructor(output: ProgressOutput) {
    this.#live = new LiveLine(output);
  }

  show(event: ProgressEvent): void {
    switch (event.type) {
      case 'plan': {
        const resumed = event.resumed === 0 ? '' : `, ${event.resumed} of them stored already`;
        const cells = counted(event.cells.length, 'cell');
        this.#live.line(`${cells} × ${counted(event.launches, 'launch')}${resumed}`);
        if (event.canary !== null) {
          this.#live.line(`canary at start, middle and end: ${cellName(event.canary)}`);
        }
        this.#live.line(`records: ${event.storePath}`);
        break;
      }
      case 'warning':
        this.#live.line(
          `warning: ${event.message}${event.hint === undefined ? '' : ` ${event.hint}`}`,
        );
        break;
      case 'canary':
        if (event.error !== null) {
          this.#live.line(`warning: the canary failed at the ${event.moment}: ${event.error}`);
        } else if (!event.isOver) this.#canary(event.moment);
        break;
      case 'phase':
        if (this.#live.isLive) this.#live.rewrite(positionText(event, PHASE_WORDS[event.phase]));
        else if (event.phase === 'start') this.#live.line(positionText(event, 'launch'));
        break;
      case 'record':
        this.#live.line(`${event.cellsDone}/${event.cellsTotal} ${recordText(event)}`);
        break;
      case 'done':
        this.#live.line(
          `${event.cancelled ? 'interrupted after' : 'measured'} ${event.cellsDone} of ` +
            `${counted(event.cellsTotal, 'cell')} in ${formatDuration(event.elapsedMs)}`,
        );
        break;
      case 'launch-done':
        break;
    }
  }

  #canary(moment: CanaryMoment): void {
    const text = `canary at the ${moment}`;
    if (this.#live.isLive) this.#live.rewrite(text);
    else this.#live.line(text);
  }

  /** Takes the rewritten line away, so that other output starts on a clean one. */
  clear(): void {
    this.#live.clear();
  }
}

function positionText(position: RunPosition, doing: string): string {
  const { cellsDone, cellsTotal, launch, launches, remainingMs } = position;
  const left = remainingMs === null ? '' : ` · about ${formatDuration(remainingMs)} left`;
  return `${cellsDone}/${cellsTotal} ${doing} ${launch}/${launches}${left} · ${cellName(position.cell)}`;
}

function recordText({ record }: Extract<ProgressEvent, { type: 'record' }>): string {
  const { outcome, prefill, decode } = record;
  const figures = [
    ...(prefill === null ? [] : [`prefill ${formatEstimate(prefill.tokensPerSecond)} tok/s`]),
    ...(decode === null ? [] : [`decode ${formatEstimate(decode.tokensPerSecond)} tok/s`]),
  ];
  const result =
    outcome.status === 'ok' ? figures.join(', ') : `${outcome.status}: ${outcome.message}`;
  return `${cellName(record.cell)}: ${result}`;
}

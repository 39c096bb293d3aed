import type { KernelMeasurement } from '../core/kernel-record.ts';
import type { KernelsTaskMessage } from '../hosts/kernels-task.ts';
import { counted, formatDuration, formatNumber } from '../report/format.ts';
import { LiveLine, type ProgressOutput } from './live-line.ts';

/** Shows a run of `mtok kernels` on stderr: a line for every operation, and where a terminal is, what is under way. */
export class KernelsProgress {
  readonly #live: LiveLine;
  #position = '';

  constructor(output: ProgressOutput) {
    this.#live = new LiveLine(output);
  }

  start(adapter: string, storePath: string): void {
    this.#live.line(`adapter: ${adapter}`);
    this.#live.line(`records: ${storePath}`);
  }

  show(message: KernelsTaskMessage): void {
    const live = this.#live;
    switch (message.type) {
      case 'case':
        if (live.isLive) {
          live.rewrite(`validating ${message.done}/${message.total} · ${message.name}`);
        } else if (message.done === message.total || message.done % 25 === 0) {
          live.line(`validated ${message.done}/${message.total} cases`);
        }
        break;
      case 'validated': {
        const wrong = message.result.kernels.reduce((sum, one) => sum + one.failures.length, 0);
        const verdict = wrong === 0 ? 'nothing wrong' : `${wrong} wrong`;
        live.line(`${message.result.configuration}: ${verdict}`);
        break;
      }
      case 'peaks':
        live.line(
          `peaks: read ${formatNumber(message.peaks.readGbPerSecond)} GB/s, ` +
            `multiply-add ${formatNumber(message.peaks.f32GflopPerSecond)} GFLOP/s`,
        );
        live.line(tuningText(message));
        break;
      case 'plan': {
        const left = message.skipped === 0 ? '' : `, ${message.skipped} left out for want of time`;
        const time = formatDuration(message.seconds * 1000);
        live.line(`${counted(message.operations, 'operation')} in about ${time}${left}`);
        break;
      }
      case 'operation':
        this.#position = `${message.index + 1}/${message.total}`;
        if (live.isLive) live.rewrite(`${this.#position} timing ${message.subject.name}`);
        break;
      case 'measured':
        if (message.measurement.outcome.status !== 'skipped') {
          live.line(`${this.#position} ${measurementText(message.measurement)}`);
        }
        break;
    }
  }

  clear(): void {
    this.#live.clear();
  }
}

function tuningText({ isTuned, problem }: Extract<KernelsTaskMessage, { type: 'peaks' }>): string {
  if (isTuned) return 'kernels: as tuned for this adapter, defaults for other shapes';
  const why = problem === null ? '' : ` (${problem})`;
  return `kernels: the defaults${why}; mtok tune looks for better ones`;
}

function measurementText({ name, outcome, contenders, ratio }: KernelMeasurement): string {
  if (outcome.status !== 'ok') return `${name}: ${outcome.status}: ${outcome.message}`;
  const times = contenders.map(({ role, figures, outcome: { status } }) => {
    const what = { cold: 'ours', warm: 'warm', peer: 'peer' }[role];
    return `${what} ${figures ? `${formatNumber(figures.ms.median)} ms` : status}`;
  });
  return `${name}: ${[...times, ...(ratio ? [`ratio ${ratio.median.toFixed(2)}`] : [])].join(', ')}`;
}

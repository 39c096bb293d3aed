import { PerformanceObserver } from 'node:perf_hooks';
import type { GcPauses } from '../../core/protocol-record.ts';

/** A time span on the clock of `performance.now()`, in ms. */
interface Span {
  startMs: number;
  endMs: number;
}

/** Watches the garbage collector of this process from its making until `stop`. */
export class GcWatch {
  readonly #pauses: Span[] = [];
  readonly #observer: PerformanceObserver;
  #timed: Span = { startMs: Number.POSITIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };

  constructor() {
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** The timed repetitions begin now. */
  startTimed(): void {
    this.#timed = { startMs: performance.now(), endMs: Number.POSITIVE_INFINITY };
  }

  /** The timed repetitions are over; what comes after is none of theirs. */
  endTimed(): void {
    this.#timed.endMs = Math.min(this.#timed.endMs, performance.now());
  }

  /** Stops watching. Entries reach an observer a turn of the event loop after their pause, so it waits for one. */
  async stop(): Promise<GcPauses> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#take(this.#observer.takeRecords());
    this.#observer.disconnect();
    return sumPauses(this.#pauses, this.#timed);
  }

  #take(entries: readonly { startTime: number; duration: number }[]): void {
    for (const { startTime, duration } of entries) {
      this.#pauses.push({ startMs: startTime, endMs: startTime + duration });
    }
  }
}

/** Pauses as a record keeps them; `timedMs` is their overlap with the timed span. */
export function sumPauses(pauses: readonly Span[], timed: Span): GcPauses {
  const durations = pauses.map(({ startMs, endMs }) => endMs - startMs);
  const overlap = ({ startMs, endMs }: Span) =>
    Math.max(0, Math.min(endMs, timed.endMs) - Math.max(startMs, timed.startMs));
  return {
    count: pauses.length,
    totalMs: durations.reduce((sum, ms) => sum + ms, 0),
    longestMs: durations.reduce((longest, ms) => Math.max(longest, ms), 0),
    timedMs: pauses.reduce((sum, pause) => sum + overlap(pause), 0),
  };
}

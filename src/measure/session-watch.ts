import { canaryChanges, launchPairs } from '../core/canary.ts';
import type { Cell } from '../core/cell.ts';
import { toBenchError } from '../core/errors.ts';
import type { BenchRecord } from '../core/record.ts';
import { sessionClocks, sessionFlags } from '../core/session-flags.ts';
import {
  type Canary,
  type CanaryLaunch,
  type CanaryMoment,
  SESSION_RECORD_VERSION,
  type SessionRecord,
} from '../core/session-record.ts';
import { CANARY_PROTOCOL } from './canary-cell.ts';
import type { LaunchJob, LaunchResult } from './launch.ts';
import type { LaunchPhase, ProgressEvent } from './progress.ts';

export interface RunLaunchOptions {
  timeoutMs: number;
  signal: AbortSignal | undefined;
  onPhase(phase: LaunchPhase): void;
}

/** What a session is watched with: the part of a plan's input that is not about its cells. */
export interface WatchedSession {
  /** The small cell that runs at start, middle and end; none: only clocks are looked at. */
  canary?: Cell | null | undefined;
  seed: number;
  run: string;
  protocol: { launchTimeoutMs: number };
  /** Runs one launch in a fresh process or page. */
  runLaunch(job: LaunchJob, options: RunLaunchOptions): Promise<LaunchResult>;
  onProgress(event: ProgressEvent): void;
  /** Monotonic clock in ms, and the calendar's. */
  now(): number;
  timestamp(): string;
  newId(): string;
  signal: AbortSignal | undefined;
}

/** Runs a session's canary when it is due, and says at the end what held for the whole session. */
export class SessionWatch {
  private readonly input: WatchedSession;
  private readonly startedMs: number;
  private readonly launches: CanaryLaunch[] = [];

  constructor(input: WatchedSession) {
    this.input = input;
    this.startedMs = input.now();
  }

  start(): Promise<void> {
    return this.canary('start');
  }

  /** Once as much time has passed as is likely left. `remainingMs` is null where that is not known. */
  async middle(remainingMs: number | null): Promise<void> {
    const isDue = remainingMs !== null && this.input.now() - this.startedMs >= remainingMs;
    const isDone = this.launches.some(({ moment }) => moment === 'middle');
    if (isDue && !isDone) await this.canary('middle');
  }

  end(): Promise<void> {
    return this.canary('end');
  }

  /** One launch; what it throws is kept and stops nothing. An aborted one never was. */
  private async canary(moment: CanaryMoment): Promise<void> {
    const { canary: cell, seed, protocol, signal } = this.input;
    if (cell === null || cell === undefined || signal?.aborted) return;
    this.input.onProgress({ type: 'canary', moment, cell, error: null, isOver: false });
    const atMs = this.input.now() - this.startedMs;
    // Launch 0 each time: the same prompts, so that nothing differs but the moment.
    const job: LaunchJob = { cell, launch: 0, seed, protocol: CANARY_PROTOCOL };
    const options = { timeoutMs: protocol.launchTimeoutMs, signal, onPhase: () => {} };
    const kept = await this.input.runLaunch(job, options).then(
      ({ launch }) => ({ launch, error: null }),
      (cause: unknown) => {
        const { code, message, hint } = toBenchError(cause);
        return { launch: null, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
      },
    );
    if (signal?.aborted) return;
    this.launches.push({ moment, atMs, ...kept });
    this.input.onProgress({
      type: 'canary',
      moment,
      cell,
      error: kept.error?.message ?? null,
      isOver: true,
    });
  }

  /** The session's record; null where nothing watched it, or no cell was stored that it could be about. */
  record(records: readonly BenchRecord[], cancelled: boolean): SessionRecord | null {
    const { canary: cell, run } = this.input;
    const canary = cell ? this.canaryOf(cell, records) : null;
    const clocks = sessionClocks([
      ...records.flatMap(({ launches }) => launches),
      ...this.launches.flatMap(({ launch }) => launch ?? []),
    ]);
    if (records.length === 0 || (canary === null && clocks.lowered === 0)) return null;
    return {
      schema: SESSION_RECORD_VERSION,
      kind: 'session',
      id: this.input.newId(),
      run,
      createdAt: this.input.timestamp(),
      cancelled,
      canary,
      clocks,
      flags: sessionFlags({ canary, clocks, cancelled }),
    };
  }

  private canaryOf(cell: Cell, records: readonly BenchRecord[]): Canary {
    const samples = {
      launches: this.launches,
      launchLogRatios: launchPairs(cell, records),
    };
    return { cell, ...samples, changes: canaryChanges(samples) };
  }
}

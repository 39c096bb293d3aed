import type { Cell } from '../core/cell.ts';
import { type BenchError, toBenchError } from '../core/errors.ts';
import type { BenchRecord } from '../core/record.ts';
import { Rng } from '../core/rng.ts';
import { buildRecord, type ChargeCell, type PlaceCell } from './build-record.ts';
import type { LaunchJob, LaunchResult } from './launch.ts';
import type { LaunchPhase, ProgressEvent, RunPosition } from './progress.ts';
import type { RunProtocol } from './protocol.ts';
import { TimeLeft } from './time-left.ts';

/** A cell that is to run, and what its record needs to know before it does. */
export interface PlannedCell {
  /** Place in the whole plan, for progress. */
  index: number;
  cell: Cell;
  key: string;
  modelSha256: string | null;
  /** Why it cannot run at all, found before anything was started. */
  blocked: BenchError | null;
}

export interface RunLaunchOptions {
  timeoutMs: number;
  signal: AbortSignal | undefined;
  onPhase(phase: LaunchPhase): void;
}

export interface RunPlanInput {
  cells: readonly PlannedCell[];
  protocol: RunProtocol;
  seed: number;
  run: string;
  provenance: BenchRecord['provenance'];
  charge: ChargeCell;
  place?: PlaceCell | undefined;
  /** Runs one launch in a fresh process or page. */
  runLaunch(job: LaunchJob, options: RunLaunchOptions): Promise<LaunchResult>;
  /** Makes the record durable before it resolves. */
  append(record: BenchRecord): Promise<void>;
  onProgress(event: ProgressEvent): void;
  /** Monotonic clock in ms, and the calendar's. */
  now(): number;
  timestamp(): string;
  newId(): string;
  signal: AbortSignal | undefined;
}

/** A cell on its way: what its launches gave so far. */
interface CellState extends PlannedCell {
  results: LaunchResult[];
  error: BenchError | null;
}

/**
 * Runs every cell and stores its record as soon as its last launch is over. Cells that one compares (same
 * model, weights and workload) take turns, launch by launch, in an order drawn from the seed, so that a slow
 * minute of the machine does not fall on one of them. A failure becomes a record and stops nothing but its
 * cell; an abort ends the launch that is running and leaves what is stored. Throws only what `append` throws.
 */
export async function runPlan(
  input: RunPlanInput,
): Promise<{ records: BenchRecord[]; cancelled: boolean }> {
  const run = new PlanRun(input);
  for (const [index, block] of comparableBlocks(input.cells).entries()) {
    await run.block(block, new Rng('order', input.seed, index));
    if (run.isCancelled()) break;
  }
  return run.finish();
}

/** Adjacent cells that differ in backend, host and formats of cache and activations only. */
export function comparableBlocks(cells: readonly PlannedCell[]): PlannedCell[][] {
  const blocks = new Map<string, PlannedCell[]>();
  for (const planned of cells) {
    const { model, variant, workload } = planned.cell;
    const key = JSON.stringify([model, variant.weights, Object.values(workload)]);
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, [planned]);
    else block.push(planned);
  }
  return [...blocks.values()];
}

class PlanRun {
  private readonly input: RunPlanInput;
  private readonly startedMs: number;
  private readonly timeLeft: TimeLeft;
  private readonly records: BenchRecord[] = [];

  constructor(input: RunPlanInput) {
    this.input = input;
    this.startedMs = input.now();
    this.timeLeft = new TimeLeft(
      input.cells.map(({ index }) => index),
      input.protocol.launches,
    );
  }

  isCancelled(): boolean {
    return this.input.signal?.aborted ?? false;
  }

  async block(planned: readonly PlannedCell[], rng: Rng): Promise<void> {
    const states = planned.map((cell) => ({ ...cell, results: [], error: cell.blocked }));
    let open: CellState[] = states;
    for (let launch = 0; launch < this.input.protocol.launches; launch++) {
      for (const state of rng.shuffle([...open])) {
        if (this.isCancelled()) return;
        if (state.error === null) await this.launch(state, launch);
        if (this.isCancelled()) return;
        const isLast = launch === this.input.protocol.launches - 1;
        if (isLast || state.error !== null) await this.store(state, launch);
      }
      open = open.filter(({ error }) => error === null);
    }
  }

  /** The only place that catches what a cell throws. */
  private async launch(state: CellState, launch: number): Promise<void> {
    const { input } = this;
    const { protocol, seed, signal } = input;
    const job: LaunchJob = { cell: state.cell, launch, seed, protocol: protocol.launch };
    const startedMs = input.now();
    const onPhase = (phase: LaunchPhase) =>
      input.onProgress({ type: 'phase', phase, ...this.position(state, launch) });
    onPhase('start');
    try {
      const timeoutMs = protocol.launchTimeoutMs;
      state.results.push(await input.runLaunch(job, { timeoutMs, signal, onPhase }));
    } catch (error) {
      if (this.isCancelled()) return;
      state.error = toBenchError(error);
    }
    const launchMs = input.now() - startedMs;
    this.timeLeft.launchDone(state.index, launchMs);
    const ok = state.error === null;
    input.onProgress({ type: 'launch-done', ok, launchMs, ...this.position(state, launch) });
  }

  private async store(state: CellState, launch: number): Promise<void> {
    const { input } = this;
    const record = buildRecord({
      ...input,
      ...state,
      id: input.newId(),
      createdAt: input.timestamp(),
    });
    await input.append(record);
    this.records.push(record);
    this.timeLeft.cellDone(state.index);
    input.onProgress({ type: 'record', record, ...this.position(state, launch) });
  }

  finish(): { records: BenchRecord[]; cancelled: boolean } {
    const cancelled = this.isCancelled();
    const { cellsDone, cellsTotal } = this.counts();
    const elapsedMs = this.input.now() - this.startedMs;
    this.input.onProgress({ type: 'done', cellsDone, cellsTotal, cancelled, elapsedMs });
    return { records: this.records, cancelled };
  }

  private counts(): Pick<RunPosition, 'cellsDone' | 'cellsTotal'> {
    return { cellsDone: this.records.length, cellsTotal: this.input.cells.length };
  }

  private position(state: CellState, launch: number): RunPosition {
    return {
      cellIndex: state.index,
      cell: state.cell,
      launch: launch + 1,
      launches: this.input.protocol.launches,
      ...this.counts(),
      elapsedMs: this.input.now() - this.startedMs,
      remainingMs: this.timeLeft.estimateMs(),
    };
  }
}

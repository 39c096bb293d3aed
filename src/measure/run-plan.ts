import type { Cell } from '../core/cell.ts';
import { type BenchError, invariant, toBenchError } from '../core/errors.ts';
import type { StopRule } from '../core/protocol-record.ts';
import type { BenchRecord } from '../core/record.ts';
import { Rng } from '../core/rng.ts';
import type { SessionRecord } from '../core/session-record.ts';
import { buildRecord, type ChargeCell, type PlaceCell } from './build-record.ts';
import type { LaunchJob, LaunchResult } from './launch.ts';
import type { LaunchPhase, RunPosition } from './progress.ts';
import type { RunProtocol } from './protocol.ts';
import { SessionWatch, type WatchedSession } from './session-watch.ts';
import { stopRule } from './stop-rule.ts';
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

export interface RunPlanInput extends WatchedSession {
  cells: readonly PlannedCell[];
  protocol: RunProtocol;
  provenance: BenchRecord['provenance'];
  charge: ChargeCell;
  place?: PlaceCell | undefined;
  /** Makes the record durable before it resolves. */
  append(record: BenchRecord): Promise<void>;
  /** The same for what held over the whole session, once it is over. */
  appendSession?(session: SessionRecord): Promise<void>;
}

export interface PlanOutcome {
  records: BenchRecord[];
  cancelled: boolean;
  /** What held for all of them; null where nothing watched. */
  session: SessionRecord | null;
}

/** A cell on its way: what its launches gave so far. */
interface CellState extends PlannedCell {
  results: LaunchResult[];
  /** Time of each launch, start to end. */
  launchMs: number[];
  error: BenchError | null;
}

/**
 * Runs every cell and stores its record as soon as its last launch is over. Cells that one compares (same
 * model, weights and workload) take turns, launch by launch, in an order drawn from the seed, so that a slow
 * minute of the machine does not fall on one of them. They go on together until the stop rule holds for each,
 * so that they stay paired; one that is out of time leaves. A failure becomes a record and stops nothing but its
 * cell; an abort ends the launch that is running, and cells past their minimum of launches are stored as they
 * are. Around them runs the session's canary; what it says is stored last, as a record of its own, since those of
 * cells are written by then. Throws only what `append` and `appendSession` throw.
 */
export async function runPlan(input: RunPlanInput): Promise<PlanOutcome> {
  const run = new PlanRun(input);
  await run.watch.start();
  for (const [index, block] of comparableBlocks(input.cells).entries()) {
    await run.block(block, new Rng('order', input.seed, index));
    if (run.isCancelled()) break;
  }
  await run.watch.end();
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
  readonly watch: SessionWatch;
  private readonly input: RunPlanInput;
  private readonly startedMs: number;
  private readonly timeLeft: TimeLeft;
  private readonly records: BenchRecord[] = [];
  /** Cells that have their record, by place in the plan. */
  private readonly stored = new Set<number>();

  constructor(input: RunPlanInput) {
    this.input = input;
    this.watch = new SessionWatch(input);
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
    const { launchesMax } = this.input.protocol;
    let open: CellState[] = planned.map((cell) => ({
      ...cell,
      results: [],
      launchMs: [],
      error: cell.blocked,
    }));
    for (let launch = 0; open.length > 0; launch++) {
      for (const state of rng.shuffle([...open])) {
        await this.watch.middle(this.timeLeft.estimateMs());
        if (this.isCancelled()) return this.storeInterrupted(open);
        if (state.error === null) await this.launch(state, launch);
        if (this.isCancelled()) return this.storeInterrupted(open);
        if (state.error !== null) await this.store(state, launch, 'error');
        else if (launch === launchesMax - 1) await this.storeIfStopped(state, launch);
      }
      open = await this.stillOpen(
        open.filter(({ error }) => error === null),
        launch,
      );
    }
  }

  /** Stores the cells that end with this round; the rest go on. */
  private async stillOpen(states: CellState[], launch: number): Promise<CellState[]> {
    const { protocol } = this.input;
    if (launch === protocol.launchesMax - 1) return [];
    const ruled = states.map((state) => ({ state, rule: this.ruleOf(state) }));
    const isOver = ruled.every(({ rule }) => rule !== null);
    const open: CellState[] = [];
    for (const { state, rule } of ruled) {
      if (rule !== null && (isOver || rule === 'time-cap')) await this.store(state, launch, rule);
      else open.push(state);
    }
    return open;
  }

  private async storeIfStopped(state: CellState, launch: number): Promise<void> {
    const rule = this.ruleOf(state);
    invariant(rule !== null, 'the last launch of a cell ends it');
    await this.store(state, launch, rule);
  }

  private ruleOf({ cell, results, launchMs }: CellState): StopRule | null {
    const { protocol, seed } = this.input;
    return stopRule({ results, workload: cell.workload, protocol, seed, launchMs });
  }

  /** Cells that had launches enough when the signal came keep them. */
  private async storeInterrupted(states: readonly CellState[]): Promise<void> {
    for (const state of states) {
      const { length } = state.results;
      const isStored = this.stored.has(state.index);
      if (state.error !== null || isStored || length < this.input.protocol.launches) continue;
      await this.store(state, length - 1, this.ruleOf(state) ?? 'interrupted');
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
    state.launchMs.push(launchMs);
    this.timeLeft.launchDone(state.index, launchMs);
    const ok = state.error === null;
    input.onProgress({ type: 'launch-done', ok, launchMs, ...this.position(state, launch) });
  }

  private async store(state: CellState, launch: number, rule: StopRule): Promise<void> {
    const { input } = this;
    const spentMs = state.launchMs.reduce((sum, ms) => sum + ms, 0);
    const record = buildRecord({
      ...input,
      ...state,
      stop: { rule, spentMs },
      id: input.newId(),
      createdAt: input.timestamp(),
    });
    await input.append(record);
    this.records.push(record);
    this.stored.add(state.index);
    this.timeLeft.cellDone(state.index);
    input.onProgress({ type: 'record', record, ...this.position(state, launch) });
  }

  async finish(): Promise<PlanOutcome> {
    const cancelled = this.isCancelled();
    const session = this.watch.record(this.records, cancelled);
    if (session !== null) await this.input.appendSession?.(session);
    const { cellsDone, cellsTotal } = this.counts();
    const elapsedMs = this.input.now() - this.startedMs;
    this.input.onProgress({ type: 'done', cellsDone, cellsTotal, cancelled, elapsedMs });
    return { records: this.records, cancelled, session };
  }

  private counts(): Pick<RunPosition, 'cellsDone' | 'cellsTotal'> {
    return { cellsDone: this.records.length, cellsTotal: this.input.cells.length };
  }

  private position(state: CellState, launch: number): RunPosition {
    return {
      cellIndex: state.index,
      cell: state.cell,
      launch: launch + 1,
      launches: Math.max(this.input.protocol.launches, launch + 1),
      ...this.counts(),
      elapsedMs: this.input.now() - this.startedMs,
      remainingMs: this.timeLeft.estimateMs(),
    };
  }
}

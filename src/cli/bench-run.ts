import { randomUUID } from 'node:crypto';
import type { Cell } from '../core/cell.ts';
import { invariant } from '../core/errors.ts';
import { planCells } from '../core/plan.ts';
import type { BenchRecord } from '../core/record.ts';
import { CANARY_PROVENANCE, withSessionFlags } from '../core/session-flags.ts';
import type { SessionRecord } from '../core/session-record.ts';
import { chargeRates } from '../economics/token-cost.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { nodeProvenance } from '../hosts/node/provenance.ts';
import { runNodeLaunch } from '../hosts/node/run-launch.ts';
import type { ChargeCell } from '../measure/build-record.ts';
import { canaryCell, wantsCanary } from '../measure/canary-cell.ts';
import type { LaunchJob, LaunchResult } from '../measure/launch.ts';
import { type PlannedCell, runPlan } from '../measure/run-plan.ts';
import type { RunLaunchOptions } from '../measure/session-watch.ts';
import { prepareStore } from '../store/append-line.ts';
import { appendRecord, readStore, storePath } from '../store/jsonl.ts';
import {
  appendSessionRecord,
  readSessionRecords,
  sessionStorePath,
} from '../store/session-records.ts';
import { adapterFor, needsAdapter, type PlanContext, prepareCells } from './bench-cells.ts';
import { inspectModels, workloadProblem } from './bench-models.ts';
import type { BenchOptions, BenchOutcome, BenchPlan, BenchSurroundings } from './bench-options.ts';
import { protocolOf } from './bench-protocol.ts';
import { finishedRecords, recharge } from './bench-resume.ts';
import { cellPlacer, measureAdapterPeaks } from './bench-roofline.ts';

/** The cells of a command line, without touching a model or a device. Throws `usage`. */
export async function planBench(options: BenchOptions): Promise<BenchPlan> {
  const cells = planCells(options);
  const isSingle = cells.length * options.stop.launchesMax === 1;
  const canary = !isSingle && wantsCanary(options.canary, options.stop);
  return { cells, canary, storePath: storePath(options.out) };
}

/**
 * Runs a whole command: plan, then launch by launch in processes of their own, each cell's record into the
 * store as soon as it is finished. A cell that fails becomes a record. Throws `usage` for a bad plan, `io`
 * for a store that cannot be read or written, and the first cell's error when a model or workload is such
 * that no cell can run at all.
 */
export async function runBench(
  options: BenchOptions,
  { onProgress = () => {}, signal, command, twice }: BenchSurroundings = {},
): Promise<BenchOutcome> {
  const { cells: once, storePath: path } = await planBench(options);
  const cells = twice === undefined ? once : once.flatMap((cell) => [cell, cell]);
  const cacheDir = defaultCacheDir();
  const protocol = protocolOf(options);
  const models = await inspectModels(cells, cacheDir);
  throwWhenNothingCanRun(cells, models);
  if (twice === undefined) await prepareStore(path);
  const adapter = await adapterFor(cells, options.adapter);
  const { seed, adapter: wanted } = options;
  const context: PlanContext = { models, adapter, wanted, protocol, seed };
  const planned = prepareCells(cells, context);
  const charge: ChargeCell = (device, { prefill, decode }) =>
    chargeRates(
      device,
      {
        prefill: prefill?.tokensPerSecond ?? null,
        decode: decode?.tokensPerSecond ?? null,
      },
      options.gpuPriceUsdPerHour,
    );

  const earlier = options.resume ? await storedRecords(path, charge, onProgress) : nothingStored();
  const { stored, sessions } = earlier;
  const remaining = planned.filter(({ key }) => !stored.has(key));
  const resumed = planned.length - remaining.length;
  const isWatched = twice === undefined && wantsCanary(options.canary, protocol);
  const canary = isWatched ? plannedCanary(remaining, context) : null;
  const { launches } = protocol;
  onProgress({ type: 'plan', cells, launches, resumed, storePath: path, canary });
  const peaks = await measureAdapterPeaks(remaining, adapter, options.roofline, signal);
  const { records, cancelled, session } = await runPlan({
    cells: remaining,
    protocol,
    seed,
    run: randomUUID(),
    provenance: {
      ...(command === undefined ? {} : { command }),
      ...(canary === null ? {} : { [CANARY_PROVENANCE]: true }),
      ...(await nodeProvenance()),
    },
    canary,
    charge,
    place: cellPlacer(models, peaks),
    runLaunch: launcher(context, cacheDir),
    append: twice ?? ((record) => appendRecord(path, record)),
    ...(twice === undefined && {
      appendSession: (record) => appendSessionRecord(sessionStorePath(path), record),
    }),
    onProgress,
    now: () => performance.now(),
    timestamp: () => new Date().toISOString(),
    newId: randomUUID,
    signal,
  });

  for (const record of records) stored.set(record.key, record);
  const results =
    twice === undefined
      ? planned.map(({ key }) => stored.get(key)).filter((record) => record !== undefined)
      : records;
  const inOrder = withSessionFlags(results, [...sessions, ...(session === null ? [] : [session])]);
  const isAllOk = !cancelled && inOrder.every(({ outcome }) => outcome.status === 'ok');
  return { records: inOrder, storePath: path, cancelled, exitCode: isAllOk ? 0 : 1 };
}

/** What `--resume` finds: results by key, and what held for their sessions. */
interface Stored {
  stored: Map<string, BenchRecord>;
  sessions: readonly SessionRecord[];
}

const nothingStored = (): Stored => ({ stored: new Map(), sessions: [] });

/** One bad model or workload of many is a record; where all are bad it is a mistake to say at once. */
function throwWhenNothingCanRun(cells: readonly Cell[], models: PlanContext['models']): void {
  const problems = cells.map((cell) => workloadProblem(cell, models.get(cell.model)));
  const [first] = problems;
  if (first && problems.every((problem) => problem !== null)) throw first;
}

async function storedRecords(
  path: string,
  charge: ChargeCell,
  onProgress: NonNullable<BenchSurroundings['onProgress']>,
): Promise<Stored> {
  const { records, problems } = await readStore(path);
  for (const { line, reason } of problems) {
    onProgress({
      type: 'warning',
      message: `${path}:${line} is ${reason}; it is left as it is and its cell runs again.`,
    });
  }
  const { records: sessions } = await readSessionRecords(sessionStorePath(path));
  const finished = finishedRecords(records, sessions);
  const stored = new Map(
    [...finished].map(([key, record]) => [key, recharge(record, charge)] as const),
  );
  return { stored, sessions };
}

function plannedCanary(remaining: readonly PlannedCell[], { models, protocol }: PlanContext) {
  return canaryCell(remaining, protocol, needsAdapter, (name) => {
    const model = models.get(name);
    invariant(model !== undefined && 'config' in model, 'a cell that can run has a model');
    return model.config.context;
  });
}

function launcher({ adapter, wanted }: PlanContext, cacheDir: string) {
  const adapterEnv = adapter !== null && 'env' in adapter ? adapter.env : {};
  return async (job: LaunchJob, options: RunLaunchOptions): Promise<LaunchResult> => {
    const env = needsAdapter(job.cell) ? adapterEnv : {};
    return runNodeLaunch(job, { ...options, cacheDir, adapter: wanted, env });
  };
}

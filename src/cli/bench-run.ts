import { randomUUID } from 'node:crypto';
import type { Cell } from '../core/cell.ts';
import { planCells } from '../core/plan.ts';
import type { BenchRecord } from '../core/record.ts';
import { chargeRates } from '../economics/token-cost.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { nodeProvenance } from '../hosts/node/provenance.ts';
import { runNodeLaunch } from '../hosts/node/run-launch.ts';
import type { ChargeCell } from '../measure/build-record.ts';
import type { LaunchJob, LaunchResult } from '../measure/launch.ts';
import { type RunLaunchOptions, runPlan } from '../measure/run-plan.ts';
import { prepareStore } from '../store/append-line.ts';
import { appendRecord, readStore, storePath } from '../store/jsonl.ts';
import { adapterFor, needsAdapter, type PlanContext, prepareCells } from './bench-cells.ts';
import { inspectModels, workloadProblem } from './bench-models.ts';
import type { BenchOptions, BenchOutcome, BenchPlan, BenchSurroundings } from './bench-options.ts';
import { protocolOf } from './bench-protocol.ts';
import { finishedRecords, recharge } from './bench-resume.ts';
import { cellPlacer, measureAdapterPeaks } from './bench-roofline.ts';

/** The cells of a command line, without touching a model or a device. Throws `usage`. */
export async function planBench(options: BenchOptions): Promise<BenchPlan> {
  return { cells: planCells(options), storePath: storePath(options.out) };
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

  const stored = options.resume ? await storedRecords(path, charge, onProgress) : new Map();
  const remaining = planned.filter(({ key }) => !stored.has(key));
  const resumed = planned.length - remaining.length;
  onProgress({ type: 'plan', cells, launches: protocol.launches, resumed, storePath: path });
  const peaks = await measureAdapterPeaks(remaining, adapter, options.roofline, signal);
  const { records, cancelled } = await runPlan({
    cells: remaining,
    protocol,
    seed,
    run: randomUUID(),
    provenance: { ...(command === undefined ? {} : { command }), ...(await nodeProvenance()) },
    charge,
    place: cellPlacer(models, peaks),
    runLaunch: launcher(context, cacheDir),
    append: twice ?? ((record) => appendRecord(path, record)),
    onProgress,
    now: () => performance.now(),
    timestamp: () => new Date().toISOString(),
    newId: randomUUID,
    signal,
  });

  for (const record of records) stored.set(record.key, record);
  const inOrder =
    twice === undefined
      ? planned.map(({ key }) => stored.get(key)).filter((record) => record !== undefined)
      : records;
  const isAllOk = !cancelled && inOrder.every(({ outcome }) => outcome.status === 'ok');
  return { records: inOrder, storePath: path, cancelled, exitCode: isAllOk ? 0 : 1 };
}

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
): Promise<Map<string, BenchRecord>> {
  const { records, problems } = await readStore(path);
  for (const { line, reason } of problems) {
    onProgress({
      type: 'warning',
      message: `${path}:${line} is ${reason}; it is left as it is and its cell runs again.`,
    });
  }
  const finished = finishedRecords(records);
  return new Map([...finished].map(([key, record]) => [key, recharge(record, charge)]));
}

function launcher({ adapter, wanted }: PlanContext, cacheDir: string) {
  const adapterEnv = adapter !== null && 'env' in adapter ? adapter.env : {};
  return async (job: LaunchJob, options: RunLaunchOptions): Promise<LaunchResult> => {
    const env = needsAdapter(job.cell) ? adapterEnv : {};
    return runNodeLaunch(job, { ...options, cacheDir, adapter: wanted, env });
  };
}

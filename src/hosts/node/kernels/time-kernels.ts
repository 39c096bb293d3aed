import {
  defaultEffort,
  type MeasureContext,
  measureOperation,
  type OpenPeer,
} from '../../../../bench/kernels/measure-operation.ts';
import {
  defaultShapes,
  type ModelOperation,
  matchesFilter,
  modelOperations,
  wordsOf,
} from '../../../../bench/kernels/model-shapes.ts';
import { operationCost } from '../../../../bench/kernels/operation-cost.ts';
import { measurePeaks } from '../../../../bench/kernels/peaks.ts';
import { planOperations } from '../../../../bench/kernels/plan-operations.ts';
import { BenchError, toBenchError } from '../../../core/errors.ts';
import type { Peaks } from '../../../core/kernel-peaks.ts';
import type { KernelMeasurement, KernelOutcome } from '../../../core/kernel-record.ts';
import type { GpuDevice } from '../../../gpu/device.ts';
import { openGpuDevice } from '../../../gpu/open.ts';
import { KernelCompiler } from '../../../gpu/program.ts';
import type { TunedTable } from '../../../model/decoder/tuned-table.ts';
import type {
  KernelsTaskMessage,
  KernelsTaskResult,
  TimeKernelsInput,
} from '../../kernels-task.ts';
import { createDawn } from '../dawn.ts';
import { nodeHost } from '../host.ts';
import { findTuned } from '../tuned-tables.ts';

/** Seconds for timing where nothing is said. */
const BUDGET_SECONDS = { gpu: 1800, software: 420, quick: 30 } as const;
/** By how much the estimates may be wrong before the rest is left out. */
const OVERRUN = 1.5;

/** The peer tries several ways of an operation before the best one is timed. */
const PEER_EFFORT = 3;

type Send = (message: KernelsTaskMessage) => void;

/**
 * Measures the adapter's peaks, then operations one after another until the time is used up. Every operation
 * asked for is reported, also those that are left out. Throws `usage` when nothing matches, `device-lost`.
 */
export async function timeKernels(input: TimeKernelsInput, send: Send): Promise<KernelsTaskResult> {
  const started = performance.now();
  const dawn = await createDawn();
  const gpu = await openGpuDevice(dawn.gpu, { details: dawn.details });
  try {
    const kind = gpu.info.kind === 'gpu' ? 'gpu' : 'software';
    const subjects = chosenOperations(input, kind);
    const { table, problem } = await findTuned(input.cacheDir, gpu.info);
    const context = await prepare(input, gpu, table);
    const report = (measurement: KernelMeasurement) =>
      send({ type: 'measured', device: gpu.info, measurement });
    send({
      type: 'peaks',
      device: gpu.info,
      peaks: context.peaks,
      isTuned: table !== null,
      problem,
    });

    const budget = input.budgetSeconds ?? BUDGET_SECONDS[input.isQuick ? 'quick' : kind];
    // What an earlier process of this command began, it had chosen to fit.
    const room = input.done.length === 0 ? budget : Number.POSITIVE_INFINITY;
    const contenders = context.openPeer ? 2 + PEER_EFFORT : 2;
    const effort = { ...context.effort, peaks: context.peaks, contenders };
    const plan = planOperations(subjects, room, effort);
    const included = plan.filter(({ isIncluded }) => isIncluded);
    const seconds = included.reduce((sum, one) => sum + one.seconds, 0);
    const skipped = plan.length - included.length;
    const order = subjects.map(({ name }) => name);
    send({ type: 'plan', order, operations: included.length, skipped, seconds });
    for (const one of plan.filter(({ isIncluded }) => !isIncluded)) {
      report(notMeasured(one.subject, context.peaks, doesNotFit(one.seconds, budget)));
    }

    const pace = new Pace();
    for (const [index, { subject, seconds: expected }] of included.entries()) {
      const elapsed = input.spentSeconds + secondsSince(started);
      const more = expected * pace.factor;
      if (elapsed + more > budget * OVERRUN) {
        report(notMeasured(subject, context.peaks, ranOut(elapsed, more, budget)));
        continue;
      }
      send({ type: 'operation', subject, index, total: included.length });
      const from = performance.now();
      report(await measureOrExplain(subject, context));
      pace.note(expected, secondsSince(from));
    }
    return { device: gpu.info };
  } finally {
    await gpu.dispose();
    dawn.dispose();
  }
}

function chosenOperations(
  { shapes, filter, isQuick, done }: TimeKernelsInput,
  kind: 'gpu' | 'software',
): ModelOperation[] {
  const all = modelOperations({ ...defaultShapes(kind, isQuick), ...shapes });
  const chosen = all.filter((one) => matchesFilter(filter, wordsOf(one)));
  if (chosen.length === 0) {
    throw new BenchError(
      'usage',
      `--op ${filter.join(',')} matches none of ${all.length} operations`,
      { hint: `Give a part of a word such as ${all.slice(0, 2).flatMap(wordsOf).join(', ')}.` },
    );
  }
  return chosen.filter(({ name }) => !done.includes(name));
}

async function prepare(
  input: TimeKernelsInput,
  gpu: GpuDevice,
  tuned: TunedTable | null,
): Promise<MeasureContext> {
  const { isQuick, activations, hasPeer, seed } = input;
  if (activations === 'f16' && !gpu.hasF16) {
    throw new BenchError('unsupported', `${gpu.info.name} has no shader-f16`, {
      hint: 'Use --activations f32.',
    });
  }
  const compiler = new KernelCompiler(gpu, nodeHost);
  const effort = defaultEffort(gpu.info.kind === 'gpu' ? 'gpu' : 'software', isQuick);
  return {
    gpu,
    host: nodeHost,
    compiler,
    tuned,
    peaks: await measurePeaks(gpu, nodeHost, compiler),
    effort,
    activations,
    openPeer: hasPeer ? await loadPeer() : null,
    seed,
  };
}

/** Loaded on demand: ONNX Runtime's library is large, and without a peer nothing needs it. */
async function loadPeer(): Promise<OpenPeer> {
  const { ortContender } = await import('../../../../bench/kernels/peer/ort-contender.ts');
  return ortContender;
}

/** A failure is that operation's own, but a lost device is the end of this process. */
async function measureOrExplain(
  subject: ModelOperation,
  context: MeasureContext,
): Promise<KernelMeasurement> {
  try {
    return await measureOperation(subject, context);
  } catch (thrown) {
    const { code, message, hint } = toBenchError(thrown);
    if (code === 'device-lost') throw thrown;
    return notMeasured(subject, context.peaks, { status: 'failed', code, message, hint });
  }
}

function notMeasured(
  { name, uses, operation }: ModelOperation,
  peaks: Peaks,
  outcome: KernelOutcome,
): KernelMeasurement {
  const cost = operationCost(operation);
  return { name, uses: [...uses], operation, ...cost, outcome, contenders: [], ratio: null, peaks };
}

const HINT = 'Give more time with --budget, or fewer shapes: --op, --rows, --format, --context.';

function doesNotFit(seconds: number, budget: number): KernelOutcome {
  const message = `left out: about ${Math.ceil(seconds)} s more would exceed the ${budget} s allowed`;
  return { status: 'skipped', code: 'budget', message, hint: HINT };
}

function ranOut(elapsed: number, more: number, budget: number): KernelOutcome {
  const message =
    `left out: after ${Math.round(elapsed)} s of the ${budget} s allowed, about ${Math.ceil(more)} s more at ` +
    'the pace of the operations before';
  return { status: 'skipped', code: 'budget', message, hint: HINT };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** How much longer measuring takes than expected, by what was measured so far; never shorter. */
class Pace {
  #expected = 0;
  #taken = 0;

  get factor(): number {
    return this.#expected === 0 ? 1 : Math.max(1, this.#taken / this.#expected);
  }

  note(expected: number, taken: number): void {
    this.#expected += expected;
    this.#taken += taken;
  }
}

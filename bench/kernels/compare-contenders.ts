import { toBenchError } from '../../src/core/errors.ts';
import type { Peaks } from '../../src/core/kernel-peaks.ts';
import type {
  KernelContender,
  KernelFigures,
  KernelMeasurement,
  KernelOutcome,
} from '../../src/core/kernel-record.ts';
import type { Estimate } from '../../src/core/record.ts';
import type { Rng } from '../../src/core/rng.ts';
import { estimateTime } from '../../src/core/statistics.ts';
import type { ModelOperation } from './model-shapes.ts';
import type { Contender, OperationData } from './operation.ts';
import { type OperationCost, operationCost } from './operation-cost.ts';
import { checkOutput, type Sample } from './operation-oracle.ts';
import { ownTolerance } from './own-tolerance.ts';
import { peerTolerance } from './peer/tolerance.ts';

export type Role = KernelContender['role'];

/** A contender to be: opened when its operation's turn has come. */
export interface Entry {
  readonly role: Role;
  open(data: OperationData): Promise<Contender>;
}

export interface ComparisonOptions {
  /** Samples of each contender, one a block. */
  blocks: number;
  peaks: Peaks;
  /** Of the order within blocks and of the bootstrap. */
  rng: Rng;
}

/** The contender that others are compared with. */
const OURS: Role = 'cold';

/**
 * Checks every contender against the oracle's samples, then times those that are right: blocks in which each
 * is sampled once, in random order, so that whatever else the machine does meets all of them alike. A
 * contender that fails keeps its place with the reason. Throws `device-lost` and nothing else.
 */
export async function compareContenders(
  subject: ModelOperation,
  data: OperationData,
  samples: readonly Sample[],
  entries: readonly Entry[],
  options: ComparisonOptions,
): Promise<KernelMeasurement> {
  const { name, uses, operation } = subject;
  const cost = operationCost(operation);
  const racers: Racer[] = [];
  try {
    for (const entry of entries) racers.push(await prepare(entry, subject, data, samples));
    await race(racers, options);
  } finally {
    for (const { contender } of racers) await contender?.dispose();
  }
  const contenders = racers.map((racer) => summarise(racer, cost, options));
  const own = contenders.find(({ role }) => role === OURS);
  return {
    name,
    uses: [...uses],
    operation,
    ...cost,
    outcome: own?.outcome ?? {
      status: 'failed',
      code: 'internal',
      message: 'No contender of ours',
    },
    contenders,
    ratio: ratioOf(contenders, options.rng.fork('ratio')),
    peaks: options.peaks,
  };
}

/** A contender with what became of it so far. */
interface Racer {
  role: Role;
  name: string;
  contender: Contender | null;
  outcome: KernelOutcome;
  accuracy: KernelContender['accuracy'];
  samplesMs: number[];
}

async function prepare(
  { role, open }: Entry,
  { operation }: ModelOperation,
  data: OperationData,
  samples: readonly Sample[],
): Promise<Racer> {
  const racer: Racer = {
    role,
    name: role,
    contender: null,
    outcome: { status: 'ok' },
    accuracy: null,
    samplesMs: [],
  };
  await attempt(racer, async () => {
    const contender = await open(data);
    racer.contender = contender;
    racer.name = contender.name;
    const isHalf = contender.settings.activations === 'f16';
    const tolerance =
      peerTolerance(operation, isHalf ? 'f16' : 'f32') ??
      ownTolerance(operation, contender.settings);
    const output = await contender.output();
    const { nmse, problem } = checkOutput(operation, samples, output, tolerance);
    racer.accuracy = { nmse, allowedNmse: tolerance.nmse };
    if (problem !== null) {
      racer.outcome = { status: 'failed', code: 'quality', message: `wrong result: ${problem}` };
    }
  });
  return racer;
}

async function race(racers: readonly Racer[], { blocks, rng }: ComparisonOptions): Promise<void> {
  const order = rng.fork('order');
  const isRunning = ({ outcome }: Racer) => outcome.status === 'ok';
  // The first sample also finds out how many runs one takes, and is not kept.
  for (const racer of racers.filter(isRunning)) {
    await attempt(racer, async () => void (await racer.contender?.sample()));
  }
  for (let block = 0; block < blocks; block++) {
    for (const racer of order.shuffle(racers.filter(isRunning))) {
      await attempt(racer, async () => {
        const ms = await racer.contender?.sample();
        if (ms !== undefined) racer.samplesMs.push(ms);
      });
    }
  }
}

/** Runs a step of one contender; its failure is its own, but a lost device is everyone's. */
async function attempt(racer: Racer, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (thrown) {
    const { code, message, hint } = toBenchError(thrown, 'engine');
    if (code === 'device-lost') throw thrown;
    const status = code === 'unsupported' ? 'unsupported' : 'failed';
    racer.outcome = { status, code, message, ...(hint === undefined ? {} : { hint }) };
  }
}

function summarise(
  { role, name, contender, outcome, accuracy, samplesMs }: Racer,
  cost: OperationCost,
  { peaks, rng }: ComparisonOptions,
): KernelContender {
  const settings = { ...contender?.settings };
  const isTimed = outcome.status === 'ok' && samplesMs.length > 0;
  return {
    role,
    name,
    settings,
    outcome,
    accuracy,
    samplesMs,
    figures: isTimed ? figuresOf(samplesMs, cost, peaks, rng.fork('interval', role)) : null,
  };
}

/** Rates of the median time, and the share of the nearer roof: streaming the bytes or multiplying in f32. */
export function figuresOf(
  samplesMs: readonly number[],
  { bytes, flops }: OperationCost,
  peaks: Peaks,
  rng: Rng,
): KernelFigures {
  const ms = estimateTime(
    samplesMs.map((sample) => [sample]),
    rng,
  ).estimate;
  const { bound, leastMs } = roofOf({ bytes, flops }, peaks);
  return {
    ms,
    gbPerSecond: bytes / ms.median / 1e6,
    gflopPerSecond: flops / ms.median / 1e6,
    peakShare: leastMs / ms.median,
    bound,
  };
}

/** The time that the measured peaks allow at least, and which of them asks for it. */
export function roofOf(
  { bytes, flops }: OperationCost,
  { readGbPerSecond, copyGbPerSecond, f32GflopPerSecond }: Peaks,
): { bound: KernelFigures['bound']; leastMs: number } {
  const streamMs = bytes / Math.max(readGbPerSecond, copyGbPerSecond) / 1e6;
  const computeMs = flops / f32GflopPerSecond / 1e6;
  return streamMs >= computeMs
    ? { bound: 'bandwidth', leastMs: streamMs }
    : { bound: 'multiply-add', leastMs: computeMs };
}

/** Peer's time over ours by blocks, so that what slowed a block down cancels out. */
function ratioOf(contenders: readonly KernelContender[], rng: Rng): Estimate | null {
  const of = (role: Role) => contenders.find((c) => c.role === role && c.figures !== null);
  const ours = of(OURS);
  const peer = of('peer');
  if (!ours || !peer) return null;
  const ratios = ours.samplesMs.flatMap((ms, block) => {
    const other = peer.samplesMs[block];
    return other === undefined ? [] : [[other / ms]];
  });
  return ratios.length === 0 ? null : estimateTime(ratios, rng).estimate;
}

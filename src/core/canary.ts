import type { Cell } from './cell.ts';
import { median, medianAbsoluteDeviation } from './quantile.ts';
import type { BenchRecord, Launch } from './record.ts';
import {
  CANARY_PHASES,
  type Canary,
  type CanaryChange,
  type CanaryLaunch,
  type CanaryPhase,
} from './session-record.ts';
import { studentT975 } from './student-t.ts';

/** A canary that changes by less is never a reason for doubt, however quiet the machine. */
export const LEAST_CANARY_CHANGE = 0.03;
/** Two phases at two moments are four looks: z(1 − 0.05/8) over z(1 − 0.05/2). */
const FOUR_LOOKS = 2.498 / 1.96;
/** Fewer pairs of launches say nothing about scatter. */
const MIN_PAIRS = 3;
/** From a median absolute deviation to the σ of a normal distribution. */
const MAD_TO_SIGMA = 1.4826;
/** Standard error of a median over that of a mean, for a normal distribution: √(π/2). */
const MEDIAN_ERROR = 1.2533;

/** Times in ms of a phase in a launch, of a decode its mean step; empty where it was not timed or the clock saw none. */
function phaseMs({ repetitions }: Launch, phase: CanaryPhase): number[] {
  return repetitions
    .map(({ prefillMs, stepMs }) =>
      phase === 'prefill' ? (prefillMs ?? 0) : sum(stepMs) / Math.max(1, stepMs.length),
    )
    .filter((ms) => ms > 0);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** ln(median time of a launch / that of the launch before) over a run's cells on the canary's engine, cell by cell. */
export function launchPairs(
  { backend, host }: Cell,
  records: readonly BenchRecord[],
): Canary['launchLogRatios'] {
  const alike = records.filter(({ cell }) => cell.backend === backend && cell.host === host);
  const pairs = (phase: CanaryPhase) =>
    alike.flatMap(({ launches }) => {
      const medians = launches
        .map((launch) => phaseMs(launch, phase))
        .filter(({ length }) => length > 0)
        .map(median);
      return medians.slice(1).map((ms, i) => Math.log(ms / (medians[i] ?? ms)));
    });
  return { prefill: pairs('prefill'), decode: pairs('decode') };
}

/**
 * Each later launch of the canary against the first that worked. The limit is 3 %, or what two launches of one cell
 * differ by without a cause where that is more: neighbouring launches of the session's cells on the same engine are such
 * pairs. Their median deviation, which neither one jump nor a slow drift moves much, and the scatter of the passes within
 * the two launches make a standard error; Student's t with a third as many degrees as there are pairs, widened for four
 * looks, makes the limit. In simulated sessions without a change at most 6 % are then declared changed.
 */
export function canaryChanges({
  launches,
  launchLogRatios: pairs,
}: Omit<Canary, 'changes' | 'cell'>): CanaryChange[] {
  const worked = launches.flatMap(({ moment, launch }) =>
    launch === null ? [] : [{ moment, launch }],
  );
  const [first, ...later] = worked;
  if (first === undefined) return [];
  return CANARY_PHASES.flatMap((phase) =>
    later.flatMap(({ moment, launch }) => {
      const [before, after] = [phaseMs(first.launch, phase), phaseMs(launch, phase)];
      if (before.length === 0 || after.length === 0) return [];
      return {
        phase,
        from: first.moment,
        to: moment,
        timeRatio: median(after) / median(before),
        limit: Math.max(LEAST_CANARY_CHANGE, Math.expm1(noise(pairs[phase], before, after))),
      };
    }),
  );
}

/** Whether a change is beyond its limit, in either direction. */
export function isChanged({ timeRatio, limit }: CanaryChange): boolean {
  return Math.max(timeRatio, 1 / timeRatio) > 1 + limit;
}

/** How far apart, as a log ratio, two launches may be by chance. */
function noise(
  pairs: readonly number[],
  before: readonly number[],
  after: readonly number[],
): number {
  const isKnown = pairs.length >= MIN_PAIRS;
  const betweenLaunches = isKnown ? MAD_TO_SIGMA * medianAbsoluteDeviation(pairs) : 0;
  const degrees = isKnown ? pairs.length / 3 : Math.min(before.length, after.length) - 1;
  const error = Math.hypot(betweenLaunches, medianError(before), medianError(after));
  return FOUR_LOOKS * studentT975(Math.max(1, Math.round(degrees))) * error;
}

/** Relative standard error of a launch's median. */
function medianError(times: readonly number[]): number {
  const deviation = MAD_TO_SIGMA * medianAbsoluteDeviation(times);
  return (MEDIAN_ERROR * deviation) / median(times) / Math.sqrt(times.length);
}

/** Launches of the canary that gave nothing. */
export function failedLaunches({ launches }: Pick<Canary, 'launches'>): CanaryLaunch[] {
  return launches.filter(({ launch }) => launch === null);
}

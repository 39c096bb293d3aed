import { toBenchError } from '../../src/core/errors.ts';
import { median } from '../../src/core/quantile.ts';
import type { Dims } from '../../src/gpu/kernel.ts';
import { doublings } from '../../src/model/decoder/kernel-space.ts';

/** A kernel and its tunables, whatever operation it is for. */
export interface Choice {
  readonly kernel: string;
  readonly tunables: Dims;
}

/** A candidate that is ready to run. */
export interface Trial {
  /** What is wrong with its result, or null. */
  check(): Promise<string | null>;
  /** Milliseconds of one run: one sample of many. */
  sample(): Promise<number>;
}

export interface Search<C extends Choice> {
  /** What is kept unless another choice is clearly better. */
  fallback: C;
  /** All others, the likelier ones of each kernel first. */
  candidates: readonly C[];
  /** Of these the reason why is known already. */
  skipped: readonly Skipped<C>[];
  /** For all of it; the fallback and the last comparison are not cut short by it. */
  budgetMs: number;
  now(): number;
  /** Compiles and binds a candidate. What it throws is the candidate's own fault, except `device-lost`. */
  open(choice: C): Promise<Trial>;
  /** Called before anything is done with a candidate: it may end the process. */
  onTrying?(choice: C): void;
}

export interface Skipped<C extends Choice = Choice> {
  choice: C;
  reason: string;
}

export interface Found<C extends Choice> {
  choice: C;
  /** Medians of the last comparison, or of all samples where there was none. */
  ms: number;
  /** Null where the fallback does not work. */
  fallbackMs: number | null;
  /** Candidates that were timed, the fallback among them. */
  tried: number;
  skipped: Skipped<C>[];
}

/** What another choice must gain to take the fallback's place: less is noise. */
export const LEAST_GAIN = 1.02;
/** Parts of the budget by which trying candidates and narrowing them down have to be done. */
const TRYING_PART = 0.6;
const NARROWING_PART = 0.85;
/** Of so many candidates one goes through to the next round. */
const NARROWING = 3;
const FINAL_PAIRS = { least: 5, most: 9 };
/** Of the pairs, those in which the winner has to be the faster one. */
const CLEAR_MAJORITY = 3 / 4;

interface Runner<C> {
  choice: C;
  trial: Trial;
  samplesMs: number[];
}

/**
 * Looks for the fastest choice that is right: each candidate is checked and then sampled once, nearest to the
 * best so far first; the best third is sampled again, and so on; the last one has to beat the fallback by more
 * than LEAST_GAIN, and in nearly all of the samples that take turns. Null when nothing works, the fallback included.
 * Throws `device-lost`.
 */
export async function search<C extends Choice>(request: Search<C>): Promise<Found<C> | null> {
  const { fallback, candidates, budgetMs, now } = request;
  const started = now();
  const isBefore = (part: number) => now() - started < part * budgetMs;
  const skipped = [...request.skipped];
  const known = new Set(skipped.map(({ choice }) => choiceId(choice)));
  const runners: Runner<C>[] = [];

  const attempt = async (choice: C) => {
    request.onTrying?.(choice);
    try {
      const trial = await request.open(choice);
      const problem = await trial.check();
      if (problem === null) runners.push({ choice, trial, samplesMs: [await trial.sample()] });
      else skipped.push({ choice, reason: `wrong result: ${problem}` });
    } catch (thrown) {
      const { code, message } = toBenchError(thrown);
      if (code === 'device-lost') throw thrown;
      skipped.push({ choice, reason: `${code}: ${message}` });
    }
  };

  if (!known.has(choiceId(fallback))) await attempt(fallback);
  const isNew = (choice: C) =>
    !known.has(choiceId(choice)) && choiceId(choice) !== choiceId(fallback);
  const untried = candidates.filter(isNew);
  for (
    let turn = 0;
    untried.length > 0 && (isBefore(TRYING_PART) || runners.length === 0);
    turn++
  ) {
    const [next] = untried.splice(pickNext(untried, runners, turn), 1);
    if (next) await attempt(next);
  }
  const winner = await narrow(runners, () => isBefore(NARROWING_PART));
  if (!winner) return null;
  const own = runners.find(({ choice }) => choiceId(choice) === choiceId(fallback)) ?? null;
  const result = await decide(winner, own, () => isBefore(1));
  return { ...result, tried: runners.length, skipped };
}

/** Kernel and tunables in one line, the same for equal choices. */
export function choiceId({ kernel, tunables }: Choice): string {
  const list = Object.entries(tunables).sort(([a], [b]) => (a < b ? -1 : 1));
  return [kernel, ...list.map(([name, value]) => `${name} ${value}`)].join(' ');
}

/** Twice out of three times the neighbour of the best so far, else the likeliest of the kernel tried least. */
function pickNext<C extends Choice>(
  untried: readonly C[],
  runners: readonly Runner<C>[],
  turn: number,
): number {
  const best = ranked(runners)[0];
  const tried = (kernel: string) => runners.filter(({ choice }) => choice.kernel === kernel).length;
  const cost = (choice: C) =>
    turn % 3 === 2 || !best ? tried(choice.kernel) : distance(choice, best.choice);
  return untried.reduce(
    (least, choice, i) => (cost(choice) < cost(untried[least] ?? choice) ? i : least),
    0,
  );
}

/** Another kernel is far away. */
function distance(a: Choice, b: Choice): number {
  return a.kernel === b.kernel ? doublings(a.tunables, b.tunables) : 1000;
}

function ranked<C>(runners: readonly Runner<C>[]): Runner<C>[] {
  return [...runners].sort((a, b) => median(a.samplesMs) - median(b.samplesMs));
}

/** Samples the best third again and again until one is left or the time is up; the best one. */
async function narrow<C>(
  runners: readonly Runner<C>[],
  hasTime: () => boolean,
): Promise<Runner<C> | undefined> {
  let left = ranked(runners);
  while (left.length > 1 && hasTime()) {
    left = left.slice(0, Math.max(1, Math.ceil(left.length / NARROWING)));
    // The first sample of all may have paid for what a driver puts off.
    for (let round = 0; round < 2; round++) {
      for (const runner of left) {
        if (hasTime()) runner.samplesMs.push(await runner.trial.sample());
      }
    }
    left = ranked(left);
  }
  return left[0];
}

/** The winner against the fallback, taking turns, so that whatever else the machine does meets both alike. */
async function decide<C extends Choice>(
  winner: Runner<C>,
  own: Runner<C> | null,
  hasTime: () => boolean,
): Promise<Pick<Found<C>, 'choice' | 'ms' | 'fallbackMs'>> {
  if (own === null) {
    return { choice: winner.choice, ms: median(winner.samplesMs), fallbackMs: null };
  }
  if (own === winner) {
    const ms = median(own.samplesMs);
    return { choice: own.choice, ms, fallbackMs: ms };
  }
  const pairs: [fallback: number, winner: number][] = [];
  const { least, most } = FINAL_PAIRS;
  while (pairs.length < least || (pairs.length < most && hasTime())) {
    const [first, second] = pairs.length % 2 === 0 ? [own, winner] : [winner, own];
    const a = await first.trial.sample();
    const b = await second.trial.sample();
    pairs.push(first === own ? [a, b] : [b, a]);
  }
  const fallbackMs = median(pairs.map(([ms]) => ms));
  const ms = median(pairs.map(([, other]) => other));
  const faster = pairs.filter(([before, after]) => before > after).length;
  const isClear = fallbackMs / ms > LEAST_GAIN && faster >= CLEAR_MAJORITY * pairs.length;
  return isClear
    ? { choice: winner.choice, ms, fallbackMs }
    : { choice: own.choice, ms: fallbackMs, fallbackMs };
}

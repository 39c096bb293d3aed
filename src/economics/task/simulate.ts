import { quantile } from '../../core/quantile.ts';
import { Rng } from '../../core/rng.ts';
import type { BilledTokens } from '../prices/api-call.ts';
import { drawAmount, drawCount, isSame } from './amount-moments.ts';
import { attemptsUntil } from './attempts.ts';
import { uncached } from './conversation.ts';
import { callTokens, type StepExpectation } from './expectation.ts';
import { callUsd } from './plain-price.ts';
import type { PlainAmount, PlainStep, PlainTokens, PlainUnit } from './plain-unit.ts';

/** Simulated units, each with its cost and whether all of its calls came back. */
export interface SimulatedUnits {
  readonly usd: Float64Array;
  /** Of all units. */
  readonly allBackShare: number;
}

/** Calls that may be simulated in all: about a second. */
const MOST_CALLS = 2_000_000;
const LEAST_UNITS = 100;

/** How many units can be simulated, at most `wanted`, where one has so many calls on average. */
export function unitsWithin(wanted: number, callsPerUnit: number): number {
  const affordable = Math.floor(MOST_CALLS / Math.max(1, callsPerUnit));
  return Math.min(wanted, Math.max(LEAST_UNITS, affordable));
}

/**
 * Draws units call by call: numbers of calls, their tokens, attempts and who took over. `isKnown` says of each step
 * whether it has a cost; the others may fail too, and cost nothing here.
 */
export function simulateUnits(
  unit: PlainUnit,
  isKnown: readonly boolean[],
  units: number,
  seed: number,
): SimulatedUnits {
  const root = new Rng('unit-of-work', seed);
  // A stream for each step, so that a change to one leaves the draws of the others alone.
  const samplers = unit.steps.map((step) => samplerOf(step, root.fork(step.name)));
  const usd = new Float64Array(units);
  let allBack = 0;
  for (let k = 0; k < units; k++) {
    let isBack = true;
    for (const [i, sample] of samplers.entries()) {
      const drawn = sample();
      if (isKnown[i]) usd[k] = (usd[k] ?? 0) + drawn.usd;
      isBack &&= drawn.isBack;
    }
    if (isBack) allBack++;
  }
  return { usd, allBackShare: allBack / units };
}

export function percentilesOf(usd: Float64Array) {
  const all = Array.from(usd);
  return {
    meanUsd: all.reduce((sum, one) => sum + one, 0) / all.length,
    p5Usd: quantile(all, 0.05),
    p50Usd: quantile(all, 0.5),
    p95Usd: quantile(all, 0.95),
  };
}

interface Drawn {
  usd: number;
  isBack: boolean;
}

/** Draws one step of one unit at a time. */
function samplerOf(step: PlainStep, rng: Rng): () => Drawn {
  const { calls, tokens, responseCacheShare, levels } = step;
  const same = sameCosts(step);
  const needsNoDraw = same !== null && isCertain(step);
  const isAnswered = () => responseCacheShare > 0 && rng.uniform() < responseCacheShare;
  return () => {
    const count = drawCount(calls.amount, calls.mean, rng);
    const sum: Drawn = { usd: 0, isBack: true };
    if (needsNoDraw) {
      return count === 0 ? sum : { usd: count * (same[0] ?? Number.NaN), isBack: true };
    }
    for (let call = 0; call < count; call++) {
      if (same !== null) {
        if (!isAnswered()) addCall(sum, levels, (level) => same[level] ?? Number.NaN, rng);
        continue;
      }
      for (const billed of operations(tokens, rng)) {
        if (!isAnswered())
          addCall(sum, levels, (level) => attemptUsd(step, level, billed, rng), rng);
      }
    }
    return sum;
  };
}

/** What an attempt at each level costs where that is the same for every call; null where it is not. */
function sameCosts(step: PlainStep): number[] | null {
  const { tokens, gigabytes, levels } = step;
  if (tokens?.kind === 'conversation') return null;
  const amounts = [tokens?.input, tokens?.output, gigabytes?.perCall];
  if (amounts.some((one) => one !== undefined && !isSame(one.amount))) return null;
  const billed =
    tokens === null
      ? NO_TOKENS
      : callTokens(tokens.input.mean, tokens.output.mean, tokens.cachedShare);
  const rng = new Rng('not drawn from');
  return levels.map((_, level) => attemptUsd(step, level, billed, rng));
}

const NO_TOKENS: BilledTokens = { freshInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

const draw = ({ amount, mean }: PlainAmount, rng: Rng) => drawAmount(amount, mean, rng);

/** The tokens of a call, or of a conversation's turns one after the other. */
function* operations(tokens: PlainTokens | null, rng: Rng): Generator<BilledTokens> {
  if (tokens === null) {
    yield NO_TOKENS;
    return;
  }
  if (tokens.kind === 'call') {
    yield callTokens(draw(tokens.input, rng), draw(tokens.output, rng), tokens.cachedShare);
    return;
  }
  const turns = drawCount(tokens.turns.amount, tokens.turns.mean, rng);
  let context = draw(tokens.system, rng);
  let kept = 0;
  for (let turn = 0; turn < turns; turn++) {
    context += draw(tokens.user, rng);
    const output = draw(tokens.answer, rng);
    const isCached = tokens.prefixCache !== 'none';
    yield {
      freshInput: isCached ? 0 : context,
      cacheWrite: isCached ? context - kept : 0,
      cacheRead: kept,
      output,
    };
    kept = isCached ? context : 0;
    context += output;
    if (tokens.prefixCache === 'inputs-and-answers') kept = context;
  }
}

/** One call: attempts at each model in turn until one comes back. */
function addCall(
  sum: Drawn,
  levels: PlainStep['levels'],
  usdAt: (level: number) => number,
  rng: Rng,
): void {
  for (const [i, { successProbability, maxAttempts }] of levels.entries()) {
    const uniform = successProbability === 1 ? 0 : rng.uniform();
    const done = attemptsUntil(successProbability, maxAttempts, uniform);
    sum.usd += (done ?? maxAttempts) * usdAt(i);
    if (done !== null) return;
  }
  sum.isBack = false;
}

/** An attempt at a call; who takes over has none of it in a prefix cache. */
function attemptUsd(step: PlainStep, level: number, tokens: BilledTokens, rng: Rng): number {
  const price = step.levels[level]?.price;
  if (price === undefined) return Number.NaN;
  return level === 0
    ? callUsd(price, tokens) + ownUsd(step, rng)
    : callUsd(price, uncached(tokens));
}

/** What a call costs apart from its tokens. */
function ownUsd({ usdPerCall, gigabytes }: PlainStep, rng: Rng): number {
  if (gigabytes === null) return usdPerCall;
  const drawn = draw(gigabytes.perCall, rng);
  return usdPerCall + (drawn === 0 ? 0 : drawn * gigabytes.usdPerGb);
}

/** Calls of an average unit that are simulated one by one: those that may differ or fail. */
export function callsPerUnit(
  steps: readonly PlainStep[],
  expected: readonly StepExpectation[],
): number {
  return expected.reduce((sum, { calls }, i) => {
    const step = steps[i];
    return step !== undefined && isCertain(step) && sameCosts(step) !== null ? sum : sum + calls;
  }, 0);
}

/** Whether every call is made and comes back at once. */
function isCertain({ responseCacheShare, levels }: PlainStep): boolean {
  return levels[0].successProbability === 1 && responseCacheShare === 0;
}

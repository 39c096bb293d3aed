import { quantile } from '../../core/quantile.ts';
import { Rng } from '../../core/rng.ts';
import type { BilledTokens } from '../prices/api-call.ts';
import { drawAmount, drawCount } from './amount-moments.ts';
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
const MOST_CALLS = 4_000_000;
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
  const streams = unit.steps.map(({ name }) => root.fork(name));
  const usd = new Float64Array(units);
  let allBack = 0;
  for (let k = 0; k < units; k++) {
    let isBack = true;
    for (const [i, step] of unit.steps.entries()) {
      const drawn = simulateStep(step, streams[i] ?? root);
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

function simulateStep(step: PlainStep, rng: Rng): Drawn {
  const calls = drawCount(step.calls.amount, step.calls.mean, rng);
  const sum: Drawn = { usd: 0, isBack: true };
  for (let call = 0; call < calls; call++) {
    for (const tokens of operations(step.tokens, rng)) {
      if (step.responseCacheShare > 0 && rng.uniform() < step.responseCacheShare) continue;
      const drawn = simulateCall(step, tokens, rng);
      sum.usd += drawn.usd;
      sum.isBack &&= drawn.isBack;
    }
  }
  return sum;
}

const draw = ({ amount, mean }: PlainAmount, rng: Rng) => drawAmount(amount, mean, rng);

/** The tokens of a call, or of a conversation's turns one after the other. */
function* operations(tokens: PlainTokens | null, rng: Rng): Generator<BilledTokens> {
  if (tokens === null) {
    yield { freshInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
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

function simulateCall(step: PlainStep, tokens: BilledTokens, rng: Rng): Drawn {
  let usd = 0;
  for (const [i, level] of step.levels.entries()) {
    const { price, successProbability, maxAttempts } = level;
    const billed = i === 0 ? tokens : uncached(tokens);
    const done = attemptsUntil(
      successProbability,
      maxAttempts,
      successProbability === 1 ? 0 : rng.uniform(),
    );
    const attempts = done ?? maxAttempts;
    usd += attempts * (callUsd(price, billed) + (i === 0 ? ownUsd(step, rng) : 0));
    if (done !== null) return { usd, isBack: true };
  }
  return { usd, isBack: false };
}

/** What a call costs apart from its tokens. */
function ownUsd({ usdPerCall, gigabytes }: PlainStep, rng: Rng): number {
  if (gigabytes === null) return usdPerCall;
  const drawn = draw(gigabytes.perCall, rng);
  return usdPerCall + (drawn === 0 ? 0 : drawn * gigabytes.usdPerGb);
}

/** Calls of an average unit that are simulated one by one. */
export function callsPerUnit(steps: readonly StepExpectation[]): number {
  return steps.reduce((sum, { calls }) => sum + calls, 0);
}

import type { BilledTokens } from '../prices/api-call.ts';
import { promptTokens } from '../prices/api-call.ts';
import { allSucceed, countTable, weightedSum } from './amount-moments.ts';
import { piecesOf } from './amount-pieces.ts';
import { allFail, expectedAttempts } from './attempts.ts';
import {
  type ConversationShape,
  conversationTokens,
  turnTokens,
  uncached,
} from './conversation.ts';
import { callUsd, type PlainPrice, thresholdsOf, usdAt } from './plain-price.ts';
import type { PlainLevel, PlainStep, PlainTokens } from './plain-unit.ts';

/** Averages of one step over units. */
export interface StepExpectation {
  /** Every call tried once. */
  usdOnce: number;
  usd: number;
  /** Calls and turns that no cache of responses answers. */
  calls: number;
  attempts: number;
  /** Probability that a call comes back in the end. */
  callSuccess: number;
  /** Probability that all calls of a unit do. */
  allBack: number;
  uses: readonly LevelUse[];
}

/** What a step asks of one of its models. */
export interface LevelUse {
  model: string | null;
  attempts: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  usd: number;
}

/**
 * What a step costs on average: E[calls] × Σ over models of P(reached) × E[attempts] × E[cost of an attempt]. Numbers
 * of calls, tokens of a call and attempts at it are independent, so that averages multiply. Failed attempts cost what
 * others do.
 */
export function expectStep(step: PlainStep): StepExpectation {
  const made = step.calls.mean * (1 - step.responseCacheShare);
  const turns = step.tokens?.kind === 'conversation' ? step.tokens.turns : null;
  const calls = made * (turns === null ? 1 : turns.mean);
  const uses: LevelUse[] = [];
  let [reached, usdOnce] = [1, 0];
  for (const [i, level] of step.levels.entries()) {
    const tries = reached * expectedAttempts(level.successProbability, level.maxAttempts);
    const once = tries === 0 || calls === 0 ? null : levelOnce(step, level, i === 0);
    if (i === 0) usdOnce = times(made, once?.usd ?? 0);
    if (once !== null) uses.push(levelUse(level.model, made * tries, calls * tries, once));
    reached *= allFail(level.successProbability, level.maxAttempts);
  }
  const callSuccess = 1 - reached;
  return {
    usdOnce,
    usd: uses.reduce((sum, use) => sum + use.usd, 0),
    calls,
    attempts: uses.reduce((sum, use) => sum + use.attempts, 0),
    callSuccess,
    allBack: allBack(step, callSuccess),
    uses,
  };
}

/** A call, or a whole conversation, tried once at a model. */
interface Once {
  usd: number;
  tokens: BilledTokens;
}

function levelUse(model: string | null, calls: number, attempts: number, once: Once): LevelUse {
  const { cacheRead, output } = once.tokens;
  return {
    model,
    attempts,
    inputTokens: calls * promptTokens(once.tokens),
    cachedTokens: calls * cacheRead,
    outputTokens: calls * output,
    usd: times(calls, once.usd),
  };
}

function levelOnce(step: PlainStep, { price }: PlainLevel, isFirst: boolean): Once {
  const { tokens } = step;
  const turns = tokens?.kind === 'conversation' ? tokens.turns.mean : 1;
  const own = isFirst ? turns * ownUsdPerCall(step) : 0;
  const { usd, tokens: billed } =
    tokens?.kind === 'conversation'
      ? conversationOnce(tokens, price, isFirst)
      : callOnce(tokens, price, isFirst);
  return { usd: usd + own, tokens: billed };
}

/** What a call of a step costs apart from its tokens. */
function ownUsdPerCall({ usdPerCall, gigabytes }: PlainStep): number {
  return usdPerCall + (gigabytes === null ? 0 : times(gigabytes.perCall.mean, gigabytes.usdPerGb));
}

const NONE: BilledTokens = { freshInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

function callOnce(
  tokens: Extract<PlainTokens, { kind: 'call' }> | null,
  price: PlainPrice,
  isFirst: boolean,
): Once {
  if (tokens === null) return { usd: callUsd(price, NONE), tokens: NONE };
  const { input, output, cachedShare } = tokens;
  const billed = (prompt: number) => callTokens(prompt, output.mean, isFirst ? cachedShare : 0);
  const pieces = piecesOf(input.amount, input.mean, thresholdsOf(price));
  const usd = pieces.reduce((sum, { probability, mean }, i) => {
    const rates = price.tiers[i]?.rates;
    return probability === 0 || rates === undefined
      ? sum
      : sum + probability * usdAt(price, rates, billed(mean));
  }, 0);
  return { usd, tokens: billed(input.mean) };
}

/** Tokens of a call whose prompt is partly in a prefix cache. */
export function callTokens(prompt: number, output: number, cachedShare: number): BilledTokens {
  return {
    freshInput: prompt * (1 - cachedShare),
    cacheRead: prompt * cachedShare,
    cacheWrite: 0,
    output,
  };
}

function conversationOnce(
  tokens: Extract<PlainTokens, { kind: 'conversation' }>,
  price: PlainPrice,
  isFirst: boolean,
): Once {
  const { turns, prefixCache } = tokens;
  const shape: ConversationShape = {
    system: tokens.system.mean,
    user: tokens.user.mean,
    answer: tokens.answer.mean,
    prefixCache,
  };
  const seen = (billed: BilledTokens) => (isFirst ? billed : uncached(billed));
  const { values, probabilities } = countTable(turns.amount, turns.mean);
  const perLength = values.map((length) => seen(conversationTokens(length, shape)));
  const mean = (kind: keyof BilledTokens) =>
    weightedSum(
      perLength.map((billed) => billed[kind]),
      probabilities,
    );
  const all: BilledTokens = {
    freshInput: mean('freshInput'),
    cacheRead: mean('cacheRead'),
    cacheWrite: mean('cacheWrite'),
    output: mean('output'),
  };
  const [only, another] = price.tiers;
  if (only !== undefined && another === undefined) {
    const fees = { ...price, usdPerCall: price.usdPerCall * turns.mean };
    return { usd: usdAt(fees, only.rates, all), tokens: all };
  }
  // Rates depend on the length of each turn's prompt.
  const longest = Math.max(...values);
  let usd = 0;
  for (let turn = 1; turn <= longest; turn++) {
    const reached = weightedSum(
      values.map((length) => (length >= turn ? 1 : 0)),
      probabilities,
    );
    usd += reached * callUsd(price, seen(turnTokens(turn, shape)));
  }
  return { usd, tokens: all };
}

function allBack({ calls, tokens, responseCacheShare }: PlainStep, callSuccess: number): number {
  const one = responseCacheShare + (1 - responseCacheShare) * callSuccess;
  const perCall =
    tokens?.kind === 'conversation' ? allSucceed(tokens.turns.amount, tokens.turns.mean, one) : one;
  return allSucceed(calls.amount, calls.mean, perCall);
}

/** None of something costs nothing, whatever its price, known or not. */
function times(count: number, usd: number): number {
  return count === 0 ? 0 : count * usd;
}

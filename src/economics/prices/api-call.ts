import { BenchError } from '../../core/errors.ts';
import { type Formula, type Inputs, type PropagateOptions, propagate } from '../propagate.ts';
import { exact, type Quantity, unknown } from '../quantity.ts';
import { TOKENS_PER_MTOK, type Usd } from '../units.ts';
import type { ApiPrice, ApiRates } from './price-book.ts';

/**
 * Whether a provider counts cache tokens in its input tokens. OpenAI, Google and OpenTelemetry's `gen_ai.usage` do
 * (`inclusive`); Anthropic's own API does not (`exclusive`). Nothing in the numbers tells, so a caller must.
 */
export type CacheConvention = 'inclusive' | 'exclusive';

/** Tokens of one call, or averages over calls that all stay in one tier. */
export interface ApiUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  cacheConvention: CacheConvention;
  /** Answered when the provider has time, at its batch rates. Default false. */
  isBatch?: boolean;
}

/** Tokens as they are billed: each is in one of these. */
export interface BilledTokens {
  freshInput: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
}

type CallInput = keyof ApiRates | 'usdPerRequest';
type CallResult = 'usd' | 'inputUsd' | 'cacheReadUsd' | 'cacheWriteUsd' | 'outputUsd';

/** What a call costs, and what each kind of its tokens does; `usd` holds the request fee too. */
export type ApiCallCost = { usd: Quantity<Usd> } & Record<CallResult, Quantity>;

/**
 * USD of one call: fresh input × input price + cache reads × cached price + cache writes × write price + output ×
 * output price, per million, and the request fee; the rates are those of the tier that the whole prompt is in.
 * A price that is unknown makes the cost unknown only where there are tokens of that kind.
 * Throws `usage` for counts that are negative or no numbers, and for cache tokens above inclusive input tokens.
 */
export function apiCallCost(
  price: ApiPrice,
  usage: ApiUsage,
  options?: PropagateOptions,
): ApiCallCost {
  const billed = billedTokens(usage);
  const rates = ratesOf(price, promptTokens(billed), usage.isBatch ?? false);
  const inputs: Inputs<CallInput> = { ...rates, usdPerRequest: price.usdPerRequest };
  return propagate(inputs, callFormula(billed), options) as ApiCallCost;
}

/** Splits counts into those that are billed apart, by the provider's convention. Throws `usage` as apiCallCost does. */
export function billedTokens(usage: ApiUsage): BilledTokens {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheConvention } = usage;
  const counts = { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens };
  for (const [name, count] of Object.entries(counts)) {
    if (!(count >= 0 && Number.isFinite(count))) {
      throw new BenchError('usage', `${name} is ${count}, expected a number of 0 or more`);
    }
  }
  const cached = cacheReadTokens + cacheWriteTokens;
  if (cacheConvention === 'inclusive' && cached > inputTokens) {
    throw new BenchError(
      'usage',
      `${cached} cache tokens (${cacheReadTokens} read, ${cacheWriteTokens} written) are more than the ` +
        `${inputTokens} input tokens that should hold them`,
      { hint: 'Counts of providers that leave cache tokens out of the input are "exclusive".' },
    );
  }
  return {
    freshInput: cacheConvention === 'inclusive' ? inputTokens - cached : inputTokens,
    cacheRead: cacheReadTokens,
    cacheWrite: cacheWriteTokens,
    output: outputTokens,
  };
}

/** Length of the prompt, whichever way it was counted: tiers depend on it. */
export function promptTokens({ freshInput, cacheRead, cacheWrite }: BilledTokens): number {
  return freshInput + cacheRead + cacheWrite;
}

/** The rates of a prompt of this length: those of the highest tier it is above, for all of its tokens. */
export function ratesOf(price: ApiPrice, prompt: number, isBatch: boolean): ApiRates {
  const tier = price.tiers
    .filter(({ aboveInputTokens }) => prompt > aboveInputTokens)
    .reduce<ApiPrice['tiers'][number] | null>(
      (best, one) => (best && best.aboveInputTokens >= one.aboveInputTokens ? best : one),
      null,
    );
  if (!isBatch) return tier?.rates ?? price.rates;
  const name = `${price.provider}/${price.model}`;
  if (price.batch === null) return unknownRates(`${name} has no batch price (${price.source})`);
  if (tier === null) return price.batch;
  return unknownRates(
    `${name} has no batch price above ${tier.aboveInputTokens} input tokens (${price.source})`,
  );
}

/** Rates of which nothing is known, each for the same reason. */
export function unknownRates(reason: string): ApiRates {
  const none = unknown(reason);
  return { input: none, output: none, cacheRead: none, cacheWrite: none };
}

/** A fee that a source does not mention is none: providers list what they charge for. */
export const NO_REQUEST_FEE: Quantity = exact(0);

/** The formula of `apiCallCost`, for averages over calls too that all stay in one tier. */
export function callFormula(billed: BilledTokens): Formula<CallInput, CallResult> {
  return ({ input, cacheRead, cacheWrite, output, usdPerRequest }) => {
    const inputUsd = usdOf(billed.freshInput, input);
    const cacheReadUsd = usdOf(billed.cacheRead, cacheRead);
    const cacheWriteUsd = usdOf(billed.cacheWrite, cacheWrite);
    const outputUsd = usdOf(billed.output, output);
    const usd = inputUsd + cacheReadUsd + cacheWriteUsd + outputUsd + usdPerRequest;
    return { usd, inputUsd, cacheReadUsd, cacheWriteUsd, outputUsd };
  };
}

/** No tokens cost nothing, whatever the price, known or not. */
function usdOf(tokens: number, usdPerMtok: number): number {
  return tokens === 0 ? 0 : (tokens * usdPerMtok) / TOKENS_PER_MTOK;
}

import { type BilledTokens, callFormula, promptTokens } from '../prices/api-call.ts';
import type { ApiRates } from '../prices/price-book.ts';
import { tokenCosts } from '../tokens/token-costs.ts';
import type { Bind } from './bind.ts';
import type { DeploymentPrice, ModelPrice } from './model-price.ts';

/** USD per million tokens of each kind. */
export type PlainRates = Readonly<Record<keyof ApiRates, number>>;

/** What a model's calls cost, in plain numbers; NaN where a price is unknown. */
export interface PlainPrice {
  /** Rising; the first begins at 0. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rates: PlainRates }[];
  readonly usdPerCall: number;
}

/** @param key of the model, such as `models.small` */
export function plainPrice(price: ModelPrice, key: string, bind: Bind): PlainPrice {
  if (price.kind === 'deployment') {
    return {
      tiers: [{ aboveInputTokens: 0, rates: deploymentRates(price, key, bind) }],
      usdPerCall: 0,
    };
  }
  const { rates, tiers, usdPerCall } = price;
  return {
    tiers: [{ aboveInputTokens: 0, rates }, ...tiers].map(({ aboveInputTokens: above, rates }) => ({
      aboveInputTokens: above,
      rates: ratesAt(rates, above === 0 ? key : `${key}.above${above}`, bind),
    })),
    usdPerCall: bind(`${key}.usdPerCall`, usdPerCall),
  };
}

function ratesAt(rates: ApiRates, key: string, bind: Bind): PlainRates {
  const input = bind(`${key}.inputUsdPerMtok`, rates.input);
  return {
    input,
    output: bind(`${key}.outputUsdPerMtok`, rates.output),
    cacheRead: bind(`${key}.cacheReadUsdPerMtok`, rates.cacheRead),
    // Where the one stands in for the other they are one figure.
    cacheWrite:
      rates.cacheWrite === rates.input
        ? input
        : bind(`${key}.cacheWriteUsdPerMtok`, rates.cacheWrite),
  };
}

/** GPU time per token: the split view of `tokenCosts`. Tokens in a prefix cache take none. */
function deploymentRates(price: DeploymentPrice, key: string, bind: Bind): PlainRates {
  const { inputUsdPerMtok, outputUsdPerMtok } = tokenCosts({
    prefillTps: bind(`${key}.prefillTps`, price.prefillTps),
    decodeTps: bind(`${key}.decodeTps`, price.decodeTps),
    usdPerGpuHour: bind(`${key}.usdPerGpuHour`, price.usdPerGpuHour),
    gpus: bind(`${key}.gpus`, price.gpus),
    utilization: bind(`${key}.utilization`, price.utilization),
    cacheHit: 0,
    inputTokens: 1,
    outputTokens: 1,
    blendInput: 1,
    blendOutput: 1,
  });
  return {
    input: inputUsdPerMtok,
    output: outputUsdPerMtok,
    cacheRead: 0,
    cacheWrite: inputUsdPerMtok,
  };
}

/** One call, its whole prompt at the rates of its tier. */
export function callUsd(price: PlainPrice, tokens: BilledTokens): number {
  const prompt = promptTokens(tokens);
  let [at] = price.tiers;
  for (const tier of price.tiers) if (prompt > tier.aboveInputTokens) at = tier;
  return at === undefined ? Number.NaN : usdAt(price, at.rates, tokens);
}

/** A call, or the average of calls, at these rates. */
export function usdAt(price: PlainPrice, rates: PlainRates, tokens: BilledTokens): number {
  return callFormula(tokens)({ ...rates, usdPerRequest: price.usdPerCall }).usd;
}

/** Prompt lengths at which rates change. */
export function thresholdsOf({ tiers }: PlainPrice): number[] {
  return tiers.slice(1).map(({ aboveInputTokens }) => aboveInputTokens);
}

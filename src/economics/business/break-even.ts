import type { Formula, Inputs, PropagateOptions, Results } from '../propagate.ts';
import { drawsOf, propagate } from '../propagate.ts';
import { between, exact, type Quantity, unknown } from '../quantity.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';

/** One deployment and one API, at the same mix of input and output tokens. */
export type BreakEvenInput =
  | 'usdPerGpuHour'
  | 'gpus'
  /** Hours that are paid for in a month. */
  | 'hoursPerMonth'
  /** Input and output tokens a second of the deployment together, at its mix. */
  | 'capacityTps'
  /** Tokens a second of the deployment while it does only that. */
  | 'prefillTps'
  | 'decodeTps'
  /** Share of the capacity that may be used with the latency still as promised. */
  | 'maxUtilization'
  /** What self-hosting costs by the token, beside its GPUs. */
  | 'selfUsdPerMtok'
  | 'apiUsdPerMtok'
  | 'apiInputUsdPerMtok'
  | 'apiCachedUsdPerMtok'
  | 'apiOutputUsdPerMtok'
  | 'apiUsdPerRequest'
  /** Tokens of a request, or their ratio. */
  | 'inputTokens'
  | 'outputTokens'
  /** Share of the input tokens found in a prefix cache, on either side. */
  | 'cacheHit';

/** Which of the inputs say what the deployment serves and what the API costs; the others are not looked at. */
export interface BreakEvenBasis {
  /** `total`: capacityTps. `phases`: prefillTps and decodeTps at the mix. */
  capacity: 'total' | 'phases';
  /** `blended`: apiUsdPerMtok. `split`: the prices of input and output at the mix. */
  api: 'blended' | 'split';
  /** Busiest time's load over the mean: a deployment that must serve the busiest time idles in the others. */
  peakToMean: number;
}

export type BreakEvenResult =
  /** Fixed cost of the deployment. */
  | 'usdPerMonth'
  | 'capacityTps'
  | 'capacityMtok'
  /** The largest volume that one deployment serves with its peaks. */
  | 'servableMtok'
  /** At full load: the usage basis, which no deployment with idle time has. */
  | 'saturatedUsdPerMtok'
  | 'apiUsdPerMtok'
  /** 1 / the break-even volume: finite where that is not, 0 or less where there is none. */
  | 'breakEvenPerMtok'
  /** The capacity in break-even volumes: 1 / u*. */
  | 'capacityPerBreakEven'
  /** The servable volume in break-even volumes: below 1 where break-even cannot be reached. */
  | 'servablePerBreakEven';

/**
 * Fixed cost F = USD per GPU-hour × GPUs × hours against an API's price p: beyond V* = F / (p − v) million tokens a
 * month the API costs more, with v what self-hosting costs by the token. The whole bill is on the tokens (allocation
 * basis), idle time included. The same as a utilisation: u* = (F / capacity) / (p − v), which is C_sat / p for v = 0.
 */
export function breakEvenFormula(basis: BreakEvenBasis): Formula<BreakEvenInput, BreakEvenResult> {
  return (inputs) => {
    const { usdPerGpuHour, gpus, hoursPerMonth, maxUtilization, selfUsdPerMtok } = inputs;
    const usdPerMonth = usdPerGpuHour * gpus * hoursPerMonth;
    const capacityTps = basis.capacity === 'total' ? inputs.capacityTps : phasesTps(inputs);
    const capacityMtok =
      (capacityTps * maxUtilization * SECONDS_PER_HOUR * hoursPerMonth) / TOKENS_PER_MTOK;
    const apiUsdPerMtok = basis.api === 'blended' ? inputs.apiUsdPerMtok : mixUsdPerMtok(inputs);
    const servableMtok = capacityMtok / basis.peakToMean;
    const breakEvenPerMtok = (apiUsdPerMtok - selfUsdPerMtok) / usdPerMonth;
    return {
      usdPerMonth,
      capacityTps,
      capacityMtok,
      servableMtok,
      saturatedUsdPerMtok: usdPerMonth / capacityMtok + selfUsdPerMtok,
      apiUsdPerMtok,
      breakEvenPerMtok,
      capacityPerBreakEven: capacityMtok * breakEvenPerMtok,
      servablePerBreakEven: servableMtok * breakEvenPerMtok,
    };
  };
}

type Mix = Record<'inputTokens' | 'outputTokens' | 'cacheHit', number>;

/** Tokens a second of requests that prefill and decode in turns: (N + M) / ((1 − h)·N/P + M/D). */
function phasesTps({
  inputTokens,
  outputTokens,
  cacheHit,
  prefillTps,
  decodeTps,
}: Mix & Record<'prefillTps' | 'decodeTps', number>): number {
  const seconds =
    timesUnlessNone((1 - cacheHit) * inputTokens, 1 / prefillTps) +
    timesUnlessNone(outputTokens, 1 / decodeTps);
  return (inputTokens + outputTokens) / seconds;
}

/** Price of a million tokens at the mix: cached input at its own price, the request's fee spread over its tokens. */
function mixUsdPerMtok(
  inputs: Mix &
    Record<`api${'Input' | 'Cached' | 'Output'}UsdPerMtok` | 'apiUsdPerRequest', number>,
): number {
  const { inputTokens, outputTokens, cacheHit } = inputs;
  const usd =
    timesUnlessNone((1 - cacheHit) * inputTokens, inputs.apiInputUsdPerMtok) +
    timesUnlessNone(cacheHit * inputTokens, inputs.apiCachedUsdPerMtok) +
    timesUnlessNone(outputTokens, inputs.apiOutputUsdPerMtok) +
    inputs.apiUsdPerRequest * TOKENS_PER_MTOK;
  return usd / (inputTokens + outputTokens);
}

/** No tokens take nothing, whatever the rate, known or not. */
function timesUnlessNone(tokens: number, rate: number): number {
  return tokens === 0 ? 0 : tokens * rate;
}

/** `at` a volume that the deployment can serve; `never`; or `unknown`, with the volume known or not. */
export interface BreakEven {
  verdict: 'at' | 'never' | 'unknown';
  /** Why never, or why it is unknown; null for `at`. */
  reason: string | null;
  /** V*. Its high bound is Infinity where more than 2.5 % of the draws have no such volume. */
  mtokPerMonth: Quantity;
  /** u*: share of the capacity in use at that volume; above 1 where it has not that much. */
  utilization: Quantity;
  /** Share of the draws in which self-hosting never pays; null where no input has an interval. */
  probabilityNever: number | null;
  results: Results<BreakEvenResult>;
}

/** Break-even volume and utilisation with their intervals, held against what the deployment can serve. */
export function breakEven(
  inputs: Inputs<BreakEvenInput>,
  basis: BreakEvenBasis,
  options?: PropagateOptions,
): BreakEven {
  const formula = breakEvenFormula(basis);
  const results = propagate(inputs, formula, options);
  const drawn = drawsOf(inputs, formula, options);
  return {
    ...verdictOf(results),
    mtokPerMonth: inverseOf(results.breakEvenPerMtok),
    utilization: inverseOf(results.capacityPerBreakEven),
    probabilityNever: drawn && shareOf(drawn.servablePerBreakEven, (times) => times < 1),
    results,
  };
}

/** Share of the draws in which something holds; null where a draw gave no number. */
export function shareOf(
  draws: readonly number[],
  holds: (value: number) => boolean,
): number | null {
  if (draws.some(Number.isNaN)) return null;
  return draws.filter(holds).length / draws.length;
}

function verdictOf(results: Results<BreakEvenResult>): Pick<BreakEven, 'verdict' | 'reason'> {
  const { breakEvenPerMtok: perMtok, servablePerBreakEven: times } = results;
  if ('reason' in perMtok) return { verdict: 'unknown', reason: perMtok.reason };
  if (perMtok.value <= 0) {
    const reason = 'the API costs no more by the token than self-hosting does beside its GPUs';
    return { verdict: 'never', reason };
  }
  if ('reason' in times) return { verdict: 'unknown', reason: times.reason };
  if (times.value < 1) {
    const reason = 'one deployment cannot serve the volume at which it pays, and more cost more';
    return { verdict: 'never', reason };
  }
  return { verdict: 'at', reason: null };
}

/** 1 / x, which turns the bounds round; of nothing or less there is none, and a bound there is Infinity. */
function inverseOf(quantity: Quantity): Quantity {
  if (quantity.value === null) return quantity;
  if (quantity.value <= 0) return unknown('self-hosting saves nothing at any volume');
  const inverse = (bound: number) => (bound > 0 ? 1 / bound : Number.POSITIVE_INFINITY);
  const { value, low, high } = quantity;
  if (low === null || high === null) return exact(1 / value);
  return between(1 / value, inverse(high), inverse(low));
}

/** Share of the paid time that serves: the price of used capacity over that of all of it ($1 / $4 = 25 %). */
export function utilizationOf(usageUsdPerMtok: number, allocationUsdPerMtok: number): number {
  return usageUsdPerMtok / allocationUsdPerMtok;
}

import type { Formula, Inputs, Numbers, PropagateOptions, Results } from '../propagate.ts';
import { propagate } from '../propagate.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';

/**
 * What the cost of a request depends on. Rates are those of the whole deployment of `gpus` GPUs while it does only
 * that; `decodeTps` at the batch it serves.
 */
export type CostInput =
  | 'prefillTps'
  | 'decodeTps'
  | 'usdPerGpuHour'
  | 'gpus'
  /** Share of the paid time that serves requests, above 0 up to 1. */
  | 'utilization'
  /** Share of the input tokens that a prefix cache holds; they take no GPU time. */
  | 'cacheHit'
  | 'inputTokens'
  | 'outputTokens'
  /** Weights of the blended price, input to output; the request's own mix where they are its token counts. */
  | 'blendInput'
  | 'blendOutput';

export type CostResult =
  | 'gpuSecondsPerRequest'
  | 'requestsPerSecond'
  | 'usdPerRequest'
  | 'inputUsdPerMtok'
  | 'outputUsdPerMtok'
  | 'allOnOutputUsdPerMtok'
  | 'allOnTotalUsdPerMtok'
  | 'blendedUsdPerMtok'
  /** What the cache hits save of a request's cost without them. */
  | 'cacheSavingShare';

/**
 * A request of N input tokens, a share h of them cached, and M output tokens takes t = (1 − h)·N/P + M/D seconds of a
 * deployment, and g GPUs at r USD an hour that serve for a share u of the time cost r·g·t / (3600·u). The `split`
 * view charges each phase its seconds; its input price is per input token, cached ones included, so that
 * N·input + M·output is the bill again. A view without tokens to put the bill on has no price (NaN), and
 * requests that take no time have no rate.
 */
export const tokenCosts: Formula<CostInput, CostResult> = (inputs) => {
  const { prefillTps, decodeTps, cacheHit, inputTokens, outputTokens } = inputs;
  const usdPerSecond =
    (inputs.usdPerGpuHour * inputs.gpus) / (SECONDS_PER_HOUR * inputs.utilization);
  const prefillSeconds = phaseSeconds((1 - cacheHit) * inputTokens, prefillTps);
  const decodeSeconds = phaseSeconds(outputTokens, decodeTps);
  const seconds = prefillSeconds + decodeSeconds;
  const usdPerRequest = usdPerSecond * seconds;
  const inputUsdPerMtok = TOKENS_PER_MTOK * usdPerSecond * phaseSeconds(1 - cacheHit, prefillTps);
  const outputUsdPerMtok = (TOKENS_PER_MTOK * usdPerSecond) / decodeTps;
  const uncachedSeconds = phaseSeconds(inputTokens, prefillTps) + decodeSeconds;
  return {
    gpuSecondsPerRequest: seconds,
    requestsPerSecond: seconds === 0 ? Number.NaN : 1 / seconds,
    usdPerRequest,
    inputUsdPerMtok,
    outputUsdPerMtok,
    allOnOutputUsdPerMtok: perMtok(usdPerRequest, outputTokens),
    allOnTotalUsdPerMtok: perMtok(usdPerRequest, inputTokens + outputTokens),
    blendedUsdPerMtok: blended(inputs, inputUsdPerMtok, outputUsdPerMtok),
    cacheSavingShare: (uncachedSeconds - seconds) / uncachedSeconds,
  };
};

/** No tokens take no time, whatever the rate, known or not. */
function phaseSeconds(tokens: number, tokensPerSecond: number): number {
  return tokens === 0 ? 0 : tokens / tokensPerSecond;
}

function perMtok(usd: number, tokens: number): number {
  return tokens === 0 ? Number.NaN : (TOKENS_PER_MTOK * usd) / tokens;
}

function blended(
  { blendInput, blendOutput }: Numbers<'blendInput' | 'blendOutput'>,
  input: number,
  output: number,
): number {
  const sum =
    (blendInput === 0 ? 0 : blendInput * input) + (blendOutput === 0 ? 0 : blendOutput * output);
  return sum / (blendInput + blendOutput);
}

/** `tokenCosts` with the intervals of its inputs. */
export function tokenCostsOf(
  inputs: Inputs<CostInput>,
  options?: PropagateOptions,
): Results<CostResult> {
  return propagate(inputs, tokenCosts, options);
}

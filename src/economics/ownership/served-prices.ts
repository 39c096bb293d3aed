import type { Formula } from '../propagate.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';

/** Tokens per second are those that a deployment serves of both kinds at once, over a whole hour. */
export type ServedInput =
  | 'usdPerGpuHour'
  | 'gpus'
  | 'inputTps'
  | 'outputTps'
  /** Price of an output token in those of an input token, where a rule and no measurement splits the bill. */
  | 'outputWeight'
  /** 0 where requests are not counted. */
  | 'requestsPerHour'
  | 'requestsPerRun';

export type ServedResult =
  | 'allOnTotalUsdPerMtok'
  | 'allOnOutputUsdPerMtok'
  | 'allOnInputUsdPerMtok'
  | 'byRatioInputUsdPerMtok'
  | 'byRatioOutputUsdPerMtok'
  | 'usdPerRequest'
  | 'usdPer1000Requests'
  | 'usdPerRun';

/**
 * What an hour makes of the tokens served in it: 10⁶ · r · g / (3600 · T) for all, output or input tokens, each of
 * which pays the whole bill (InferenceX). By ratio: prices of 1 to m that pay it together, as NVIDIA splits it 1 to 3
 * and OpenCost 1 to 2.5; a rule, where `mtok cost tokens` splits by measured GPU time.
 */
export const servedPrices: Formula<ServedInput, ServedResult> = (inputs) => {
  const { inputTps, outputTps, outputWeight, requestsPerHour, requestsPerRun } = inputs;
  const usdPerHour = inputs.usdPerGpuHour * inputs.gpus;
  const perMtok = (tokensPerSecond: number) =>
    tokensPerSecond === 0
      ? Number.NaN
      : (TOKENS_PER_MTOK * usdPerHour) / (SECONDS_PER_HOUR * tokensPerSecond);
  const byRatioInputUsdPerMtok = perMtok(inputTps + outputWeight * outputTps);
  const usdPerRequest = requestsPerHour === 0 ? Number.NaN : usdPerHour / requestsPerHour;
  return {
    allOnTotalUsdPerMtok: perMtok(inputTps + outputTps),
    allOnOutputUsdPerMtok: perMtok(outputTps),
    allOnInputUsdPerMtok: perMtok(inputTps),
    byRatioInputUsdPerMtok,
    byRatioOutputUsdPerMtok: outputWeight * byRatioInputUsdPerMtok,
    usdPerRequest,
    usdPer1000Requests: 1000 * usdPerRequest,
    usdPerRun: requestsPerRun * usdPerRequest,
  };
};

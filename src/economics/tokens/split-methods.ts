import {
  type Formula,
  type Inputs,
  type PropagateOptions,
  propagate,
  type Results,
} from '../propagate.ts';
import { TOKENS_PER_MTOK } from '../units.ts';
import { type CostInput, tokenCosts } from './token-costs.ts';

/**
 * Rules by which one bill is split between the tokens that go in and those that come out. `gpu-seconds` charges each
 * phase the time it takes on the deployment, measured; the others are in use where that was not measured:
 * - `multiplier-2.5`: an output token costs 2.5 input tokens (OpenCost's rule without measured times);
 * - `multiplier-3`: it costs three (NVIDIA's reference ratio);
 * - `request-seconds`: by the seconds that requests spend in each phase, as a server's meter of request time adds them
 *   up: a decode step of b sequences then counts b times;
 * - `mean-tpot-sum`: prefill seconds against a request's mean time per output token, which is what the sum of that
 *   histogram holds: the tokens of a request drop out of it.
 */
export const SPLIT_METHODS = [
  'gpu-seconds',
  'multiplier-2.5',
  'multiplier-3',
  'request-seconds',
  'mean-tpot-sum',
] as const;
export type SplitMethod = (typeof SPLIT_METHODS)[number];

/** By what a bill is split: one of these rules, a line through mixed batches, or another weight of an output token. */
export type AllocationMethod = SplitMethod | 'mixed-batch-fit' | `multiplier-${number}`;

/** How much of a bill each side bears, in any unit. */
export interface PhaseWeights {
  input: number;
  output: number;
}

/** What a bill is for; `inputTokens` holds those found in a prefix cache too, `freshTokens` does not. */
export interface SplitBill {
  usd: number;
  inputTokens: number;
  freshTokens: number;
  outputTokens: number;
}

export type SplitFigure =
  | 'inputShare'
  /** Of every input token, cached ones included: inputTokens·this + outputTokens·output is the bill. */
  | 'inputUsdPerMtok'
  /** Of the input tokens that were computed: freshTokens·this + outputTokens·output is the bill too. */
  | 'freshInputUsdPerMtok'
  | 'outputUsdPerMtok'
  /** Of all tokens at the bill's own mix. */
  | 'blendedUsdPerMtok';

/**
 * A bill split by weights: the input bears `w_in / (w_in + w_out)` of it. Conserved: the prices times the tokens are
 * the bill again. A side with a share of the bill and no tokens to put it on has no price (NaN).
 */
export function splitBill(bill: SplitBill, weights: PhaseWeights): Record<SplitFigure, number> {
  const { usd, inputTokens, freshTokens, outputTokens } = bill;
  const inputShare = weights.input / (weights.input + weights.output);
  return {
    inputShare,
    inputUsdPerMtok: perMtok(usd * inputShare, inputTokens),
    freshInputUsdPerMtok: perMtok(usd * inputShare, freshTokens),
    outputUsdPerMtok: perMtok(usd * (1 - inputShare), outputTokens),
    blendedUsdPerMtok: perMtok(usd, inputTokens + outputTokens),
  };
}

/** Weights 1 : m of a computed input token and an output token. m = P / D gives the split by GPU-seconds. */
export function multiplierWeights(
  { freshTokens, outputTokens }: Pick<SplitBill, 'freshTokens' | 'outputTokens'>,
  multiplier: number,
): PhaseWeights {
  return { input: freshTokens, output: multiplier * outputTokens };
}

/** What the rules look at, of one request. Rates are of the whole deployment, `batch` sequences at once. */
interface PhaseTimes {
  freshTokens: number;
  outputTokens: number;
  prefillTps: number;
  decodeTps: number;
  batch: number;
}

/** The weights of each rule for one request. Prompts are taken to be computed one at a time, as servers do. */
export function methodWeights(method: SplitMethod, times: PhaseTimes): PhaseWeights {
  const { freshTokens, outputTokens, prefillTps, decodeTps, batch } = times;
  const prefillSeconds = freshTokens === 0 ? 0 : freshTokens / prefillTps;
  const decodeSeconds = outputTokens === 0 ? 0 : outputTokens / decodeTps;
  switch (method) {
    case 'gpu-seconds':
      return { input: prefillSeconds, output: decodeSeconds };
    case 'multiplier-2.5':
      return multiplierWeights(times, 2.5);
    case 'multiplier-3':
      return multiplierWeights(times, 3);
    case 'request-seconds':
      return { input: prefillSeconds, output: batch * decodeSeconds };
    case 'mean-tpot-sum':
      return { input: prefillSeconds, output: outputTokens === 0 ? 0 : batch / decodeTps };
  }
}

/** What a split depends on: a request's cost, and how many sequences the deployment decodes at once. */
export type SplitInput = CostInput | 'batch';
export type SplitResult = `${SplitMethod}/${SplitFigure}`;

/** The same bill of one request by every rule. */
export const splitByMethods: Formula<SplitInput, SplitResult> = (inputs) => {
  const { inputTokens, outputTokens, cacheHit, prefillTps, decodeTps, batch } = inputs;
  const freshTokens = (1 - cacheHit) * inputTokens;
  const bill = { usd: tokenCosts(inputs).usdPerRequest, inputTokens, freshTokens, outputTokens };
  const times = { freshTokens, outputTokens, prefillTps, decodeTps, batch };
  const results = {} as Record<SplitResult, number>;
  for (const method of SPLIT_METHODS) {
    const figures = splitBill(bill, methodWeights(method, times));
    for (const [figure, value] of Object.entries(figures)) {
      results[`${method}/${figure as SplitFigure}`] = value;
    }
  }
  return results;
};

/** One rule's prices, with the name of the rule: prices of two rules say different things. */
export interface SplitAllocation {
  allocationMethod: SplitMethod;
  figures: Results<SplitFigure>;
}

/** `splitByMethods` with the intervals of its inputs, the split by GPU-seconds first. */
export function splitAllocations(
  inputs: Inputs<SplitInput>,
  options?: PropagateOptions,
): SplitAllocation[] {
  const results = propagate(inputs, splitByMethods, options);
  const figure = (method: SplitMethod, name: SplitFigure) => results[`${method}/${name}`];
  return SPLIT_METHODS.map((allocationMethod) => ({
    allocationMethod,
    figures: {
      inputShare: figure(allocationMethod, 'inputShare'),
      inputUsdPerMtok: figure(allocationMethod, 'inputUsdPerMtok'),
      freshInputUsdPerMtok: figure(allocationMethod, 'freshInputUsdPerMtok'),
      outputUsdPerMtok: figure(allocationMethod, 'outputUsdPerMtok'),
      blendedUsdPerMtok: figure(allocationMethod, 'blendedUsdPerMtok'),
    },
  }));
}

function perMtok(usd: number, tokens: number): number {
  if (tokens === 0) return usd === 0 ? 0 : Number.NaN;
  return (TOKENS_PER_MTOK * usd) / tokens;
}

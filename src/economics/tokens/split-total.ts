import { drawsOf, type Inputs, type PropagateOptions, propagate } from '../propagate.ts';
import { isKnown, type Quantity } from '../quantity.ts';

/** OpenCost's weight of an output token against an input token where no times are known; NVIDIA takes 3. */
export const OPENCOST_OUTPUT_WEIGHT = 2.5;

/**
 * Rates of the two phases where only the rate of all tokens together is known, input (cached ones too) and output: by
 * the rule that an output token takes `outputWeight` times as long as a computed input token. A request of N in, a
 * share h of them cached, and M out takes (N + M)/T seconds, of which a computed input token gets
 * 1/P = (N + M)/T / ((1 − h)·N + weight·M), an output token weight/P. A split by rule, not by measurement.
 */
export function ratesFromTotal(
  inputs: Inputs<'totalTps' | 'inputTokens' | 'outputTokens' | 'cacheHit'>,
  outputWeight: number,
  options?: PropagateOptions,
): { prefill: Quantity; decode: Quantity } {
  const rates = (at: Record<keyof typeof inputs, number>) => {
    const weighted = (1 - at.cacheHit) * at.inputTokens + outputWeight * at.outputTokens;
    const prefill = (weighted * at.totalTps) / (at.inputTokens + at.outputTokens);
    return { prefill, decode: prefill / outputWeight };
  };
  const results = propagate(inputs, rates, options);
  // Both come from one figure: drawn apart, their request would look more certain than it is.
  const draws = drawsOf(inputs, rates, options);
  const together = (name: 'prefill' | 'decode'): Quantity => {
    const rate = results[name];
    return draws === null || !isKnown(rate) ? rate : { ...rate, draws: draws[name] };
  };
  return { prefill: together('prefill'), decode: together('decode') };
}

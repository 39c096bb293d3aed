import type { Energy } from '../../core/energy.ts';
import type { BenchRecord } from '../../core/record.ts';
import { type Inputs, propagate, type Results } from '../propagate.ts';
import { exact, type Quantity, unknown } from '../quantity.ts';
import { JOULES_PER_KILOWATT_HOUR, TOKENS_PER_MTOK } from '../units.ts';

type EnergyResult =
  | 'joulesPerInputToken'
  | 'joulesPerOutputToken'
  | 'joulesPerRequest'
  /** Of output tokens, without the energy of the prompts. */
  | 'outputKilowattHoursPerMtok';

/** Energy as a record measured it. Of the device that `source` names alone, its idle power included; no PUE. */
export interface TokenEnergy {
  source: Energy['source'] | null;
  figures: Results<EnergyResult>;
}

/**
 * Joules of tokens and of a request: (1 − h)·N input tokens that are computed, M that are generated, at the measured
 * joules per token of each phase. Unknown where the record holds no energy of a phase that the request needs.
 */
export function tokenEnergy(
  record: Pick<BenchRecord, 'id' | 'energy'>,
  { inputTokens, outputTokens, cacheHit }: Inputs<'inputTokens' | 'outputTokens' | 'cacheHit'>,
): TokenEnergy {
  const { id, energy } = record;
  const phase = (name: 'prefill' | 'decode'): Quantity => {
    const measured = energy?.[name]?.joulesPerToken;
    return measured === undefined
      ? unknown(`record ${id} measured no energy of ${name}`)
      : exact(measured);
  };
  const figures = propagate(
    { inputTokens, outputTokens, cacheHit, prefill: phase('prefill'), decode: phase('decode') },
    (at) => {
      const fresh = (1 - at.cacheHit) * at.inputTokens;
      return {
        joulesPerInputToken: at.prefill,
        joulesPerOutputToken: at.decode,
        joulesPerRequest: joules(fresh, at.prefill) + joules(at.outputTokens, at.decode),
        outputKilowattHoursPerMtok: (at.decode * TOKENS_PER_MTOK) / JOULES_PER_KILOWATT_HOUR,
      };
    },
  );
  return { source: energy?.source ?? null, figures };
}

/** No tokens take no energy, whether that of one is known or not. */
function joules(tokens: number, joulesPerToken: number): number {
  return tokens === 0 ? 0 : tokens * joulesPerToken;
}

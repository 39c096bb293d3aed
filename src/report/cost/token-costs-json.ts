import type { Flag } from '../../core/record.ts';
import type { Inputs, Results, TornadoBar } from '../../economics/propagate.ts';
import type { CostInput, CostResult } from '../../economics/tokens/token-costs.ts';
import { figureJson, figuresJson } from './figure.ts';
import { type TokenExtras, tokenExtrasJson } from './token-extras.ts';

/** One answer of `mtok cost tokens` with what it was made from. */
export interface ShownTokenCosts {
  /** Null where the rates were given. */
  record: { id: string; name: string; device: string } | null;
  inputs: Inputs<CostInput>;
  results: Results<CostResult>;
  /** Of the cost of a request; empty unless asked for. */
  tornado: readonly TornadoBar<CostInput>[];
  priceSource: string;
  /** Flags of the record that a reader of its costs must know. */
  flags: readonly Flag[];
  extras: TokenExtras;
  seed: number;
}

export function tokenCostsJson(shown: ShownTokenCosts) {
  const { record, inputs, results, tornado, priceSource, flags, extras, seed } = shown;
  const { inputUsdPerMtok, outputUsdPerMtok, ...others } = results;
  return {
    ...figuresJson(others),
    split: {
      inputUsdPerMtok: figureJson(inputUsdPerMtok),
      outputUsdPerMtok: figureJson(outputUsdPerMtok),
    },
    inputs: figuresJson(inputs),
    priceSource,
    record,
    flags,
    ...(tornado.length === 0 ? {} : { tornado }),
    ...tokenExtrasJson(extras),
    seed,
  };
}

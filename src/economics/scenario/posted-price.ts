import { type Inputs, type PropagateOptions, propagate, type Results } from '../propagate.ts';

export type PostedPriceInput =
  | 'inputUsdPerMtok'
  | 'outputUsdPerMtok'
  /** Weights of the mix, input to output tokens. */
  | 'blendInput'
  | 'blendOutput'
  /** Million tokens of both kinds a year. */
  | 'mtokPerYear';

export type PostedPriceResult =
  | 'blendedUsdPerMtok'
  /** Price of an output token to that of an input token. */
  | 'outputToInput'
  | 'spendUsdPerYear';

/**
 * V₀·P₀ from posted prices: the mean price of a token is (w_in·input + w_out·output) / (w_in + w_out) USD per million,
 * 3:1 where nothing better is known of the mix, and the volume times that is the spend.
 */
export function postedSpend(
  inputs: Inputs<PostedPriceInput>,
  options?: PropagateOptions,
): Results<PostedPriceResult> {
  return propagate(
    inputs,
    ({ inputUsdPerMtok, outputUsdPerMtok, blendInput, blendOutput, mtokPerYear }) => {
      const blendedUsdPerMtok =
        (blendInput * inputUsdPerMtok + blendOutput * outputUsdPerMtok) /
        (blendInput + blendOutput);
      return {
        blendedUsdPerMtok,
        outputToInput: inputUsdPerMtok === 0 ? Number.NaN : outputUsdPerMtok / inputUsdPerMtok,
        spendUsdPerYear: mtokPerYear * blendedUsdPerMtok,
      };
    },
    options,
  );
}

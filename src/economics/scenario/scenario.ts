import { type Inputs, type PropagateOptions, propagate } from '../propagate.ts';
import type { Quantity } from '../quantity.ts';

export type ScenarioInput =
  /** V₀·P₀: what is spent a year at the start. */
  | 'spendUsdPerYear'
  /** What a year multiplies the price of a token by. */
  | 'priceFactorPerYear'
  /** What a year multiplies the volume of tokens by. */
  | 'volumeFactorPerYear';

/** A moment of a scenario; factors are against the start. */
export interface ScenarioPoint {
  years: number;
  priceFactor: Quantity;
  volumeFactor: Quantity;
  /** At that moment, were it to go on for a year. */
  spendUsdPerYear: Quantity;
  /** Spent from the start until then. */
  totalUsd: Quantity;
}

export interface ScenarioResult {
  points: ScenarioPoint[];
  /** What a year multiplies spend by. */
  spendFactorPerYear: Quantity;
  /** Growth of volume a year that leaves spend as it is, as a share: 1 / price factor − 1. */
  flatSpendGrowth: Quantity;
  /** Change of yearly spend from the start to the last point, and its two parts, which sum to it. */
  changeUsd: Quantity;
  priceUsd: Quantity;
  volumeUsd: Quantity;
}

/**
 * Spend over time where price and volume change by a factor a year, compounding all the time:
 * spend(t) = V₀·P₀·(volume factor · price factor)^t. Totals are its integral, V₀·P₀·(k^t − 1) / ln k with k the product.
 * The change is attributed by the logarithmic mean (Ang's LMDI): L(S₀, Sₜ)·ln(price factor^t) to the price, the same
 * of the volume to the volume; they sum to the change without a rest, and neither is taken first.
 * `years` are the moments, ascending, the last of them the horizon.
 */
export function scenarioOf(
  inputs: Inputs<ScenarioInput>,
  years: readonly number[],
  options?: PropagateOptions,
): ScenarioResult {
  const horizon = years.at(-1) ?? 0;
  const results = propagate<ScenarioInput, string>(
    inputs,
    ({ spendUsdPerYear, priceFactorPerYear, volumeFactorPerYear }) => {
      const k = priceFactorPerYear * volumeFactorPerYear;
      const [logPrice, logVolume] = [Math.log(priceFactorPerYear), Math.log(volumeFactorPerYear)];
      // L(S₀, Sₜ) is the mean of the spend over the time, which is its total by its length.
      const mean = spendUsdPerYear * meanPower(k, horizon);
      const points = years.flatMap((t, i) => [
        [`spend ${i}`, spendUsdPerYear * k ** t],
        [`total ${i}`, spendUsdPerYear * t * meanPower(k, t)],
      ]);
      return {
        ...(Object.fromEntries(points) as Record<string, number>),
        spendFactor: k,
        flatGrowth: 1 / priceFactorPerYear - 1,
        change: spendUsdPerYear * (k ** horizon - 1),
        priceUsd: mean * horizon * logPrice,
        volumeUsd: mean * horizon * logVolume,
      };
    },
    options,
  );
  const result = (name: string) => withoutDraws(results[name] as Quantity);
  return {
    points: years.map((t, i) => ({
      years: t,
      priceFactor: power(inputs.priceFactorPerYear, t),
      volumeFactor: power(inputs.volumeFactorPerYear, t),
      spendUsdPerYear: result(`spend ${i}`),
      totalUsd: result(`total ${i}`),
    })),
    spendFactorPerYear: result('spendFactor'),
    flatSpendGrowth: result('flatGrowth'),
    changeUsd: result('change'),
    priceUsd: result('priceUsd'),
    volumeUsd: result('volumeUsd'),
  };
}

/** A factor a year over t years: its bounds are the powers of its bounds. */
function power(factorPerYear: Quantity, t: number): Quantity {
  return propagate({ factorPerYear }, (inputs) => ({ factor: inputs.factorPerYear ** t })).factor;
}

/** Mean of k^τ for τ from 0 to t. */
function meanPower(k: number, t: number): number {
  const logChange = t * Math.log(k);
  return Math.abs(logChange) < 1e-12 ? 1 : Math.expm1(logChange) / logChange;
}

/** Thousands of numbers for each of hundreds of figures, and no one asks for them again. */
function withoutDraws(quantity: Quantity): Quantity {
  if (quantity.value === null) return quantity;
  const { value, low, high } = quantity;
  return { value, low, high };
}

export const CLAIMS = ['rises', 'falls'] as const;
export type SpendClaim = (typeof CLAIMS)[number];
export type ClaimVerdict = 'agrees' | 'contradicts' | 'undecided';

/** Factors that differ from 1 by less leave spend as it is: the rest is rounding. */
const FLAT = 1e-9;

/** Whether spend goes where a claim says; `undecided` where the interval of its factor a year reaches both sides of 1. */
export function judgeClaim(claim: SpendClaim, spendFactorPerYear: Quantity): ClaimVerdict {
  const { value, low, high } = spendFactorPerYear;
  if (value === null) return 'undecided';
  const [least, most] = [low ?? value, high ?? value];
  const doesRise = least > 1 + FLAT;
  const doesFall = most < 1 - FLAT;
  const isFlat = least > 1 - FLAT && most < 1 + FLAT;
  if (!doesRise && !doesFall && !isFlat) return 'undecided';
  return (claim === 'rises' ? doesRise : doesFall) ? 'agrees' : 'contradicts';
}

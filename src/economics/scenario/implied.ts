import { type PropagateOptions, propagate } from '../propagate.ts';
import type { Quantity } from '../quantity.ts';

/** How one figure stands to an earlier one. */
export interface ChangeBetween {
  /** to / from */
  ratio: number;
  /** to / from − 1, a share: +221.7 % is 2.217. */
  relative: number;
  /** to − from: of shares in percent, points. */
  difference: number;
}

/** A change three ways, which texts like to take for each other: a share that goes from 80 % to 65 % loses 15 points, or 18.75 %. */
export function changeBetween(from: number, to: number): ChangeBetween {
  return { ratio: to / from, relative: to / from - 1, difference: to - from };
}

/**
 * The factor a year of price or volume that spend over time implies where the other's is known: spend went from
 * S₀ to Sₜ in `years`, so (Sₜ / S₀)^(1/years) is the product of both. 11.5 to 37 at a tenth of the price is 32.17 times
 * the volume.
 */
export function impliedFactor(
  inputs: { fromUsdPerYear: Quantity; toUsdPerYear: Quantity; otherFactorPerYear: Quantity },
  years: number,
  options?: PropagateOptions,
): Quantity {
  return propagate(
    inputs,
    ({ fromUsdPerYear, toUsdPerYear, otherFactorPerYear }) => ({
      factor: (toUsdPerYear / fromUsdPerYear) ** (1 / years) / otherFactorPerYear,
    }),
    options,
  ).factor;
}

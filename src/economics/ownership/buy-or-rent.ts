import type { Formula } from '../propagate.ts';
import { HOURS_PER_MONTH } from '../units.ts';

/** All of one GPU. */
export type BuyOrRentInput =
  | 'capexUsd'
  /** Given back at the end; 0 leaves it out. */
  | 'residualUsd'
  | 'rentUsdPerGpuHour'
  /** Power, hosting and software of the owned one, by the hour. */
  | 'runningUsdPerHour';

/**
 * Hours of use after which buying was cheaper than renting: (capex − residual) / (rent − running costs). Infinite where
 * the owned GPU costs as much to run as to rent: never. Interest is left out. Months are of 730 hours.
 */
export const buyOrRent: Formula<BuyOrRentInput, 'hours' | 'months'> = ({
  capexUsd,
  residualUsd,
  rentUsdPerGpuHour,
  runningUsdPerHour,
}) => {
  const savedUsdPerHour = rentUsdPerGpuHour - runningUsdPerHour;
  const hours =
    savedUsdPerHour <= 0 ? Number.POSITIVE_INFINITY : (capexUsd - residualUsd) / savedUsdPerHour;
  return { hours, months: hours / HOURS_PER_MONTH };
};

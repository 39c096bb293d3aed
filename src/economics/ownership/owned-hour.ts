import type { Formula } from '../propagate.ts';
import { HOURS_PER_YEAR } from '../units.ts';
import { electricityUsdPerHour, type PowerUse } from './electricity.ts';

/** What was bought and what keeping it costs: `gpus` GPUs together, but power and rent of one GPU. */
export type OwnedInput =
  | keyof PowerUse
  | 'capexUsd'
  /** What it sells for at the end of its life. */
  | 'residualUsd'
  | 'years'
  /** Yearly cost of capital; 0 is straight-line depreciation. */
  | 'interest'
  /** Share of the hours of its life in which it can be used. */
  | 'availability'
  | 'gpus'
  | 'hostingUsdPerYear'
  | 'softwareUsdPerYear';

/** Items of an hour of one GPU, in USD. */
export type OwnedItem = 'capital' | 'hosting' | 'software' | 'busyPower' | 'idlePower';
export type OwnedResult = OwnedItem | 'usdPerGpuHour' | 'usdPerYear';

/**
 * An hour of one owned GPU that is available. Capital: (capex − residual) / (years · 8760 · availability) without
 * interest, as in NVIDIA's cost of LLM inference; with interest i a year capex · CRF − residual · SFF, where CRF =
 * i / (1 − (1 + i)^−years) recovers the capital in equal parts and SFF = CRF − i saves up the residual. Hosting and
 * software are paid all year too. `usdPerYear` is of all GPUs over the hours in which they are available.
 */
export const ownedHour: Formula<OwnedInput, OwnedResult> = (inputs) => {
  const { gpus, availability, hostingUsdPerYear, softwareUsdPerYear } = inputs;
  const gpuHoursPerYear = gpus * HOURS_PER_YEAR * availability;
  const capital = capitalUsdPerYear(inputs) / gpuHoursPerYear;
  const hosting = hostingUsdPerYear / gpuHoursPerYear;
  const software = softwareUsdPerYear / gpuHoursPerYear;
  const { busy: busyPower, idle: idlePower } = electricityUsdPerHour(inputs);
  const usdPerGpuHour = capital + hosting + software + busyPower + idlePower;
  return {
    capital,
    hosting,
    software,
    busyPower,
    idlePower,
    usdPerGpuHour,
    usdPerYear: usdPerGpuHour * gpuHoursPerYear,
  };
};

function capitalUsdPerYear({
  capexUsd,
  residualUsd,
  years,
  interest,
}: Readonly<Record<'capexUsd' | 'residualUsd' | 'years' | 'interest', number>>): number {
  const recovery = capitalRecoveryFactor(interest, years);
  return capexUsd * recovery - residualUsd * (recovery - interest);
}

/** The share of a purchase to be earned each year so that it is paid back with interest: 1 / years without interest. */
export function capitalRecoveryFactor(interest: number, years: number): number {
  // expm1 and log1p: the difference of 1 and (1 + i)^−n would be all rounding for small rates
  return interest === 0 ? 1 / years : interest / -Math.expm1(-years * Math.log1p(interest));
}

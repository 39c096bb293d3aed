import type { Formula, Inputs, PropagateOptions, Results } from '../propagate.ts';
import { drawsOf, propagate } from '../propagate.ts';
import {
  type BreakEvenBasis,
  type BreakEvenInput,
  breakEvenFormula,
  shareOf,
  utilizationOf,
} from './break-even.ts';

export type VolumeResult =
  | 'apiUsd'
  /** Whole deployments that serve all of it, in the busiest slice too. */
  | 'deployments'
  | 'selfUsd'
  /** The whole bill on the tokens: the allocation basis. */
  | 'selfUsdPerMtok'
  /** Share of what the deployments could serve. */
  | 'utilization'
  /** Deployments of the cheapest mix: base load on them, what is above them to the API. */
  | 'hybridDeployments'
  | 'hybridUsd'
  | 'hybridUsdPerMtok'
  /** Share of the tokens that the deployments of the mix serve. */
  | 'hybridSelfShare';

/** A month of one volume on either side, and mixed. */
export interface VolumeCosts {
  mtokPerMonth: number;
  results: Results<VolumeResult>;
  /** Share of the draws in which self-hosting all of it costs less than the API; null without intervals. */
  probabilitySelfCheaper: number | null;
}

/**
 * What a volume costs a month at the API, self-hosted, and mixed. `profile` holds the load of equal slices of time,
 * by which alone two equal volumes may cost differently: deployments must serve the busiest slice, and are paid in all.
 */
export function volumeCosts(
  inputs: Inputs<BreakEvenInput>,
  basis: BreakEvenBasis,
  mtokPerMonth: number,
  profile: readonly number[] = [1],
  options?: PropagateOptions,
): VolumeCosts {
  const formula = volumeFormula(basis, mtokPerMonth, profile);
  const drawn = drawsOf(
    inputs,
    (numbers) => {
      const { selfUsd, apiUsd } = formula(numbers);
      return { saving: apiUsd - selfUsd };
    },
    options,
  );
  return {
    mtokPerMonth,
    results: propagate(inputs, formula, options),
    probabilitySelfCheaper: drawn && shareOf(drawn.saving, (saving) => saving > 0),
  };
}

/** Load of the busiest of equal slices over the mean of all. */
export function peakToMean(profile: readonly number[]): number {
  return (Math.max(...profile) * profile.length) / profile.reduce((sum, load) => sum + load, 0);
}

/** A volume that is just a whole number of deployments needs no more of them for a rounding error. */
const ROUNDING = 1e-9;

export function volumeFormula(
  basis: BreakEvenBasis,
  mtokPerMonth: number,
  profile: readonly number[],
): Formula<BreakEvenInput, VolumeResult> {
  const month = breakEvenFormula(basis);
  const weights = profile.reduce((sum, weight) => sum + weight, 0);
  const loads = profile.map((weight) => (mtokPerMonth * weight) / weights);
  const busiest = Math.max(...loads);
  const servedUpTo = volumeUpTo(loads);
  return (inputs) => {
    const { usdPerMonth, capacityMtok, apiUsdPerMtok, saturatedUsdPerMtok } = month(inputs);
    const { selfUsdPerMtok: byToken } = inputs;
    const sliceMtok = capacityMtok / loads.length;
    // However small the volume, it takes a whole one.
    const deployments = Math.max(1, Math.ceil(busiest / sliceMtok - ROUNDING));
    const selfUsd = deployments * usdPerMonth + mtokPerMonth * byToken;
    const servedBy = (count: number) => servedUpTo(count * sliceMtok);
    const saved = (apiUsdPerMtok - byToken) / usdPerMonth;
    const hybridDeployments = mostThatPay(
      // Without a saving to look at nothing can be said of a mix.
      Number.isNaN(saved) ? saved : deployments,
      (count) => (servedBy(count) - servedBy(count - 1)) * saved > 1,
    );
    const served = hybridDeployments === deployments ? mtokPerMonth : servedBy(hybridDeployments);
    const hybridUsd =
      hybridDeployments * usdPerMonth + served * byToken + (mtokPerMonth - served) * apiUsdPerMtok;
    return {
      apiUsd: mtokPerMonth * apiUsdPerMtok,
      deployments,
      selfUsd,
      selfUsdPerMtok: selfUsd / mtokPerMonth,
      utilization: utilizationOf(
        saturatedUsdPerMtok - byToken,
        (deployments * usdPerMonth) / mtokPerMonth,
      ),
      hybridDeployments,
      hybridUsd,
      hybridUsdPerMtok: hybridUsd / mtokPerMonth,
      hybridSelfShare: served / mtokPerMonth,
    };
  };
}

/** Sum of min(load, level) over all loads, by their sorted sums: draws ask for it thousands of times. */
function volumeUpTo(loads: readonly number[]): (level: number) => number {
  const sorted = [...loads].sort((a, b) => a - b);
  const below = [0];
  for (const load of sorted) below.push((below.at(-1) ?? 0) + load);
  return (level) => {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sorted[middle] ?? 0) <= level) from = middle + 1;
      else to = middle;
    }
    return (below[from] ?? 0) + (sorted.length - from) * level;
  };
}

/** Each further deployment serves no more than the one before it: the last that pays is found by halving. */
function mostThatPay(most: number, pays: (count: number) => boolean): number {
  if (Number.isNaN(most)) return Number.NaN;
  let [least, above] = [0, most + 1];
  while (above - least > 1) {
    const middle = Math.floor((least + above) / 2);
    if (pays(middle)) least = middle;
    else above = middle;
  }
  return least;
}

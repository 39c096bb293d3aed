import type { Formula } from '../propagate.ts';

/** Money of one group of usage over the same time. */
export type MarginInput =
  | 'revenueUsd'
  /** Cost of its tokens: what fewer tokens would save. */
  | 'usageUsd'
  /** What it costs beside its tokens. */
  | 'otherUsd';

export type MarginResult = 'cogsUsd' | 'grossMarginUsd' | 'grossMarginShare' | 'cogsPerRevenue';

/**
 * Gross margin: revenue − cost of goods sold, and the same over revenue. Without revenue there is no share (NaN): a
 * group that earns nothing has lost its cost, not an infinite percentage.
 */
export const grossMargin: Formula<MarginInput, MarginResult> = (inputs) => {
  const { revenueUsd, usageUsd, otherUsd } = inputs;
  const cogsUsd = usageUsd + otherUsd;
  const grossMarginUsd = revenueUsd - cogsUsd;
  return {
    cogsUsd,
    grossMarginUsd,
    grossMarginShare: ratio(grossMarginUsd, revenueUsd),
    cogsPerRevenue: ratio(cogsUsd, revenueUsd),
  };
};

/** Revenue at which a cost leaves this gross margin: cost / (1 − margin). @param margin below 1 */
export function revenueForMargin(cogsUsd: number, margin: number): number {
  return cogsUsd / (1 - margin);
}

/**
 * Share of the token cost that has to go for this gross margin at the present revenue:
 * 1 − (revenue·(1 − margin) − other) / usage. 0 where the margin is reached; above 1 where the other costs alone are
 * too much for it; NaN without revenue, or without tokens to save.
 */
export function usageCutForMargin(
  { revenueUsd, usageUsd, otherUsd }: Record<MarginInput, number>,
  margin: number,
): number {
  if (revenueUsd === 0) return Number.NaN;
  const allowedUsd = revenueUsd * (1 - margin) - otherUsd;
  if (usageUsd <= allowedUsd) return 0;
  return usageUsd === 0 ? Number.NaN : 1 - allowedUsd / usageUsd;
}

/**
 * Cloud Efficiency Rate: (revenue − cloud cost) / revenue, as CloudZero uses the name. With all of the cost of goods
 * sold in the cloud it is the gross margin. NaN without revenue.
 */
export function cloudEfficiencyRate(revenueUsd: number, cloudUsd: number): number {
  return ratio(revenueUsd - cloudUsd, revenueUsd);
}

/** How a rate such as the Cloud Efficiency Rate moved: points are not percent. */
export interface RateChange {
  /** 0.65 after 0.80: −0.15. */
  points: number;
  /** −0.1875 of what it was. */
  relative: number;
  /** The cost's share of revenue, 35 % after 20 %: ×1.75. */
  costShareFactor: number;
}

export function rateChange(before: number, after: number): RateChange {
  const points = after - before;
  return {
    points,
    relative: ratio(points, before),
    costShareFactor: ratio(1 - after, 1 - before),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? Number.NaN : part / whole;
}

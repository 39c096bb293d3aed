import type { GroupMargin } from '../../economics/business/group-margin.ts';
import type { RateChange } from '../../economics/business/margin.ts';
import type { UsageMargins } from '../../economics/business/usage-margins.ts';
import type { Quantity } from '../../economics/quantity.ts';
import { figureJson, figuresJson } from './figure.ts';

/** The answer of `mtok cost margin` with what it was made from. */
export interface ShownMargins {
  file: string;
  margins: UsageMargins;
  /** Where prices come from, as a sentence says it. */
  priceSource: string;
  /** Where revenue comes from; null where there is none. */
  revenueSource: string | null;
  /** Revenue is what plans pay, and names of features and models have no part in it. */
  plansBelongToCustomers: boolean;
  cloudEfficiency: CloudEfficiency | null;
  /** USD that a call is said to cost; null: not given. */
  postedUsdPerRequest: number | null;
  /** Day of the prices of rows without a period. */
  day: string;
  seed: number;
}

/** Cloud Efficiency Rate of the whole, and how it stands to an earlier one. */
export interface CloudEfficiency {
  cloudUsd: number | null;
  rate: Quantity;
  before: number | null;
  change: RateChange | null;
}

export function marginsJson(shown: ShownMargins) {
  const { file, margins, priceSource, revenueSource, cloudEfficiency, day, seed } = shown;
  const { postedUsdPerRequest } = shown;
  const { usdPerRequest } = margins.total;
  return {
    file,
    by: margins.by,
    priceSource,
    day,
    revenueSource,
    groupCount: margins.groupCount,
    groups: margins.groups.map((group) => groupJson(group, margins.by)),
    total: groupJson(margins.total, []),
    ...(postedUsdPerRequest === null
      ? {}
      : {
          postedUsdPerRequest,
          timesPosted:
            usdPerRequest.value === null ? null : usdPerRequest.value / postedUsdPerRequest,
        }),
    ...(cloudEfficiency === null
      ? {}
      : { cloudEfficiency: { ...cloudEfficiency, rate: figureJson(cloudEfficiency.rate) } }),
    seed,
  };
}

function groupJson(group: GroupMargin, by: readonly string[]) {
  const { names, rows, customerMonths, cogsAtLeastUsd, targets, unpriced, ...figures } = group;
  return {
    ...(by.length === 0
      ? {}
      : { group: Object.fromEntries(by.map((column, i) => [column, names[i] ?? ''])) }),
    rows,
    customerMonths,
    ...figuresJson(figures),
    cogsAtLeastUsd,
    targets: targets.map(({ margin, ...needed }) => ({ margin, ...figuresJson(needed) })),
    unpriced: Array.from(unpriced, ([reason, count]) => ({ reason, rows: count })),
  };
}

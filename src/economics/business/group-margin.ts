import type { BilledTokens } from '../prices/api-call.ts';
import type { ApiRates } from '../prices/price-book.ts';
import { type Formula, type Inputs, type PropagateOptions, propagate } from '../propagate.ts';
import { between, exact, isKnown, isUncertain, type Quantity, unknown } from '../quantity.ts';
import { TOKENS_PER_MTOK } from '../units.ts';
import {
  grossMargin,
  type MarginInput,
  type MarginResult,
  revenueForMargin,
  usageCutForMargin,
} from './margin.ts';
import type { UsageGroup } from './usage-group.ts';

/** What a margin needs: more revenue from the same usage, or less usage for the same revenue. */
export interface MarginTarget {
  /** Gross margin as a share. */
  margin: number;
  revenueUsd: Quantity;
  /** The same for a customer and month; unknown where rows name no customers. */
  usdPerCustomerMonth: Quantity;
  /** Share of the token cost to save; above 1 where no saving of tokens is enough. */
  usageCut: Quantity;
}

export interface GroupMargin {
  names: readonly string[];
  rows: number;
  requests: Quantity;
  customerMonths: number;
  revenueUsd: Quantity;
  usageUsd: Quantity;
  otherUsd: Quantity;
  cogsUsd: Quantity;
  /** The part of an unknown cost that is known: it costs at least this. Null where all of it is known. */
  cogsAtLeastUsd: number | null;
  grossMarginUsd: Quantity;
  grossMarginShare: Quantity;
  cogsPerRevenue: Quantity;
  usdPerRequest: Quantity;
  targets: readonly MarginTarget[];
  /** Rows without a price, by reason. */
  unpriced: ReadonlyMap<string, number>;
}

export interface GroupMarginOptions extends PropagateOptions {
  /** Margins to reach, each below 1. */
  targets: readonly number[];
  /** Why no revenue is known; null where it is. */
  noRevenue: string | null;
}

/** The margin of a group with the intervals of its prices. Rows without a price make its cost unknown, never less. */
export function groupMargin(group: UsageGroup, options: GroupMarginOptions): GroupMargin {
  const costs = tokenCosts(group);
  const { noRevenue } = options;
  const inputs: Inputs<GroupInput> = {
    usageUsd: withoutDraws(usageUsdOf(group, costs, options)),
    revenueUsd: noRevenue === null ? exact(group.revenueUsd) : unknown(noRevenue),
    otherUsd: exact(group.otherUsd),
    requests: requestsOf(group),
    customerMonths:
      group.customerMonths.size > 0
        ? exact(group.customerMonths.size)
        : unknown('rows name no customers'),
  };
  const { revenueUsd, usageUsd, otherUsd, requests } = inputs;
  const { grossMarginShare, cogsPerRevenue, ...results } = propagate(inputs, groupFormula);
  return {
    names: group.names,
    rows: group.rows,
    requests,
    customerMonths: group.customerMonths.size,
    revenueUsd,
    usageUsd,
    otherUsd,
    ...results,
    grossMarginShare: orNoRevenue(grossMarginShare, revenueUsd),
    cogsPerRevenue: orNoRevenue(cogsPerRevenue, revenueUsd),
    cogsAtLeastUsd: costs.reasons.length === 0 ? null : atLeastUsd(group, costs),
    targets: options.targets.map((margin) => targetOf(inputs, margin)),
    unpriced: group.unpriced,
  };
}

type GroupInput = MarginInput | 'requests' | 'customerMonths';

const groupFormula: Formula<GroupInput, MarginResult | 'usdPerRequest'> = (inputs) => {
  const margin = grossMargin(inputs);
  const usdPerRequest = inputs.requests === 0 ? Number.NaN : margin.cogsUsd / inputs.requests;
  return { ...margin, usdPerRequest };
};

function targetOf(inputs: Inputs<GroupInput>, margin: number): MarginTarget {
  const results = propagate(inputs, (money) => {
    const revenueUsd = revenueForMargin(grossMargin(money).cogsUsd, margin);
    return {
      revenueUsd,
      usdPerCustomerMonth: revenueUsd / money.customerMonths,
      usageCut: usageCutForMargin(money, margin),
    };
  });
  return { margin, ...results, usageCut: orNoRevenue(results.usageCut, inputs.revenueUsd) };
}

/**
 * Cost of a group's tokens: tokens × price, summed. Everything else of a group only rises or only falls with it, so
 * that its interval is all that they need.
 */
function usageUsdOf(group: UsageGroup, costs: TokenCosts, options: PropagateOptions): Quantity {
  const { uncertain, weights, exactUsd, reasons } = costs;
  const names = Object.keys(uncertain);
  const knownUsd = group.givenUsd + exactUsd;
  const { usageUsd } = propagate<string, 'usageUsd'>(
    { ...uncertain, missingUsd: missingUsd(reasons) },
    (numbers) => {
      let usageUsd = knownUsd + (numbers.missingUsd ?? Number.NaN);
      for (const name of names) usageUsd += (numbers[name] ?? Number.NaN) * (weights[name] ?? 0);
      return { usageUsd };
    },
    options,
  );
  return usageUsd;
}

/** Groups that lose most come first; of an unknown cost what is known of it counts. */
export function losersFirst(groups: readonly UsageGroup[]): UsageGroup[] {
  return groups
    .map((group) => ({ group, margin: group.revenueUsd - atLeastUsd(group, tokenCosts(group)) }))
    .sort((a, b) => a.margin - b.margin || compareNames(a.group, b.group))
    .map(({ group }) => group);
}

function compareNames(a: UsageGroup, b: UsageGroup): number {
  return a.names.join('\0') < b.names.join('\0') ? -1 : 1;
}

/** Cost of a group so far; null where a price or a count is missing. */
export function chargedUsd(group: UsageGroup): number | null {
  const costs = tokenCosts(group);
  return costs.reasons.length > 0 ? null : atLeastUsd(group, costs);
}

/** All of a cost that is known. */
function atLeastUsd({ givenUsd, otherUsd }: UsageGroup, { knownUsd }: TokenCosts): number {
  return givenUsd + otherUsd + knownUsd;
}

interface TokenCosts {
  /** Prices with an interval, and the million tokens or requests at each. */
  uncertain: Record<string, Quantity>;
  weights: Record<string, number>;
  /** Dollars at prices without an interval. */
  exactUsd: number;
  /** Dollars at all known prices. */
  knownUsd: number;
  /** Why prices or tokens are missing. */
  reasons: readonly string[];
}

const KINDS: readonly [tokens: keyof BilledTokens, rate: keyof ApiRates][] = [
  ['freshInput', 'input'],
  ['cacheRead', 'cacheRead'],
  ['cacheWrite', 'cacheWrite'],
  ['output', 'output'],
];

function tokenCosts({ tokens, unpriced }: UsageGroup): TokenCosts {
  const reasons = [...unpriced.keys()];
  const costs = { uncertain: {}, weights: {}, exactUsd: 0, knownUsd: 0, reasons } as TokenCosts & {
    reasons: string[];
  };
  for (const [{ id, rates, usdPerRequest }, sums] of tokens) {
    const lines: [name: string, price: Quantity, weight: number][] = [
      ...KINDS.map(([kind, rate]): [string, Quantity, number] => [
        `${id} ${rate}`,
        rates[rate],
        sums[kind] / TOKENS_PER_MTOK,
      ]),
      [`${id} request`, usdPerRequest, sums.requests],
    ];
    for (const [name, price, weight] of lines) {
      // No tokens cost nothing, whatever the price, known or not.
      if (weight === 0) continue;
      if (!isKnown(price)) {
        reasons.push(price.reason);
        continue;
      }
      costs.knownUsd += price.value * weight;
      if (isUncertain(price)) {
        costs.uncertain[name] = price;
        costs.weights[name] = weight;
      } else costs.exactUsd += price.value * weight;
    }
  }
  return costs;
}

function missingUsd(reasons: readonly string[]): Quantity {
  const [first, ...others] = [...new Set(reasons)];
  if (first === undefined) return exact(0);
  return unknown(others.length === 0 ? first : `${first}; and ${others.length} more reasons`);
}

function requestsOf({ requests, rowsWithoutRequests }: UsageGroup): Quantity {
  if (rowsWithoutRequests === 0) return exact(requests);
  return unknown(`${rowsWithoutRequests} rows do not say how many requests they are`);
}

function orNoRevenue(share: Quantity, revenueUsd: Quantity): Quantity {
  return revenueUsd.value === 0 ? unknown('there is no revenue') : share;
}

function withoutDraws(quantity: Quantity): Quantity {
  if (!isKnown(quantity) || quantity.low === null || quantity.high === null) return quantity;
  return between(quantity.value, quantity.low, quantity.high);
}

import type { BilledTokens } from '../prices/api-call.ts';
import type { UsagePrice } from './usage-prices.ts';

/** Tokens at one price, and the requests that they came in. */
export interface PricedTokens extends BilledTokens {
  requests: number;
}

/** Everything that rows of one group add up to. */
export class UsageGroup {
  /** Values of the columns that it is grouped by; empty where rows have none. */
  readonly names: readonly string[];
  rows = 0;
  requests = 0;
  /** Rows of usage that do not say how many requests they are. */
  rowsWithoutRequests = 0;
  revenueUsd = 0;
  otherUsd = 0;
  /** Costs that came with the rows. */
  givenUsd = 0;
  readonly tokens = new Map<UsagePrice, PricedTokens>();
  /** Rows whose cost cannot be had, by reason. */
  readonly unpriced = new Map<string, number>();
  /** Customers times the months in which they have rows. */
  readonly customerMonths = new Set<number>();

  constructor(names: readonly string[]) {
    this.names = names;
  }

  addTokens(price: UsagePrice, billed: BilledTokens, requests: number): void {
    const sum = this.tokens.get(price);
    if (sum === undefined) {
      this.tokens.set(price, { ...billed, requests });
      return;
    }
    sum.freshInput += billed.freshInput;
    sum.cacheRead += billed.cacheRead;
    sum.cacheWrite += billed.cacheWrite;
    sum.output += billed.output;
    sum.requests += requests;
  }

  addUnpriced(reason: string): void {
    this.unpriced.set(reason, (this.unpriced.get(reason) ?? 0) + 1);
  }
}

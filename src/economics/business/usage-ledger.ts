import { BenchError } from '../../core/errors.ts';
import { shownValue } from '../files/problem-text.ts';
import {
  type BilledTokens,
  billedTokens,
  type CacheConvention,
  promptTokens,
} from '../prices/api-call.ts';
import { isKnown } from '../quantity.ts';
import type { PlanPrices } from './plans.ts';
import { UsageGroup } from './usage-group.ts';
import type { PriceOfUsage, UsagePrice } from './usage-prices.ts';
import type { UsageRow } from './usage-row.ts';

export interface LedgerOptions {
  /** Name of the usage file, for messages. */
  file: string;
  /** Columns to group by. */
  by: readonly string[];
  priceOf: PriceOfUsage;
  /** Null: a row with cache tokens is refused, since its counts can be read in two ways. */
  cacheConvention: CacheConvention | null;
  /** Day of rows that have no period, YYYY-MM-DD. */
  day: string;
  /** Null: revenue is what the rows say. */
  plans: PlanPrices | null;
}

/** What a plan pays belongs to these and to no feature, team or model. */
export const SUBSCRIPTION_COLUMNS: readonly string[] = ['customer', 'plan', 'period'];

type RowCost = { usd: number } | { price: UsagePrice; billed: BilledTokens } | { reason: string };

/** Adds up rows of usage by group, and all of them once more, so that groups can be held against the whole. */
export class UsageLedger {
  readonly total = new UsageGroup([]);
  private readonly byNames = new Map<string, UsageGroup>();
  private readonly customerMonths = new Map<string, number>();
  private readonly subscriptions = new Set<string>();
  private readonly options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.options = options;
  }

  get by(): readonly string[] {
    return this.options.by;
  }

  get groups(): readonly UsageGroup[] {
    return [...this.byNames.values()];
  }

  /** Throws `usage` with file, line and column for a row that contradicts itself or the plans. */
  add(row: UsageRow): void {
    const groups = [this.groupOf(this.options.by.map((column) => row.name(column))), this.total];
    const cost = isUsage(row) ? this.costOf(row) : null;
    const customerMonth = this.customerMonthOf(row);
    const { revenue_usd: revenueUsd, other_usd: otherUsd, requests } = row.amounts;
    for (const group of groups) {
      group.rows++;
      group.otherUsd += otherUsd ?? 0;
      group.revenueUsd += revenueUsd ?? 0;
      if (customerMonth !== null) group.customerMonths.add(customerMonth);
      if (cost === null) continue;
      if (requests === null) group.rowsWithoutRequests++;
      group.requests += requests ?? 0;
      if ('usd' in cost) group.givenUsd += cost.usd;
      else if ('price' in cost) group.addTokens(cost.price, cost.billed, requests ?? 0);
      else group.addUnpriced(cost.reason);
    }
    if (this.options.plans !== null) this.addSubscription(row, this.options.plans);
  }

  private groupOf(names: readonly string[]): UsageGroup {
    const key = names.join('\0');
    const known = this.byNames.get(key);
    if (known !== undefined) return known;
    const group = new UsageGroup(names);
    this.byNames.set(key, group);
    return group;
  }

  private customerMonthOf(row: UsageRow): number | null {
    const customer = row.name('customer');
    if (customer === '') return null;
    const key = `${row.period.slice(0, 7)} ${customer}`;
    const known = this.customerMonths.get(key);
    if (known !== undefined) return known;
    this.customerMonths.set(key, this.customerMonths.size);
    return this.customerMonths.size - 1;
  }

  /** A plan's price once for every customer and month with a row. */
  private addSubscription(row: UsageRow, plans: PlanPrices): void {
    const [customer, plan, month] = [
      row.name('customer'),
      row.name('plan'),
      row.period.slice(0, 7),
    ];
    if (row.amounts.revenue_usd !== null) {
      throw this.problem(row, 'revenue_usd', 'is given, and so are prices of plans', {
        hint: 'Leave out one of them: revenue would count twice.',
      });
    }
    if (plan === '') return;
    const usdPerMonth = plans.get(plan);
    if (usdPerMonth === undefined) {
      const known = [...plans.keys()].slice(0, 8).join(', ');
      throw this.problem(row, 'plan', `${shownValue(plan)} has no price`, {
        hint: `The plans with a price are ${known}.`,
      });
    }
    if (customer === '')
      throw this.problem(row, 'customer', 'is needed: a plan is paid by customer');
    const key = [customer, plan, month].join('\0');
    if (this.subscriptions.has(key)) return;
    this.subscriptions.add(key);
    const paidBy = this.options.by.map((column) =>
      SUBSCRIPTION_COLUMNS.includes(column) ? row.name(column) : '',
    );
    this.groupOf(paidBy).revenueUsd += usdPerMonth;
    this.total.revenueUsd += usdPerMonth;
  }

  private costOf(row: UsageRow): RowCost {
    const { usd, requests } = row.amounts;
    if (usd !== null) return { usd };
    const billed = this.billedOf(row);
    if ('reason' in billed) return billed;
    const prompt = promptTokens(billed);
    if (prompt + billed.output === 0) return { usd: 0 };
    const day = dayOf(row.period) ?? this.options.day;
    const model = row.name('model');
    const hasRequests = requests !== null && requests > 0;
    const price = this.options.priceOf(model, day, hasRequests ? prompt / requests : prompt);
    if ('reason' in price) return price;
    // All tokens of a row are no one prompt: only where even that were a short one is the price known.
    if (!hasRequests && price !== this.options.priceOf(model, day, 0))
      return { reason: `${model} is dearer for long prompts, and no requests are given` };
    const { usdPerRequest } = price;
    const hasFee = !isKnown(usdPerRequest) || usdPerRequest.value !== 0;
    if (hasFee && requests === null)
      return { reason: `${price.id} charges requests, and none are given` };
    return { price, billed };
  }

  private billedOf(row: UsageRow): BilledTokens | { reason: string } {
    const { input_tokens: input, output_tokens: output } = row.amounts;
    const cacheRead = row.amounts.cached_input_tokens ?? 0;
    const cacheWrite = row.amounts.cache_write_tokens ?? 0;
    const column = cacheRead > 0 ? 'cached_input_tokens' : 'cache_write_tokens';
    const cacheConvention = this.options.cacheConvention ?? 'exclusive';
    if (this.options.cacheConvention === null && cacheRead + cacheWrite > 0) {
      throw this.problem(row, column, 'may or may not be part of input_tokens', {
        hint: 'Say which with --cache-tokens inclusive or --cache-tokens exclusive.',
      });
    }
    if (input === null) return { reason: 'rows without input_tokens' };
    if (output === null) return { reason: 'rows without output_tokens' };
    if (cacheConvention === 'inclusive' && cacheRead + cacheWrite > input) {
      throw this.problem(
        row,
        column,
        `makes ${cacheRead + cacheWrite} cache tokens, more than the ${input} input_tokens that should hold them`,
        { hint: 'Counts that leave cache tokens out of the input are --cache-tokens exclusive.' },
      );
    }
    return billedTokens({
      inputTokens: input,
      outputTokens: output,
      cacheReadTokens: cacheRead,
      cacheWriteTokens: cacheWrite,
      cacheConvention,
    });
  }

  private problem(row: UsageRow, column: string, what: string, options?: { hint: string }) {
    return new BenchError('usage', `${this.options.file}:${row.line}: ${column} ${what}`, options);
  }
}

/** A row of revenue or of other costs alone used nothing. */
function isUsage({ amounts }: UsageRow): boolean {
  const { usd, input_tokens, output_tokens, cached_input_tokens, cache_write_tokens } = amounts;
  const said = [usd, input_tokens, output_tokens, cached_input_tokens, cache_write_tokens];
  if (said.some((amount) => amount !== null)) return true;
  return amounts.requests !== null || (amounts.revenue_usd === null && amounts.other_usd === null);
}

/** A month's prices are those of its first day. */
function dayOf(period: string): string | null {
  if (period === '') return null;
  return period.length === 7 ? `${period}-01` : period;
}

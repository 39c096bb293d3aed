import { BenchError, invariant } from '../../core/errors.ts';
import { scanCsv } from '../files/csv-scan.ts';
import { shownValue } from '../files/problem-text.ts';
import { DRAWS } from '../propagate.ts';
import { chargedUsd, type GroupMargin, groupMargin, losersFirst } from './group-margin.ts';
import { type IdleRule, shareIdle } from './share-idle.ts';
import type { UsageGroup } from './usage-group.ts';
import { type LedgerOptions, UsageLedger } from './usage-ledger.ts';
import { AMOUNT_COLUMNS, usageRowReader } from './usage-row.ts';

export interface UsageMarginOptions extends Omit<LedgerOptions, 'file' | 'by'> {
  /** Columns to group by; null: the first of plan, customer, feature, team and model that there is. */
  by: readonly string[] | null;
  /** Gross margins to reach, as shares below 1. */
  targets: readonly number[];
  /** Groups to work out; null: all. With very many of them, all take their time. */
  most: number | null;
  /** Dollars of shared machines that nobody used, to be put on the groups; null: none. */
  idle: { usd: number; rule: IdleRule } | null;
  /** Of the intervals' draws. */
  seed: number;
}

export interface UsageMargins {
  by: readonly string[];
  /** Losers first; no more than were asked for. */
  groups: readonly GroupMargin[];
  /** How many there are in all. */
  groupCount: number;
  /** Of all rows, added up apart from the groups. */
  total: GroupMargin;
}

const DEFAULT_BY = ['plan', 'customer', 'feature', 'team', 'model'];
/** Draws for all groups together: with very many groups each gets fewer. */
const ALL_DRAWS = 2_000_000;
const LEAST_DRAWS = 1000;

/**
 * Gross margins of the groups of a usage file. Columns: input_tokens, output_tokens, cached_input_tokens,
 * cache_write_tokens, requests, usd (a row's cost where it is known), other_usd, revenue_usd, model, period, and any
 * others as names to group by. Throws `usage` with file and line for what cannot be read.
 */
export function usageMargins(
  text: string,
  file: string,
  { by, targets, seed, most, idle, ...options }: UsageMarginOptions,
): UsageMargins {
  const scan: { ledger?: UsageLedger; hasRevenue: boolean } = {
    hasRevenue: options.plans !== null,
  };
  scanCsv(text, file, [], (columns) => {
    const keys = by ?? defaultBy(columns, file);
    assertNames(keys, columns, file);
    assertCosts(columns, file);
    const read = usageRowReader(file, columns);
    const ledger = new UsageLedger({ ...options, file, by: keys });
    scan.ledger = ledger;
    scan.hasRevenue ||= columns.includes('revenue_usd');
    return (record, line) => ledger.add(read(record, line));
  });
  const { ledger } = scan;
  invariant(ledger !== undefined, 'a table that was read has columns');
  if (idle !== null) chargeIdle(ledger, idle);
  const groups = losersFirst(ledger.groups).slice(0, most ?? ledger.groups.length);
  const draws = Math.min(DRAWS, Math.max(LEAST_DRAWS, Math.floor(ALL_DRAWS / groups.length)));
  const noRevenue = scan.hasRevenue
    ? null
    : `${file} has no revenue_usd, and no prices of plans are given`;
  const marginOf = (group: UsageGroup) => groupMargin(group, { targets, noRevenue, seed, draws });
  return {
    by: ledger.by,
    groups: groups.map(marginOf),
    groupCount: ledger.groups.length,
    total: marginOf(ledger.total),
  };
}

/** Adds the idle dollars to the other costs of groups and total. Throws `usage` where weights are not known. */
function chargeIdle(
  { groups, total }: UsageLedger,
  { usd, rule }: NonNullable<UsageMarginOptions['idle']>,
): void {
  const charged = groups.map(chargedUsd);
  const unknown = charged.filter((cost) => cost === null).length;
  if (rule === 'weighted' && unknown > 0) {
    throw new BenchError(
      'usage',
      `--idle-usd cannot be shared by cost: that of ${unknown} of ${groups.length} groups is unknown`,
      { hint: 'Give the missing prices, or share it alike with --idle-share even.' },
    );
  }
  const shares = shareIdle(
    charged.map((cost) => cost ?? 0),
    usd,
    rule,
  );
  for (const [i, group] of groups.entries()) group.otherUsd += shares[i] ?? 0;
  total.otherUsd += usd;
}

function defaultBy(columns: readonly string[], file: string): string[] {
  const first = DEFAULT_BY.find((name) => columns.includes(name));
  if (first !== undefined) return [first];
  throw new BenchError('usage', `${file} has no column ${DEFAULT_BY.join(', ')} to group by`, {
    hint: 'Name the columns to group by with --by.',
  });
}

function assertNames(by: readonly string[], columns: readonly string[], file: string): void {
  const names = columns.filter((name) => !isAmount(name));
  const wrong = by.find((name) => !names.includes(name));
  if (wrong === undefined) return;
  const what = isAmount(wrong) ? 'holds amounts' : 'is no column';
  throw new BenchError('usage', `--by ${shownValue(wrong)} ${what} of ${file}`, {
    hint: `It can be grouped by ${names.join(', ')}.`,
  });
}

function assertCosts(columns: readonly string[], file: string): void {
  const hasTokens = columns.includes('input_tokens') && columns.includes('output_tokens');
  if (hasTokens || columns.includes('usd')) return;
  throw new BenchError('usage', `${file} has neither usd nor input_tokens and output_tokens`, {
    hint: `Its columns are ${shownValue(columns.join(', '))}.`,
  });
}

function isAmount(column: string): boolean {
  return (AMOUNT_COLUMNS as readonly string[]).includes(column);
}

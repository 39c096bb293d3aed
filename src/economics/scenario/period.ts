import type { Known } from '../quantity.ts';
import { readQuantity, withOwnDraws } from '../read-quantity.ts';

/** A year of 8760 hours; a month is a twelfth of it. */
export const DAYS_PER_YEAR = 365;
export const MONTHS_PER_YEAR = 12;

/** How a person may write a period, for messages and help. */
export const PERIOD_SYNTAX = 'year, month, day, 2 years, 18 months or 273 days';

const YEARS_OF: Readonly<Record<string, number>> = {
  y: 1,
  yr: 1,
  year: 1,
  m: 1 / MONTHS_PER_YEAR,
  mo: 1 / MONTHS_PER_YEAR,
  month: 1 / MONTHS_PER_YEAR,
  d: 1 / DAYS_PER_YEAR,
  day: 1 / DAYS_PER_YEAR,
};
const PERIOD = /^(\d{1,6}(?:\.\d{1,6})?)?\s*(y|yr|year|m|mo|month|d|day)s?$/i;
const RATE = /^(.*?)(?:\s*\/\s*|\s+(?:per|in|a)\s+)([^/]*)$/i;

/** Years in `year`, `2 years`, `18mo` or `273 days`; null for anything else, and for no time at all. */
export function readPeriodYears(text: string): number | null {
  const [, count = '1', unit] = PERIOD.exec(text.trim()) ?? [];
  const years = Number(count) * (YEARS_OF[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  return years > 0 ? years : null;
}

/** `what` of `10x/year`, `280x in 2 years` or `1000 per month`, and the years it takes; a year where none is said. */
export function splitPeriod(text: string): { what: string; years: number } | null {
  const [, what, period] = RATE.exec(text.trim()) ?? [];
  if (what === undefined || period === undefined) return { what: text.trim(), years: 1 };
  const years = readPeriodYears(period);
  return years === null ? null : { what: what.trim(), years };
}

/**
 * An amount a year of `1000000`, `80000..90000/month` or `8.7e9/273 days`; null for anything else. Ranges under
 * different keys vary on their own.
 */
export function readYearlyAmount(text: string, key = 'amount'): Known | null {
  const split = splitPeriod(text);
  const amount = split && readQuantity(split.what);
  return amount && mapKnown(withOwnDraws(amount, key), (value) => value / split.years);
}

/** A figure through a function that only rises or only falls: its bounds are put in order again. */
export function mapKnown(known: Known, map: (value: number) => number): Known {
  const { value, low, high, draws } = known;
  const ends = low === null || high === null ? null : [map(low), map(high)];
  return {
    value: map(value),
    low: ends && Math.min(...ends),
    high: ends && Math.max(...ends),
    ...(draws === undefined ? {} : { draws: Float64Array.from(draws, map) }),
  };
}

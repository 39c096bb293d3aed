import { exact, type Known } from '../quantity.ts';

export const MINUTES_PER_DAY = 1440;

/** `16:30:00Z` as minutes after midnight, UTC. */
export function minuteOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number.parseFloat);
  return hours * 60 + minutes;
}

/**
 * A price that changes over the day, given for each of its minutes: the average, for calls that come evenly, with the
 * cheapest and the dearest as bounds. Equal places in the draws are of the same
 * minute, so that prices which change together are drawn together.
 * Undefined where some minute has no price.
 */
export function overTheDay(byMinute: readonly (number | undefined)[]): Known | undefined {
  const prices = byMinute.filter((price) => price !== undefined);
  const [first] = prices;
  if (first === undefined || prices.length < byMinute.length) return undefined;
  if (prices.every((price) => price === first)) return exact(first);
  const sum = prices.reduce((total, price) => total + price, 0);
  return {
    value: Number((sum / prices.length).toPrecision(12)),
    low: Math.min(...prices),
    high: Math.max(...prices),
    draws: shuffledDay(prices),
  };
}

/** Steps that share no factor with 1440 visit every minute, early and late ones in turns. */
const STEP = 611;

function shuffledDay(prices: readonly number[]): Float64Array {
  return Float64Array.from(prices, (_, k) => prices[(k * STEP) % prices.length] ?? Number.NaN);
}

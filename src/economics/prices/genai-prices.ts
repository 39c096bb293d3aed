import {
  type ConditionalPrice,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  waitForUpdate,
} from '@pydantic/genai-prices';
import { exact, type Known } from '../quantity.ts';
import { NO_REQUEST_FEE } from './api-call.ts';
import { apiRates, type ListedRates } from './api-rates.ts';
import { MINUTES_PER_DAY, minuteOfDay, overTheDay } from './day-profile.ts';
import type { ApiPrice, ApiRates } from './price-book.ts';

/** The package's version and the day it came out: its prices are as of then. */
export const GENAI_PRICES_VERSION = '0.1.8';
const PUBLISHED_ON = '2026-09-23';
const SOURCE = `@pydantic/genai-prices ${GENAI_PRICES_VERSION}`;

/** Its keys for our rates. Writes that last an hour, audio, images and searches have others, which are left out. */
const KEYS = {
  input: 'input_mtok',
  output: 'output_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
} as const;

/**
 * The API prices inside the package `@pydantic/genai-prices`; never from the network, which it only asks when told to.
 * Models that are not priced by the token are left out. Prices with a start date hold from that day. Prices that change
 * within a day become the average over its 24 hours with the cheapest and the dearest hour as bounds: calls spread
 * evenly. It has no batch prices.
 */
export async function genaiPrices(): Promise<ApiPrice[]> {
  const providers = (await waitForUpdate()) ?? [];
  return providers.flatMap(({ id, models }) => models.flatMap((model) => modelPrices(id, model)));
}

/** The prices of one model of the catalogue, a row for each time between two start dates. */
export function modelPrices(
  provider: string,
  model: Pick<ModelInfo, 'id' | 'match' | 'prices'>,
): ApiPrice[] {
  const conditional = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  if (!conditional.some(({ prices }) => isPerToken(prices))) return [];
  const starts = [null, ...new Set(conditional.flatMap(startDate).sort())];
  const isSteady = conditional.every(({ constraint }) => constraint?.type !== 'time_of_date');
  const minutes = isSteady ? 1 : MINUTES_PER_DAY;
  return starts.map((from, i) => {
    const profile = Array.from({ length: minutes }, (_, minute) =>
      priceAt(conditional, from, minute),
    );
    return {
      provider,
      model: model.id,
      aliases: aliasesOf(model.match).filter((name) => name !== model.id),
      rates: ratesAt(profile, 0, `${SOURCE} (${provider}/${model.id})`),
      tiers: tierStarts(profile).map((aboveInputTokens) => ({
        aboveInputTokens,
        rates: ratesAt(profile, aboveInputTokens + 1, `${SOURCE} (${provider}/${model.id})`),
      })),
      batch: null,
      usdPerRequest: requestFee(profile),
      source: SOURCE,
      from,
      until: starts[i + 1] ?? null,
      readOn: PUBLISHED_ON,
    };
  });
}

/** The package takes the last price of a model whose condition is met, and the first one where none is. */
function priceAt(
  prices: readonly ConditionalPrice[],
  day: string | null,
  minute: number,
): ModelPrice {
  const found = prices.findLast(({ constraint }) => {
    if (constraint === undefined) return true;
    if (constraint.type === 'start_date') return day !== null && constraint.start_date <= day;
    const [start, end] = [minuteOfDay(constraint.start_time), minuteOfDay(constraint.end_time)];
    return end < start ? minute >= start || minute < end : minute >= start && minute < end;
  });
  return found?.prices ?? prices[0]?.prices ?? {};
}

function startDate({ constraint }: ConditionalPrice): string[] {
  return constraint?.type === 'start_date' ? [constraint.start_date] : [];
}

function isPerToken(prices: ModelPrice): boolean {
  return prices[KEYS.input] !== undefined || prices[KEYS.output] !== undefined;
}

function ratesAt(profile: readonly ModelPrice[], prompt: number, where: string): ApiRates {
  const listed: { -readonly [K in keyof ListedRates]: ListedRates[K] } = {};
  for (const kind of Object.keys(KEYS) as (keyof typeof KEYS)[]) {
    listed[kind] = overTheDay(profile.map((prices) => mtokPrice(prices[KEYS[kind]], prompt)));
  }
  return apiRates(listed, where);
}

/** The package's tiers hold for the whole request once its input has more tokens than their start, as ours do. */
function mtokPrice(price: ModelPrice[string], prompt: number): number | undefined {
  if (price === undefined || typeof price === 'number') return price;
  const reached = price.tiers.filter(({ start }) => prompt > start);
  return reached.sort((a, b) => b.start - a.start)[0]?.price ?? price.base;
}

function tierStarts(profile: readonly ModelPrice[]): number[] {
  const starts = new Set<number>();
  for (const prices of new Set(profile)) {
    for (const key of Object.values(KEYS)) {
      const price = prices[key];
      if (typeof price === 'object') for (const { start } of price.tiers) starts.add(start);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

function requestFee(profile: readonly ModelPrice[]): Known | typeof NO_REQUEST_FEE {
  const fee = profile[0]?.requests_kcount;
  return typeof fee === 'number' ? exact(fee / 1000) : NO_REQUEST_FEE;
}

/** Names that the catalogue gives a model, whole or, with `*` behind, by their beginning. Looser patterns are left out. */
function aliasesOf(match: MatchLogic): string[] {
  if ('or' in match) return match.or.flatMap(aliasesOf);
  if ('equals' in match) return [match.equals];
  if ('starts_with' in match) return [`${match.starts_with}*`];
  return [];
}

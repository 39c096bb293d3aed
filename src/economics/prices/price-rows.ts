import { BenchError } from '../../core/errors.ts';
import { isKnown, type Quantity } from '../quantity.ts';
import { RATE_KINDS } from './api-rates.ts';
import { apiName, offerText } from './lookup.ts';
import { byStart, overlap, type Period, periodText, without } from './periods.ts';
import type { ApiPrice, ApiRates, GpuOffer, PriceBook, PriceOrigin } from './price-book.ts';

/** Prices before they have a hash. */
export type Prices = Pick<PriceBook, 'gpus' | 'apis'>;

/** A price of either kind as text: what it is of, what it says, when. */
export interface PriceRow<T extends Period> {
  /** Prices with the same key are of one thing on different days. */
  key(price: T): string;
  /** What it costs, and nothing else: equal texts cost the same. */
  figures(price: T): string;
  name(price: T): string;
}

export const GPU_ROW: PriceRow<GpuOffer> = {
  key: ({ gpu, provider, region, instance, kind }) =>
    keyText(['gpu', gpu.replace(/[\s\-_]+/g, ' '), provider, region, instance, kind]),
  figures: ({ usdPerGpuHour }) => figureText(usdPerGpuHour),
  name: offerText,
};

export const API_ROW: PriceRow<ApiPrice> = {
  key: ({ provider, model }) => keyText(['api', provider, model]),
  figures: ({ rates, tiers, batch, usdPerRequest }) =>
    [
      ratesText(rates),
      ...[...tiers]
        .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
        .map((tier) => `above ${tier.aboveInputTokens}: ${ratesText(tier.rates)}`),
      `batch ${batch === null ? '-' : ratesText(batch)}`,
      `request ${figureText(usdPerRequest)}`,
    ].join('; '),
  name: apiName,
};

/** Prices by their key, earliest first. */
export function byKey<T extends Period>(row: PriceRow<T>, prices: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const price of prices) {
    const key = row.key(price);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [price]);
    else group.push(price);
  }
  for (const group of groups.values()) group.sort(byStart);
  return groups;
}

/**
 * Prices of one source, each once. Throws `usage` where two say different things of one and the same day: `where` is
 * the file.
 */
export function distinct<T extends Period>(
  row: PriceRow<T>,
  prices: readonly T[],
  where: string,
): T[] {
  return [...byKey(row, prices).values()].flatMap((group) => {
    const kept: T[] = [];
    for (const price of group) {
      const rival = kept.find((other) => overlap(other, price));
      if (rival === undefined) kept.push(price);
      else if (!isRepeated(row, rival, price)) {
        throw new BenchError(
          'usage',
          `${where} has two prices of ${row.name(price)} on one day: ${row.figures(rival)} ` +
            `(${periodText(rival)}) and ${row.figures(price)} (${periodText(price)})`,
          { hint: 'Give each the days on which it holds, with from and until, or keep one.' },
        );
      }
    }
    return kept;
  });
}

/** Whether two rows of one thing say the same of the same days. */
export function isRepeated<T extends Period>(row: PriceRow<T>, a: T, b: T): boolean {
  return a.from === b.from && a.until === b.until && row.figures(a) === row.figures(b);
}

/**
 * Prices of which the newer ones take the days they hold on; the older ones keep the rest. A newer price that does not
 * say since when it holds takes the days from its reading on: what older ones say of the time before stands.
 */
export function overlay(older: Prices, newer: Prices): Prices {
  return {
    gpus: overlayRows(GPU_ROW, older.gpus, newer.gpus),
    apis: overlayRows(API_ROW, older.apis, newer.apis),
  };
}

function overlayRows<T extends PriceOrigin>(
  row: PriceRow<T>,
  older: readonly T[],
  newer: readonly T[],
): T[] {
  const before = byKey(row, older);
  const placed = newer.map((price) => {
    const hasPast = before.has(row.key(price)) && price.from === null && price.readOn !== null;
    return hasPast && isOpenAt(price, price.readOn) ? { ...price, from: price.readOn } : price;
  });
  const taken = byKey(row, placed);
  const left = older.flatMap((price) =>
    (taken.get(row.key(price)) ?? []).reduce<T[]>(
      (parts, period) => parts.flatMap((part) => without(part, period)),
      [price],
    ),
  );
  return [...left, ...placed];
}

function isOpenAt({ until }: Period, day: string | null): boolean {
  return until === null || (day !== null && day < until);
}

/** Rows in an order that does not depend on how they came: by what they are of, earliest first. */
export function inOrder({ gpus, apis }: Prices): Prices {
  return { gpus: orderedRows(GPU_ROW, gpus), apis: orderedRows(API_ROW, apis) };
}

function orderedRows<T extends Period>(row: PriceRow<T>, prices: readonly T[]): T[] {
  const groups = [...byKey(row, prices)];
  return groups.sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => group);
}

/** A text that is the same for the same prices on the same days, in whatever order, wherever they were read. */
export function canonicalText({ gpus, apis }: Prices): string {
  const line = <T extends Period>(row: PriceRow<T>) => {
    return (price: T) =>
      [row.key(price), price.from, price.until, row.figures(price)].map(String).join('\t');
  };
  return [...gpus.map(line(GPU_ROW)), ...apis.map(line(API_ROW))].sort().join('\n');
}

function keyText(parts: readonly (string | null)[]): string {
  return JSON.stringify(parts.map((part) => part?.toLowerCase() ?? null));
}

function ratesText(rates: ApiRates): string {
  return RATE_KINDS.map((kind) => `${kind} ${figureText(rates[kind])}`).join(', ');
}

function figureText(quantity: Quantity): string {
  if (!isKnown(quantity)) return '-';
  const { value, low, high } = quantity;
  return low === null || high === null ? `${value}` : `${value} (${low} to ${high})`;
}

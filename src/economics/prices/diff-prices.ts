import { isKnown, type Quantity } from '../quantity.ts';
import { RATE_KINDS, RATE_NAMES } from './api-rates.ts';
import { holdsOn } from './periods.ts';
import type { ApiPrice, ApiRates, GpuOffer } from './price-book.ts';
import { API_ROW, byKey, GPU_ROW, type PriceRow, type Prices } from './price-rows.ts';

/** One figure that is another in the second book, or on the second day. */
export interface PriceChange {
  /** What it is of. */
  name: string;
  /** Which of its figures: `per GPU-hour`, `input`, `output above 200000`. */
  figure: string;
  before: Quantity | null;
  after: Quantity | null;
  /** after / before − 1; null where either has no price, or the first is 0. */
  change: number | null;
}

export interface PriceDiff {
  /** In the first only. */
  gone: readonly string[];
  /** In the second only. */
  added: readonly string[];
  changed: readonly PriceChange[];
  /** Things with the same price in both. */
  unchanged: number;
}

/** Prices of a book on a day. */
export interface DatedPrices {
  prices: Prices;
  /** YYYY-MM-DD. */
  day: string;
}

/** What costs something else on the second day, or in the second book, than in the first. */
export function diffPrices(before: DatedPrices, after: DatedPrices): PriceDiff {
  const parts = [
    diffRows(GPU_ROW, gpuFigures, on(before, 'gpus'), on(after, 'gpus')),
    diffRows(API_ROW, apiFigures, on(before, 'apis'), on(after, 'apis')),
  ];
  return {
    gone: parts.flatMap(({ gone }) => gone),
    added: parts.flatMap(({ added }) => added),
    changed: parts.flatMap(({ changed }) => changed),
    unchanged: parts.reduce((sum, { unchanged }) => sum + unchanged, 0),
  };
}

function on<K extends keyof Prices>({ prices, day }: DatedPrices, kind: K): Prices[K][number][] {
  return prices[kind].filter((price) => holdsOn(price, day));
}

type Figures = Map<string, Quantity>;

function diffRows<T extends GpuOffer | ApiPrice>(
  row: PriceRow<T>,
  figuresOf: (price: T) => Figures,
  before: readonly T[],
  after: readonly T[],
): PriceDiff {
  const [olds, news] = [byKey(row, before), byKey(row, after)];
  const changed: PriceChange[] = [];
  let unchanged = 0;
  for (const [key, [price]] of news) {
    const old = olds.get(key)?.[0];
    if (old === undefined || price === undefined) continue;
    if (row.figures(old) === row.figures(price)) unchanged++;
    else changed.push(...figureChanges(row.name(price), figuresOf(old), figuresOf(price)));
  }
  return {
    gone: namesOnlyIn(row, olds, news),
    added: namesOnlyIn(row, news, olds),
    changed,
    unchanged,
  };
}

function namesOnlyIn<T extends GpuOffer | ApiPrice>(
  row: PriceRow<T>,
  some: ReadonlyMap<string, readonly T[]>,
  others: ReadonlyMap<string, readonly T[]>,
): string[] {
  return [...some].flatMap(([key, [price]]) =>
    price === undefined || others.has(key) ? [] : [row.name(price)],
  );
}

function figureChanges(name: string, before: Figures, after: Figures): PriceChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((figure) => {
    const [from, to] = [before.get(figure) ?? null, after.get(figure) ?? null];
    if (isSame(from, to)) return [];
    return [{ name, figure, before: from, after: to, change: relativeChange(from, to) }];
  });
}

function isSame(a: Quantity | null, b: Quantity | null): boolean {
  const [x, y] = [a ?? { value: null, low: null, high: null }, b];
  return (
    x.value === (y?.value ?? null) && x.low === (y?.low ?? null) && x.high === (y?.high ?? null)
  );
}

function relativeChange(before: Quantity | null, after: Quantity | null): number | null {
  if (before === null || after === null || !isKnown(before) || !isKnown(after)) return null;
  return before.value === 0 ? null : after.value / before.value - 1;
}

function gpuFigures({ usdPerGpuHour }: GpuOffer): Figures {
  return new Map([['per GPU-hour', usdPerGpuHour]]);
}

function apiFigures({ rates, tiers, batch, usdPerRequest }: ApiPrice): Figures {
  return new Map([
    ...rateFigures(rates, ''),
    ...tiers.flatMap(({ aboveInputTokens, rates: above }) =>
      rateFigures(above, ` above ${aboveInputTokens}`),
    ),
    ...(batch === null ? [] : rateFigures(batch, ', batch')),
    ['per request', usdPerRequest] as const,
  ]);
}

function rateFigures(rates: ApiRates, suffix: string): [string, Quantity][] {
  return RATE_KINDS.map((kind) => [`${RATE_NAMES[kind]}${suffix}`, rates[kind]]);
}

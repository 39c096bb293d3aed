import { BenchError } from '../../core/errors.ts';
import { NO_REQUEST_FEE, ratesOf } from '../prices/api-call.ts';
import { apiName, findApiPrice } from '../prices/lookup.ts';
import type { ApiPrice, ApiRates, PriceBook } from '../prices/price-book.ts';
import { type Quantity, type Unknown, unknown } from '../quantity.ts';

/** Rates that rows of usage share: the same object for the same prices, so that their tokens can be added up. */
export interface UsagePrice {
  /** Tells it from every other: the draws of its ranges are its own. */
  id: string;
  rates: ApiRates;
  usdPerRequest: Quantity;
}

/** Finds the price of a row. @param day YYYY-MM-DD @param promptTokens of one request, cached ones included */
export type PriceOfUsage = (
  model: string,
  day: string,
  promptTokens: number,
) => UsagePrice | Unknown;

/** Rates that hold for every row, whatever its model. */
export function flatPrice(rates: ApiRates): PriceOfUsage {
  const price = { id: 'given', rates, usdPerRequest: NO_REQUEST_FEE };
  return () => price;
}

/** Rates given for some models by their names in the usage; others are for the next to find. */
export function namedPrices(
  named: ReadonlyMap<string, ApiRates>,
  otherwise: PriceOfUsage,
): PriceOfUsage {
  const prices = new Map(
    Array.from(named, ([id, rates]) => [id, { id, rates, usdPerRequest: NO_REQUEST_FEE }]),
  );
  return (model, day, promptTokens) => prices.get(model) ?? otherwise(model, day, promptTokens);
}

/**
 * Prices of a book on the day of the usage, in the tier of the prompt. A model that it does not have is unknown, for
 * a reason that says which names are near.
 */
export function bookPrices(book: Pick<PriceBook, 'apis'>): PriceOfUsage {
  const found = new Map<string, ApiPrice | Unknown>();
  const shared = new Map<ApiRates, UsagePrice>();
  return (model, day, promptTokens) => {
    if (model === '') return unknown('no model is named, and no price was given');
    const key = `${day} ${model}`;
    let price = found.get(key);
    if (price === undefined) {
      price = priceOrReason(book, model, day);
      found.set(key, price);
    }
    return 'reason' in price ? price : inTier(price, promptTokens, shared);
  };
}

function priceOrReason(
  book: Pick<PriceBook, 'apis'>,
  model: string,
  day: string,
): ApiPrice | Unknown {
  try {
    return findApiPrice(book, model, day);
  } catch (error) {
    if (!(error instanceof BenchError) || error.code !== 'usage') throw error;
    const hint = error.hint === undefined ? '' : `. ${error.hint.replace(/\.$/, '')}`;
    return unknown(`${error.message}${hint}`);
  }
}

function inTier(
  price: ApiPrice,
  promptTokens: number,
  shared: Map<ApiRates, UsagePrice>,
): UsagePrice {
  const rates = ratesOf(price, promptTokens, false);
  const known = shared.get(rates);
  if (known !== undefined) return known;
  const id = `${apiName(price)} ${shared.size}`;
  const made = { id, rates, usdPerRequest: price.usdPerRequest };
  shared.set(rates, made);
  return made;
}

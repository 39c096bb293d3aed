import type { PriceBook } from './price-book.ts';
import { canonicalText, overlay, type Prices } from './price-rows.ts';

/** SHA-256 in hex; Node and pages have it in different places. */
export type Sha256 = (bytes: Uint8Array) => Promise<string>;

/**
 * A book of prices from several sources. Where two have a price of the same thing on the same day, the later one of the
 * list wins; days on which only an earlier one has a price keep it. The hash is of the prices and their days: not of
 * their order or where they were read.
 */
export async function makePriceBook(
  sources: readonly Prices[],
  sha256: Sha256,
): Promise<PriceBook> {
  const prices = sources.reduce<Prices>(overlay, { gpus: [], apis: [] });
  return { ...prices, sha256: await sha256(new TextEncoder().encode(canonicalText(prices))) };
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBookFile } from '../../economics/prices/book-file.ts';
import { BUILT_IN_GPU_OFFERS } from '../../economics/prices/built-in-gpus.ts';
import { genaiPrices } from '../../economics/prices/genai-prices.ts';
import { makePriceBook } from '../../economics/prices/make-book.ts';
import type { PriceBook } from '../../economics/prices/price-book.ts';
import type { Prices } from '../../economics/prices/price-rows.ts';
import { detectPriceFormat, type PriceFormat } from '../../economics/prices/read-catalogue.ts';
import { sha256Hex } from '../../model/sha256.ts';
import { plainText } from '../../report/format.ts';
import { usageError } from '../failure.ts';
import { readPriceText } from './read-price-text.ts';

/** Where `mtok prices import` keeps what it read, and where every command finds it again. */
export const OWN_BOOK = join('.mtok', 'prices.json');

/**
 * The prices that a command uses: those that come with the program, then the book of `mtok prices import`, then the
 * given files; a later one wins on the days for which it has a price. Throws `io` for files that cannot be read and
 * `usage` with file, line and field for what is no price book.
 */
export async function loadPriceBook(paths: readonly string[] = []): Promise<PriceBook> {
  const own = existsSync(OWN_BOOK) ? [OWN_BOOK] : [];
  const books = await Promise.all([...own, ...paths].map(readPrices));
  return makePriceBook([await builtInPrices(), ...books], sha256Hex);
}

/** The small table of GPUs, and the catalogue of API prices. */
export async function builtInPrices(): Promise<Prices> {
  return { gpus: BUILT_IN_GPU_OFFERS, apis: await genaiPrices() };
}

/** One book file, without what comes with the program. Throws as loadPriceBook does. */
export async function readPrices(path: string): Promise<Prices> {
  const text = await readPriceText(path);
  const catalogue = CATALOGUES.get(detectPriceFormat(text));
  if (catalogue === undefined) return readBookFile(text, plainText(path));
  throw usageError(
    `${plainText(path)} is no price book: it looks like ${catalogue}`,
    'Make a book of it with mtok prices import, and give that.',
  );
}

const CATALOGUES: ReadonlyMap<PriceFormat, string> = new Map([
  ['skypilot', "SkyPilot's catalogue of a cloud"],
  ['litellm', "LiteLLM's price map"],
]);

/** The book of one source alone, with its own hash. */
export function bookOf(prices: Prices): Promise<PriceBook> {
  return makePriceBook([prices], sha256Hex);
}

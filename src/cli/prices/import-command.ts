import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bookFileText } from '../../economics/prices/book-file.ts';
import {
  detectPriceFormat,
  PRICE_FORMATS,
  type PriceFormat,
  readCatalogue,
} from '../../economics/prices/read-catalogue.ts';
import { recordDated, recordPrices } from '../../economics/prices/record-prices.ts';
import { renderPriceImport } from '../../report/cost/prices-import-text.ts';
import { plainText } from '../../report/format.ts';
import { parseDay } from '../cost/day-option.ts';
import { bookOf, OWN_BOOK, readPrices } from '../cost/price-book.ts';
import { PRICE_FILE, readPriceText } from '../cost/read-price-text.ts';
import { EXIT, usageError } from '../failure.ts';
import { writeTextFile } from '../output.ts';

/** Options of `mtok prices import` as typed. */
export interface ImportPricesArguments {
  format?: string;
  asOf?: string;
  provider?: string;
  out?: string;
  json?: true;
}

/**
 * Runs `mtok prices import`: reads a file whole, adds it to a book, writes the book whole. Throws `usage` for options
 * and files that are malformed, `io` for what cannot be read or written; the book is then as it was.
 */
export async function importPricesCommand(
  path: string,
  argv: ImportPricesArguments,
): Promise<number> {
  const text = await readPriceText(path);
  const format = parseFormat(argv.format) ?? detectPriceFormat(text);
  const asOf = argv.asOf === undefined ? null : parseDay(argv.asOf, '--as-of');
  const provider = parseProvider(argv.provider);
  const read = readCatalogue({ text, file: plainText(path), format, asOf, provider });
  const out = argv.out ?? OWN_BOOK;
  const book = existsSync(out) ? await readPrices(out) : { gpus: [], apis: [] };
  // A book says itself from when its prices hold.
  const { prices, counts } =
    asOf === null || format === 'book' ? recordDated(book, read) : recordPrices(book, read, asOf);
  await writeBook(out, bookFileText(prices));
  const { sha256 } = await bookOf(prices);
  const shown = { file: plainText(path), format, asOf, out, sha256, ...counts, read };
  process.stdout.write(argv.json ? importJson(shown) : renderPriceImport(shown));
  return EXIT.ok;
}

function importJson({ read, ...shown }: Parameters<typeof renderPriceImport>[0]): string {
  const json = {
    ...shown,
    gpus: read.gpus.length,
    apis: read.apis.length,
    skipped: Object.fromEntries(read.skipped),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** The folder of the own book is made where it is missing, as that of the records is; others must be there. */
async function writeBook(out: string, text: string): Promise<void> {
  const bytes = Buffer.byteLength(text);
  if (bytes > PRICE_FILE.maxBytes) {
    throw usageError(
      `${plainText(out)} would have ${bytes} bytes, more than the ${PRICE_FILE.maxBytes} that a book may have`,
      'Import the rows of the GPUs and models that you price, and leave out the rest.',
    );
  }
  if (out === OWN_BOOK) await mkdir(dirname(out), { recursive: true });
  await writeTextFile(out, text);
}

function parseFormat(text: string | undefined): PriceFormat | null {
  if (text === undefined) return null;
  const format = PRICE_FORMATS.find((one) => one === text);
  if (format !== undefined) return format;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`--format got ${shown}, expected ${PRICE_FORMATS.join(', ')}`);
}

function parseProvider(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(text)) return text;
  throw usageError(
    `--provider got ${JSON.stringify(text.slice(0, 40))}, expected a name of letters and digits`,
  );
}

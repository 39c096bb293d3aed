import { type DatedPrices, diffPrices } from '../../economics/prices/diff-prices.ts';
import { priceDiffJson, renderPriceDiff } from '../../report/cost/prices-diff-text.ts';
import { plainText } from '../../report/format.ts';
import { isDay, parseDay } from '../cost/day-option.ts';
import { builtInPrices, loadPriceBook, readPrices } from '../cost/price-book.ts';
import { EXIT, usageError } from '../failure.ts';

const BUILT_IN = 'built-in';

/** Options of `mtok prices diff` as typed. */
export interface DiffArguments {
  day?: string;
  prices?: string[];
  json?: true;
}

/** Runs `mtok prices diff` on two days of the books in use, or on two books on one day. Throws `usage` and `io`. */
export async function diffCommand(a: string, b: string, argv: DiffArguments): Promise<number> {
  const [before, after] = await sides(a, b, argv);
  const diff = diffPrices(before, after);
  const shown = {
    before: `${plainText(a)}${isDay(a) ? '' : ` on ${before.day}`}`,
    after: `${plainText(b)}${isDay(b) ? '' : ` on ${after.day}`}`,
    diff,
  };
  process.stdout.write(
    argv.json ? `${JSON.stringify(priceDiffJson(shown), null, 2)}\n` : renderPriceDiff(shown),
  );
  return EXIT.ok;
}

async function sides(
  a: string,
  b: string,
  argv: DiffArguments,
): Promise<[DatedPrices, DatedPrices]> {
  // What is written as a day and is none is no book either.
  for (const side of [a, b]) if (/^\d{4}-\d\d-\d\d$/.test(side)) parseDay(side, 'prices diff');
  if (isDay(a) !== isDay(b)) {
    throw usageError(
      'prices diff got a day and a book',
      'Give two days, or two books and the day to compare them on with --day.',
    );
  }
  if (isDay(a)) {
    if (argv.day !== undefined) throw usageError('--day is of two books; two days were given');
    const prices = await loadPriceBook(argv.prices);
    return [
      { prices, day: a },
      { prices, day: b },
    ];
  }
  const day = parseDay(argv.day, '--day');
  if (argv.prices !== undefined) {
    throw usageError('--prices goes with two days; two books were given');
  }
  const read = (book: string) => (book === BUILT_IN ? builtInPrices() : readPrices(book));
  return [
    { prices: await read(a), day },
    { prices: await read(b), day },
  ];
}

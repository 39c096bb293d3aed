import { BenchError } from '../../core/errors.ts';
import { holdsOn, type Period, periodText } from './periods.ts';
import type { PriceOrigin } from './price-book.ts';
import {
  API_ROW,
  byKey,
  GPU_ROW,
  isRepeated,
  overlay,
  type PriceRow,
  type Prices,
} from './price-rows.ts';

/** What reading a catalogue again did to a book. */
export interface RecordCounts {
  added: number;
  changed: number;
  unchanged: number;
}

/**
 * A book after a catalogue without dates of its own was read on `asOf`. A price that is new is added; one that is
 * another than the book has for that day holds from that day on, and what the book had ends there, or goes on behind
 * if the book knows a later one. Prices that the catalogue does not name stay: missing is not withdrawn.
 * Reading the same again changes nothing. Throws `usage` for a catalogue that is older than what the book already read.
 */
export function recordPrices(
  book: Prices,
  read: Prices,
  asOf: string,
): { prices: Prices; counts: RecordCounts } {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  return {
    prices: {
      gpus: recordRows(GPU_ROW, book.gpus, read.gpus, asOf, counts),
      apis: recordRows(API_ROW, book.apis, read.apis, asOf, counts),
    },
    counts,
  };
}

function recordRows<T extends PriceOrigin>(
  row: PriceRow<T>,
  kept: readonly T[],
  read: readonly T[],
  asOf: string,
  counts: RecordCounts,
): T[] {
  const groups = byKey(row, kept);
  for (const price of read) {
    const key = row.key(price);
    const history = groups.get(key);
    if (history === undefined) {
      counts.added++;
      groups.set(key, [price]);
    } else {
      groups.set(key, recordOne(row, history, price, asOf, counts));
    }
  }
  return [...groups.values()].flat();
}

/** `history` is earliest first. */
function recordOne<T extends PriceOrigin>(
  row: PriceRow<T>,
  history: readonly T[],
  price: T,
  asOf: string,
  counts: RecordCounts,
): T[] {
  const held = history.find((one) => holdsOn(one, asOf));
  if (held !== undefined && row.figures(held) === row.figures(price)) {
    counts.unchanged++;
    const readOn = held.readOn !== null && held.readOn > asOf ? held.readOn : asOf;
    return history.map((one) => (one === held ? { ...one, readOn } : one));
  }
  if (held !== undefined) assertNewer(row, held, asOf);
  counts.changed++;
  const next = history.find(({ from }) => from !== null && from > asOf);
  const opened = { ...price, from: asOf, until: held?.until ?? next?.from ?? null };
  const closed = history.flatMap((one) => (one === held ? endedOn(one, asOf) : [one]));
  return [...closed, opened];
}

/** What held until a day; nothing where it began on that day. */
function endedOn<T extends Period>(price: T, day: string): T[] {
  return price.from === day ? [] : [{ ...price, until: day }];
}

function assertNewer<T extends PriceOrigin>(row: PriceRow<T>, held: T, asOf: string): void {
  if (held.readOn === null || held.readOn < asOf) return;
  throw new BenchError(
    'usage',
    `The book's price of ${row.name(held)} (${periodText(held)}) was read on ${held.readOn}; a catalogue as of ` +
      `${asOf} says otherwise`,
    {
      hint: 'Import the older catalogue first, into a new book (--out), or correct --as-of.',
    },
  );
}

/** A book after another book was added, whose prices have days of their own and win on them. */
export function recordDated(book: Prices, read: Prices): { prices: Prices; counts: RecordCounts } {
  const counts = { added: 0, changed: 0, unchanged: 0 };
  countRows(GPU_ROW, book.gpus, read.gpus, counts);
  countRows(API_ROW, book.apis, read.apis, counts);
  return { prices: overlay(book, read), counts };
}

function countRows<T extends PriceOrigin>(
  row: PriceRow<T>,
  kept: readonly T[],
  read: readonly T[],
  counts: RecordCounts,
): void {
  const groups = byKey(row, kept);
  for (const price of read) {
    const history = groups.get(row.key(price));
    const same = history?.some((one) => isRepeated(row, one, price));
    if (history === undefined) counts.added++;
    else if (same) counts.unchanged++;
    else counts.changed++;
  }
}

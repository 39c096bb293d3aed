import type { PriceOrigin } from './price-book.ts';

/** Days sort as text. Null starts lie before every day, null ends after. */
export type Period = Pick<PriceOrigin, 'from' | 'until'>;

/** Whether a price holds on a day, YYYY-MM-DD: from its first day, until before the first one it no longer holds. */
export function holdsOn({ from, until }: Period, day: string): boolean {
  return (from === null || from <= day) && (until === null || day < until);
}

/** Whether two prices hold on one and the same day. */
export function overlap(a: Period, b: Period): boolean {
  return startsBefore(a.from, b.until) && startsBefore(b.from, a.until);
}

/** Earlier starts first. */
export function byStart(a: Period, b: Period): number {
  return (a.from ?? '') < (b.from ?? '') ? -1 : (a.from ?? '') > (b.from ?? '') ? 1 : 0;
}

/** `since 2024-05-13`, `2024-05-13 until 2024-08-06`, `until 2024-08-06`, or `undated`. */
export function periodText({ from, until }: Period): string {
  if (from === null) return until === null ? 'undated' : `until ${until}`;
  return until === null ? `since ${from}` : `${from} until ${until}`;
}

/** What is left of a price after another takes its days: nothing, a part before, a part behind, or both. */
export function without<P extends Period>(price: P, taken: Period): P[] {
  if (!overlap(price, taken)) return [price];
  const left: P[] = [];
  if (taken.from !== null && (price.from === null || price.from < taken.from)) {
    left.push({ ...price, until: taken.from });
  }
  if (taken.until !== null && (price.until === null || taken.until < price.until)) {
    left.push({ ...price, from: taken.until });
  }
  return left;
}

function startsBefore(from: string | null, until: string | null): boolean {
  return from === null || until === null || from < until;
}

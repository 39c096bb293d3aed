const YEAR = /^\d{4}$/;
const QUARTER = /^(\d{4})-Q([1-4])$/;
const MONTH = /^(\d{4})-(\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** More than these are a mistake in a date, and no one reads them. */
const MOST_SKIPPED = 10_000;

/**
 * Periods that the calendar has between the first and the last of these, and they have not: of `2026-01`, `2026-03` it is
 * `2026-02`. Names that are no year, quarter, month or day are passed over.
 * @param names ascending, of one kind
 */
export function skippedPeriods(names: readonly string[]): string[] {
  const skipped: string[] = [];
  let before: number | null = null;
  for (const name of names) {
    const place = placeOf(name);
    if (place === null) continue;
    for (let at = (before ?? place) + 1; at < place && skipped.length < MOST_SKIPPED; at++) {
      skipped.push(nameAt(at, name));
    }
    before = place;
  }
  return skipped;
}

/** Number of a period among those of its kind. */
function placeOf(name: string): number | null {
  if (YEAR.test(name)) return Number(name);
  const [, ofQuarter, quarter] = QUARTER.exec(name) ?? [];
  if (quarter !== undefined) return 4 * Number(ofQuarter) + Number(quarter) - 1;
  const [, ofMonth, month] = MONTH.exec(name) ?? [];
  if (month !== undefined) return 12 * Number(ofMonth) + Number(month) - 1;
  const day = DAY.test(name) ? Date.parse(`${name}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(day) ? null : day / DAY_MS;
}

/** The name of a place among periods of the kind of `like`. */
function nameAt(place: number, like: string): string {
  const year = (parts: number) => String(Math.floor(place / parts)).padStart(4, '0');
  if (YEAR.test(like)) return year(1);
  if (QUARTER.test(like)) return `${year(4)}-Q${(place % 4) + 1}`;
  if (MONTH.test(like)) return `${year(12)}-${String((place % 12) + 1).padStart(2, '0')}`;
  return new Date(place * DAY_MS).toISOString().slice(0, 10);
}

import { BenchError } from '../../core/errors.ts';

/** Start and end (exclusive) as FOCUS writes them: UTC, to the second. */
export interface ChargePeriod {
  start: string;
  end: string;
}

/** A calendar month, written YYYY-MM. Throws `usage` for anything else. */
export function monthPeriod(month: string): ChargePeriod {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined) {
    const shown = JSON.stringify(month.slice(0, 40));
    throw new BenchError('usage', `The month is ${shown}, expected one such as 2026-11`);
  }
  const next = new Date(Date.UTC(Number(year), Number(number), 1)).toISOString().slice(0, 7);
  return { start: `${year}-${number}-01T00:00:00Z`, end: `${next}-01T00:00:00Z` };
}

import { shorten } from '../../core/number-list.ts';
import { usageError } from '../failure.ts';

/** A day as typed; today, in UTC, when not given. Throws `usage` for anything that is no day of a calendar. */
export function parseDay(text: string | undefined, option: string): string {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  if (isDay(text)) return text;
  throw usageError(
    `${option} got ${JSON.stringify(shorten(text))}, expected a day as YYYY-MM-DD`,
    'For example 2026-11-21.',
  );
}

/** Whether a text is a day such as 2026-11-21. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

import { usageError } from './failure.ts';

/** Bounds of one numeric option; `option` is the option as typed. */
export interface NumberRule {
  option: string;
  min: number;
  max: number;
}

/** A whole number from a command line, or null when the option was not given. Throws `usage`. */
export function parseInteger(text: string | undefined, rule: NumberRule): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw wrongNumber(text, rule, 'a whole number');
  return inBounds(Number(text), text, rule, 'a whole number');
}

/** A decimal number such as `2.49`, or null when the option was not given. Throws `usage`. */
export function parseDecimal(text: string | undefined, rule: NumberRule): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}(\.\d{1,15})?$/.test(text)) throw wrongNumber(text, rule, 'a number');
  return inBounds(Number(text), text, rule, 'a number');
}

function inBounds(value: number, text: string, rule: NumberRule, kind: string): number {
  if (value < rule.min || value > rule.max) throw wrongNumber(text, rule, kind);
  return value;
}

function wrongNumber(text: string, rule: NumberRule, kind: string): Error {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
  return usageError(
    `${rule.option} got ${shown}, expected ${kind} from ${rule.min} to ${rule.max}`,
  );
}

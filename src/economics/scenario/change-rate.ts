import type { Known } from '../quantity.ts';
import { readQuantity, withOwnDraws } from '../read-quantity.ts';
import { MONTHS_PER_YEAR, mapKnown, splitPeriod } from './period.ts';

/** Which way a change without a sign goes: a decline of 40 % leaves 0.6, a growth of 40 % makes 1.4. */
export type ChangeKind = 'decline' | 'growth';

/** How a person may write a change, for messages and help. */
export const CHANGE_SYNTAX: Readonly<Record<ChangeKind, string>> = {
  decline: '10x/year (a tenth after a year), 40%/year or -40%/year (0.6), 280x in 2 years, 2x..10x',
  growth: '4x/year, +300%/year (four times), -20%/year, 3% per month, 100%..300%/year',
};

/** A factor outside of these a year comes from a mistake. */
export const LEAST_FACTOR = 1e-6;
export const MOST_FACTOR = 1e6;

const PART = /^([+-]?)([\d.]+(?:e[+-]?\d{1,2})?)\s*(x|%|)$/i;

/**
 * What a year multiplies a price or a volume by, from a change as people say it: `10x/year`, `-40%/year`,
 * `+300%/year`, `280x in 2 years`, each also as a range (`2x..10x/year`) or with an interval (`10x@5x..20x/year`).
 * Periods compound: a factor f over y years is f^(1/y) a year. Null for text that is none of these, that has no unit,
 * mixes signs or units, takes 100 % or more away, or has the sign of the other kind (a decline of `+40%`).
 */
export function readYearlyFactor(text: string, kind: ChangeKind): Known | null {
  const split = splitPeriod(text);
  const change = split && readChange(split.what);
  if (!split || !change) return null;
  const toFactor = factorOf(change, kind);
  // A price and a demand that are written alike still vary on their own.
  const size = withOwnDraws(change.size, kind);
  const factor = toFactor && mapKnown(size, (written) => toFactor(written) ** (1 / split.years));
  if (factor === null) return null;
  const [least, most] = [factor.low ?? factor.value, factor.high ?? factor.value];
  return least >= LEAST_FACTOR && most <= MOST_FACTOR ? factor : null;
}

/** The factor of a month from that of a year. */
export function monthlyFactor(yearlyFactor: number): number {
  return yearlyFactor ** (1 / MONTHS_PER_YEAR);
}

interface Change {
  /** Without sign and unit. */
  size: Known;
  sign: string;
  unit: 'x' | '%';
}

function readChange(text: string): Change | null {
  const [first = '', rest] = text.includes('@') ? splitOnce(text, '@') : ['', text];
  const range = (rest ?? '').split('..');
  const parts = [...(text.includes('@') ? [first] : []), ...range].map((part) => {
    const [, sign, number, unit] = PART.exec(part.trim()) ?? [];
    return { sign, number, unit: unit?.toLowerCase() };
  });
  const { sign, unit } = parts.at(-1) ?? {};
  if (sign === undefined || (unit !== 'x' && unit !== '%')) return null;
  // `2..10x` says its unit once, `-20..-40%` its sign each time.
  const isAlike = parts.every((part) => part.sign === sign && (part.unit === unit || !part.unit));
  if (!isAlike) return null;
  const numbers = parts.map(({ number = '' }) => number);
  const bounds = numbers.slice(-range.length).sort((a, b) => Number(a) - Number(b));
  const value = numbers.length > range.length ? `${numbers[0]}@` : '';
  const size = readQuantity(`${value}${bounds.join('..')}`);
  return size && { size, sign, unit };
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return [text.slice(0, at), text.slice(at + by.length)];
}

function factorOf(
  { sign, unit, size }: Change,
  kind: ChangeKind,
): ((size: number) => number) | null {
  const [least, most] = [size.low ?? size.value, size.high ?? size.value];
  if (unit === 'x') {
    if (sign !== '' || least === 0) return null;
    return kind === 'decline' ? (times) => 1 / times : (times) => times;
  }
  if (kind === 'decline' && sign === '+') return null;
  if (kind === 'growth' && sign !== '-') return (percent) => 1 + percent / 100;
  return most < 100 ? (percent) => 1 - percent / 100 : null;
}

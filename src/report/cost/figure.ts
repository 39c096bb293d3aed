import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { formatNumber, plainText } from '../format.ts';

/** A figure as results in JSON show it. */
export interface FigureJson {
  value: number | null;
  low: number | null;
  high: number | null;
  /** Why there is no value. */
  reason?: string;
}

/** A figure without its draws, which are thousands of numbers that the inputs and the seed give again. */
export function figureJson(quantity: Quantity): FigureJson {
  const { value, low, high } = quantity;
  return isKnown(quantity) ? { value, low, high } : { value, low, high, reason: quantity.reason };
}

/** All figures of a result, by the same names. */
export function figuresJson<K extends string>(
  figures: Readonly<Record<K, Quantity>>,
): Record<K, FigureJson> {
  const entries = Object.entries<Quantity>(figures).map(([name, quantity]) => [
    name,
    figureJson(quantity),
  ]);
  return Object.fromEntries(entries) as Record<K, FigureJson>;
}

/** `0.396`, `1500`, or `unknown`. */
export function valueText(quantity: Quantity): string {
  return isKnown(quantity) ? numberText(quantity.value) : 'unknown';
}

/** Whole numbers as they are, others in three digits. */
export function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? `${value}` : formatNumber(value);
}

/** `0.377 to 0.417`, `54170 or more` where there is no upper bound; empty for a figure without an interval. */
export function intervalText({ low, high }: Quantity): string {
  if (low === null || high === null) return '';
  return high === Number.POSITIVE_INFINITY
    ? `${numberText(low)} or more`
    : `${numberText(low)} to ${numberText(high)}`;
}

/** `0.396 (0.377 to 0.417)`, `0.396` or `unknown: why`. */
export function figureText(quantity: Quantity): string {
  if (!isKnown(quantity)) return `unknown: ${plainText(quantity.reason)}`;
  const interval = intervalText(quantity);
  return interval === '' ? valueText(quantity) : `${valueText(quantity)} (${interval})`;
}

/** `$0.396 (0.377 to 0.417)` or `unknown: why`. */
export function usdText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  const interval =
    low === null || high === null ? '' : ` (${formatNumber(low)} to ${formatNumber(high)})`;
  return `${value < 0 ? '-' : ''}$${dollarDigits(Math.abs(value))}${interval}`;
}

/** Cents where there are dollars, three digits below a dollar. */
function dollarDigits(value: number): string {
  return value >= 1 && value < 100 ? value.toFixed(2) : formatNumber(value);
}

/** `12.5 %`. */
export function percentText(share: number): string {
  return `${numberText(100 * share)} %`;
}

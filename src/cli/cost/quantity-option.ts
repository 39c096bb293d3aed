import type { Known } from '../../economics/quantity.ts';
import { QUANTITY_SYNTAX, readQuantity, withOwnDraws } from '../../economics/read-quantity.ts';
import { usageError } from '../failure.ts';

/** Bounds of an option's figure and of its interval. */
export interface QuantityRule {
  /** As typed: `--gpu-price`. */
  option: string;
  min: number;
  max: number;
  /** Whether `min` itself is allowed; true unless told. */
  isMinAllowed?: boolean;
}

/**
 * A figure, perhaps with a range or an interval, from a command line; null when not given. Ranges of two options vary
 * on their own, also where they are written alike. Throws `usage`.
 */
export function parseQuantity(text: string | undefined, rule: QuantityRule): Known | null {
  if (text === undefined) return null;
  const quantity = readQuantity(text);
  if (quantity === null) throw wrong(text, rule, `expected a figure such as ${QUANTITY_SYNTAX}`);
  const { min, max, isMinAllowed = true } = rule;
  const [least, most] = [quantity.low ?? quantity.value, quantity.high ?? quantity.value];
  if (least < min || most > max || (!isMinAllowed && least === min)) {
    const from = isMinAllowed ? `from ${min}` : `above ${min}`;
    throw wrong(text, rule, `expected a figure ${from} to ${max}`);
  }
  return withOwnDraws(quantity, rule.option);
}

/** A share, as `0.4` or `40%`; ranges likewise. Throws `usage`. */
export function parseShare(text: string | undefined, rule: QuantityRule): Known | null {
  if (text === undefined || !text.includes('%')) return parseQuantity(text, rule);
  const inPercent = parseQuantity(text.replaceAll('%', ''), {
    ...rule,
    min: 100 * rule.min,
    max: 100 * rule.max,
  });
  return inPercent && scaled(inPercent, 0.01);
}

function scaled({ value, low, high, draws }: Known, by: number): Known {
  return {
    value: value * by,
    low: low === null ? null : low * by,
    high: high === null ? null : high * by,
    ...(draws === undefined ? {} : { draws: Float64Array.from(draws, (draw) => draw * by) }),
  };
}

function wrong(text: string, { option }: QuantityRule, expected: string): Error {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
  return usageError(`${option} got ${shown}, ${expected}`);
}

import { z } from 'zod';
import { Rng } from '../core/rng.ts';
import { DRAWS } from './propagate.ts';
import { exact, type Known } from './quantity.ts';

/** How a person may write a figure, for messages and help. */
export const QUANTITY_SYNTAX =
  '2.85, 2.85..3.50 (anything between) or 3.00@2.85..3.50 (95 % interval)';

const NUMBER = String.raw`\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?`;
const PATTERN = new RegExp(`^(?:(${NUMBER})|(?:(${NUMBER})@)?(${NUMBER})\\.\\.(${NUMBER}))$`, 'i');

/**
 * A figure as typed: a number; `a..b`, all values between alike likely, their middle as the figure; or `v@a..b`, a
 * value with its 95 % interval. Null for anything else, such as an interval that does not hold its value.
 */
export function readQuantity(text: string): Known | null {
  const [, single, value, from, to] = PATTERN.exec(text.trim()) ?? [];
  if (single !== undefined) return finite(exact(Number(single)));
  if (from === undefined || to === undefined) return null;
  const [low, high] = [Number(from), Number(to)];
  if (!(low < high)) return low === high && value === undefined ? finite(exact(low)) : null;
  if (value === undefined) return finite(uniform(low, high));
  const centre = Number(value);
  return centre < low || centre > high ? null : finite({ value: centre, low, high });
}

/** All values from `low` to `high` alike likely. `key` tells apart ranges that vary on their own. */
export function uniform(low: number, high: number, key = `${low}..${high}`): Known {
  const rng = new Rng('uniform').fork(key);
  const draws = Float64Array.from({ length: DRAWS }, () => low + (high - low) * rng.uniform());
  return { value: (low + high) / 2, low, high, draws };
}

function finite(known: Known): Known | null {
  return Number.isFinite(known.value) && Number.isFinite(known.high ?? 0) ? known : null;
}

/**
 * A figure in a file: a number, or text as `readQuantity` takes it. Its interval must lie within the bounds too.
 * Ranges of two fields vary on their own: pass `withOwnDraws` their paths after reading where both are alike.
 */
export function quantityField({ min = 0, max = 1e15 }: { min?: number; max?: number } = {}) {
  const expected = `expected a figure from ${min} to ${max}: ${QUANTITY_SYNTAX}`;
  const written = z.union([z.number(), z.string().max(100)], { error: expected });
  return written.transform((written, context): Known => {
    const read = typeof written === 'number' ? exact(written) : readQuantity(written);
    const [least, most] = [
      read?.low ?? read?.value ?? Number.NaN,
      read?.high ?? read?.value ?? Number.NaN,
    ];
    if (read !== null && least >= min && most <= max) return read;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

/** A typed range with draws of its own, so that two ranges that are written alike do not move together. */
export function withOwnDraws(known: Known, key: string): Known {
  const { value, low, high, draws } = known;
  if (draws === undefined || low === null || high === null) return known;
  return { ...uniform(low, high, key), value };
}

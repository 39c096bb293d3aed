import { z } from 'zod';
import type { Known } from '../quantity.ts';
import { readQuantity } from '../read-quantity.ts';

/**
 * How much of something one unit uses, which may differ from unit to unit: a number of calls or turns (whole in every
 * unit), or tokens and gigabytes. Apart from `fixed`, the spread is between units and is no doubt about their mean.
 */
export type Amount =
  /** The same in every unit. An interval is doubt about the mean. A count of 2.4 is 2 or 3, 3 in 40 % of units. */
  | { readonly kind: 'fixed'; readonly mean: Known }
  /** All values from low to high alike likely; whole numbers for counts. */
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Values with their probabilities, which add up to 1. */
  | {
      readonly kind: 'weighted';
      readonly values: readonly number[];
      readonly probabilities: readonly number[];
    }
  /** Counts only. */
  | { readonly kind: 'poisson'; readonly mean: number }
  /** Tokens and gigabytes only. */
  | {
      readonly kind: 'triangular';
      readonly low: number;
      readonly mode: number;
      readonly high: number;
    };

export const COUNT_SYNTAX =
  '3, 2..5 (whole numbers, alike likely), 2.4@2.1..2.7 (a mean with its 95 % interval), ' +
  '{values: [1, 2], weights: [3, 1]} or {poisson: 2.4}';
export const AMOUNT_SYNTAX =
  '1200, 800..1600 (anything between), 1200@1100..1300 (a mean with its 95 % interval), ' +
  '{values: [500, 4000], weights: [3, 1]} or {triangular: [500, 800, 4000]}';

const MOST_VALUES = 1000;
/** Above this a Poisson count is better given by its mean. */
const MOST_POISSON = 1000;

type Rule = { max: number; isCount: boolean };

/** Whole numbers of calls or turns in a file. */
export function countField(max: number) {
  return amountOf({ max, isCount: true });
}

/** Tokens or gigabytes in a file. */
export function amountField(max: number) {
  return amountOf({ max, isCount: false });
}

function amountOf(rule: Rule) {
  const syntax = rule.isCount ? COUNT_SYNTAX : AMOUNT_SYNTAX;
  return z.unknown().transform((written, context): Amount => {
    const amount = readAmount(written, rule);
    if (amount !== null) return amount;
    context.addIssue({
      code: 'custom',
      message: `expected ${rule.isCount ? 'a count' : 'an amount'} from 0 to ${rule.max}: ${syntax}`,
    });
    return z.NEVER;
  });
}

function readAmount(written: unknown, rule: Rule): Amount | null {
  if (typeof written === 'number' || typeof written === 'string') {
    return readScalar(String(written), rule);
  }
  const shape = SHAPES.safeParse(written);
  if (!shape.success) return null;
  if ('values' in shape.data) return weighted(shape.data, rule);
  if ('poisson' in shape.data) {
    const { poisson: mean } = shape.data;
    return rule.isCount && mean <= Math.min(rule.max, MOST_POISSON)
      ? { kind: 'poisson', mean }
      : null;
  }
  const [low, mode, high] = shape.data.triangular;
  const isInOrder = low <= mode && mode <= high && low < high && high <= rule.max;
  return !rule.isCount && isInOrder ? { kind: 'triangular', low, mode, high } : null;
}

const NUMBER = z.number().min(0);
const SHAPES = z.union([
  z.strictObject({
    values: z.array(NUMBER).min(1).max(MOST_VALUES),
    weights: z.array(NUMBER).max(MOST_VALUES).optional(),
  }),
  z.strictObject({ poisson: NUMBER }),
  z.strictObject({ triangular: z.tuple([NUMBER, NUMBER, NUMBER]) }),
]);

function readScalar(text: string, { max, isCount }: Rule): Amount | null {
  const read = text.length > 100 ? null : readQuantity(text);
  if (read === null || (read.high ?? read.value) > max) return null;
  const { value, low, high, draws } = read;
  // Only `a..b` comes with draws.
  if (draws === undefined) return { kind: 'fixed', mean: read };
  if (low === null || high === null) return { kind: 'fixed', mean: { value, low, high } };
  if (isCount && !(Number.isInteger(low) && Number.isInteger(high))) return null;
  return { kind: 'uniform', low, high };
}

function weighted(
  { values, weights = values.map(() => 1) }: { values: number[]; weights?: number[] | undefined },
  { max, isCount }: Rule,
): Amount | null {
  const sum = weights.reduce((a, b) => a + b, 0);
  const areFit = values.every((value) => value <= max && (!isCount || Number.isInteger(value)));
  if (!areFit || weights.length !== values.length || !(sum > 0 && Number.isFinite(sum)))
    return null;
  return { kind: 'weighted', values, probabilities: weights.map((weight) => weight / sum) };
}

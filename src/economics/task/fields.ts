import { z } from 'zod';
import { type Known, type Quantity, unknown } from '../quantity.ts';
import { quantityField, withOwnDraws } from '../read-quantity.ts';
import { type Amount, amountField } from './amount.ts';
import { LIMITS } from './unit-file.ts';

export const nameField = z.string().trim().min(1).max(LIMITS.nameLength);
export const shareField = quantityField({ min: 0, max: 1 });
export const tokensField = amountField(LIMITS.tokens);

const known = quantityField({ max: 1e9 });

/** A price, or the word `unknown`. */
export const priceField = z.unknown().transform((written, context): Quantity => {
  if (written === 'unknown') return unknown('given as unknown');
  const read = known.safeParse(written);
  if (read.success) return read.data;
  context.addIssue({ code: 'custom', message: `${read.error.issues[0]?.message}, or unknown` });
  return z.NEVER;
});

/** What may be said of failing calls, of a model or of a step. */
export const policyFields = {
  successProbability: shareField.optional(),
  maxAttempts: z.number().int().min(1).max(LIMITS.attempts).optional(),
  escalateTo: nameField.optional(),
};

/**
 * A figure of the file under its own name: ranges that are written alike do not move together, and what is unknown
 * says which figure that is.
 */
export function named(figure: Known, key: string): Known;
export function named(figure: Quantity, key: string): Quantity;
export function named(figure: Quantity, key: string): Quantity {
  return figure.value === null ? unknown(`${key}: ${figure.reason}`) : withOwnDraws(figure, key);
}

/** As `named`, for the mean of an amount. */
export function namedAmount(amount: Amount, key: string): Amount {
  return amount.kind === 'fixed' ? { kind: 'fixed', mean: named(amount.mean, key) } : amount;
}

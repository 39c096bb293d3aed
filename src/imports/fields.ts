import { z } from 'zod';
import { BenchError } from '../core/errors.ts';

const MAX_TEXT = 1000;
/** Beyond any count or nanosecond stamp that a benchmark writes; below it sums stay finite. */
const MAX_AMOUNT = 1e20;

/** A name or setting from a file. Control characters could act on a terminal: no tool writes them. */
export const label = z
  .string()
  .max(MAX_TEXT, `longer than ${MAX_TEXT} characters`)
  .refine((value) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value), {
    message: 'holds control characters',
  });

/** A finite number that is no less than 0. */
export const amount = z.number().nonnegative().max(MAX_AMOUNT);
/** A finite number of either sign: a difference or a deviation may be below 0. */
export const signed = z.number().min(-MAX_AMOUNT).max(MAX_AMOUNT);
export const count = amount.int();
/** A number as text, as CSV and SQL give it. */
export const amountText = z
  .string()
  .max(40)
  .regex(/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i, 'is no number')
  .transform(Number)
  .pipe(amount);

/** Ten million numbers: more than a file within the size limit holds. */
const MAX_SAMPLES = 10_000_000;
export const samplesOf = (item: z.ZodType<number> = amount) => z.array(item).max(MAX_SAMPLES);

/** Reads a value by its schema. Throws `usage` that names the place, what was found and what was expected. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map((key) => printable(String(key))).join('.') ?? '';
  const place = path === '' ? where : `${where}: ${path}`;
  throw malformed(`${place}: ${printable(issue?.message ?? 'malformed')}`);
}

/** What is wrong with a file that was meant to be imported. */
export function malformed(message: string, hint?: string): BenchError {
  return new BenchError('record', message, {
    hint: hint ?? 'The file was not imported. Export it anew with the tool that wrote it.',
  });
}

/** A piece of foreign text as it may stand in a message. */
export function printable(value: string): string {
  const clean = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean;
}

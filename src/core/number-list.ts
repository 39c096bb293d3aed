import { BenchError } from './errors.ts';

/** Bounds of one numeric option. */
export interface NumberListRule {
  /** The option as typed (`-p`), for messages. */
  option: string;
  min: number;
  max: number;
}

/** More values than this in one option is a typing error, not a sweep. */
const MAX_VALUES = 1000;

/**
 * Parses an option such as `512`, `128,256`, `64-256+64` or `128-2048*2` (llama-bench's notation: `a-b`
 * counts by one, `a-b+s` by s, `a-b*m` multiplies) into distinct integers in the order given.
 * Throws `usage` for anything else, for values out of bounds and for lists longer than 1000.
 */
export function parseNumberList(text: string, rule: NumberListRule): number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    for (const value of expandPart(part.trim(), rule)) {
      values.add(value);
      if (values.size > MAX_VALUES) {
        throw new BenchError(
          'usage',
          `${rule.option} ${shorten(text)} names more than ${MAX_VALUES} values`,
          { hint: `Give a step, as in ${rule.option} 128-4096*2.` },
        );
      }
    }
  }
  return [...values];
}

function* expandPart(part: string, rule: NumberListRule): Generator<number> {
  const match = /^(\d{1,15})(?:-(\d{1,15})(?:([+*])(\d{1,15}))?)?$/.exec(part);
  if (match === null) {
    throw new BenchError(
      'usage',
      `${rule.option} got ${JSON.stringify(shorten(part))}, expected a whole number or a range`,
      { hint: `Write ${rule.option} 128,256 or a range: 1-8, 64-256+64 or 128-2048*2.` },
    );
  }
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  const multiplies = match[3] === '*';
  const step = match[4] === undefined ? 1 : Number(match[4]);
  for (const value of [first, last]) assertInBounds(value, rule);
  if (last < first) {
    throw new BenchError('usage', `${rule.option} ${part} ends below its start`, {
      hint: `Write the smaller number first: ${last}-${first}.`,
    });
  }
  if (multiplies && (step < 2 || first === 0)) {
    throw new BenchError('usage', `${rule.option} ${part} never gets past its start`, {
      hint: 'A multiplied range starts at 1 or more and multiplies by 2 or more.',
    });
  }
  if (!multiplies && step === 0) {
    throw new BenchError('usage', `${rule.option} ${part} has a step of 0`, {
      hint: 'Give a step of 1 or more.',
    });
  }
  for (let value = first; value <= last; value = multiplies ? value * step : value + step) {
    yield value;
  }
}

function assertInBounds(value: number, rule: NumberListRule): void {
  if (value >= rule.min && value <= rule.max) return;
  throw new BenchError(
    'usage',
    `${rule.option} ${value} is out of bounds: expected ${rule.min} to ${rule.max}`,
  );
}

/** User text cut to a length that fits a message. */
export function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

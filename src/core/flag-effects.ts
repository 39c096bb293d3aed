import type { RecordPair } from './cell-pairs.ts';
import type { SpeedRatio } from './comparison.ts';
import type { Metric } from './comparison-metrics.ts';
import type { BenchRecord, Flag } from './record.ts';

/**
 * What a flag of either side does to a verdict.
 * - `withholds`: nothing that was measured in such a session, or so coarsely, is to be compared.
 * - `withholds-small`: the figure may be another when it is measured again, but not by a factor of `BEYOND_TROUBLE`.
 * - `withholds-unless-shared`: something outside the engines moved the figure. Where both sides have the flag and
 *   took turns, launch by launch, it moved both alike and cancels in their ratio; else it may be the whole difference,
 *   where that is small.
 * - `notes`: worth knowing. The interval has it in it already, or it says something of the engine itself, or it comes
 *   up by chance in sessions with nothing wrong (`severe-outliers`).
 * - `quiet`: says nothing about times, or the comparison says it itself.
 */
export type FlagEffect =
  | 'withholds'
  | 'withholds-small'
  | 'withholds-unless-shared'
  | 'notes'
  | 'quiet';

/** An interval wholly beyond this ratio is no work of drift, another program or launches of two kinds. */
export const BEYOND_TROUBLE = 2;

const FLAG_EFFECTS: Readonly<Record<string, FlagEffect>> = {
  'session-invalid': 'withholds',
  'below-timer-resolution': 'withholds',
  'do-not-rank': 'withholds-small',
  'bimodal-launches': 'withholds-small',
  'clocks-throttled': 'withholds-unless-shared',
  'other-load': 'withholds-unless-shared',
  'cpu-steal': 'withholds-unless-shared',
  'drift-in-launches': 'withholds-unless-shared',
  'drift-over-launches': 'withholds-unless-shared',
  'session-unknown': 'notes',
  'canary-failed': 'notes',
  'canary-incomplete': 'notes',
  noisy: 'notes',
  bimodal: 'notes',
  autocorrelation: 'notes',
  'severe-outliers': 'notes',
  'gc-pauses': 'notes',
  'warmup-not-converged': 'notes',
  'target-missed': 'notes',
  'low-n': 'quiet',
  'no-interval': 'quiet',
  'format-chosen': 'quiet',
  'packed-now': 'quiet',
  'software-adapter': 'quiet',
  'not-measured': 'quiet',
  'clocks-unknown': 'quiet',
  'energy-unknown': 'quiet',
  'roofline-unknown': 'quiet',
  'memory-unknown': 'quiet',
  'load-unknown': 'quiet',
  'price-stand-in': 'quiet',
  'no-profile': 'quiet',
  'no-run-ahead': 'quiet',
  'p95-withheld': 'quiet',
  'p99-withheld': 'quiet',
};

/** Codes with an effect, in the order of the table. */
export function flagCodesWith(effect: FlagEffect): string[] {
  return Object.keys(FLAG_EFFECTS).filter((code) => FLAG_EFFECTS[code] === effect);
}

/** A flag that a row of a comparison is to be read with. */
export interface RowFlag {
  side: 'A' | 'B' | 'A and B';
  code: string;
  field: string | null;
  message: string;
  /** Whether the verdict is withheld for it. */
  withholds: boolean;
}

/**
 * The flags of a pair that bear on a metric: those of the whole cell and of the parts that it is timed in. A flag
 * that is not in the table, as of a newer record, is a note.
 */
export function rowFlags(
  { a, b, isInterleaved }: RecordPair,
  { parts }: Metric,
  ratio: Pick<SpeedRatio, 'low' | 'high'>,
): RowFlag[] {
  const isLarge =
    ratio.low !== null &&
    ratio.high !== null &&
    (ratio.low > BEYOND_TROUBLE || ratio.high < 1 / BEYOND_TROUBLE);
  const found = new Map<string, RowFlag>();
  for (const [side, record] of [['A', a] as const, ['B', b] as const]) {
    for (const { code, field, message } of bearing(record, parts)) {
      const key = JSON.stringify([code, field]);
      const before = found.get(key);
      const sides = before === undefined || before.side === side ? side : 'A and B';
      found.set(key, { side: sides, code, field, message, withholds: false });
    }
  }
  return [...found.values()].map((flag) => {
    const effect = effectOf(flag.code);
    const isShared = isInterleaved && flag.side === 'A and B';
    const mayMislead =
      effect === 'withholds-small' || (effect === 'withholds-unless-shared' && !isShared);
    return { ...flag, withholds: effect === 'withholds' || (mayMislead && !isLarge) };
  });
}

/** `clocks-throttled of B` */
export function flagName({ code, field, side }: RowFlag): string {
  return `${code}${field === null ? '' : ` (${field})`} of ${side}`;
}

function bearing({ flags }: BenchRecord, parts: Metric['parts']): Flag[] {
  return flags.filter(
    ({ code, field }) =>
      effectOf(code) !== 'quiet' && (field === null || parts.some((part) => part === field)),
  );
}

function effectOf(code: string): FlagEffect {
  return Object.hasOwn(FLAG_EFFECTS, code) ? (FLAG_EFFECTS[code] ?? 'notes') : 'notes';
}

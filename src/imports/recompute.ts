import type { ImportCheck } from '../core/import-record.ts';
import { sortedQuantile } from '../core/quantile.ts';

/** Sums of many doubles in another order differ beyond this many digits. */
const DOUBLE_DIGITS = 12;
/** Of a double's text. */
const MOST_DIGITS = 17;
/** Below what any tool prints. */
const ZERO = 1e-7;

/** Moments and percentiles of some samples; percentiles of type 7, as NumPy's default. */
export interface Distribution {
  count: number;
  mean: number;
  min: number;
  max: number;
  /** Standard deviation divided by n, by n − 1 (0 for a single sample). */
  populationSd: number;
  sampleSd: number;
  /** `percent` in 0 to 100. */
  percentile(percent: number): number;
}

/** At least one finite sample. */
export function distributionOf(samples: readonly number[]): Distribution {
  const sorted = Float64Array.from(samples).sort();
  const count = sorted.length;
  const mean = sum(samples) / count;
  const squares = sum(samples.map((value) => (value - mean) ** 2));
  return {
    count,
    mean,
    min: sorted[0] ?? Number.NaN,
    max: sorted[count - 1] ?? Number.NaN,
    populationSd: Math.sqrt(squares / count),
    sampleSd: count < 2 ? 0 : Math.sqrt(squares / (count - 1)),
    percentile: (percent) => sortedQuantile(sorted, percent / 100),
  };
}

/** Sum with Neumaier's compensation: the order of a million samples leaves no trace in the digits we compare. */
export function sum(values: Iterable<number>): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/**
 * Compares a stated figure with one computed anew. Equal: rounded to the digits the file prints they are the
 * same, or they agree to 12 digits.
 */
export function check(
  figure: string,
  how: string,
  figures: { stated: number; recomputed: number; printedDigits: number },
): ImportCheck {
  const { stated, recomputed, printedDigits } = figures;
  const digits = equalDigits(stated, recomputed, printedDigits);
  const isEqual = digits >= Math.min(printedDigits, DOUBLE_DIGITS);
  return { figure, how, stated, recomputed, digits, isEqual };
}

/**
 * Decimals that a file prints its figures with: the most that any of them has. One figure alone does not tell,
 * since zeros at its end are lost: 300 may stand for 300.000.
 */
export function printedDecimals(figures: Iterable<number>): number {
  let most = 0;
  for (const figure of figures) {
    const [mantissa = '', exponent = '0'] = Math.abs(figure).toExponential().split('e');
    most = Math.max(most, mantissa.length - (mantissa.includes('.') ? 2 : 1) - Number(exponent));
  }
  return most;
}

/** Significant digits of a number printed with so many decimals: 5 for 12.300 with three. */
export function digitsWith(value: number, decimals: number): number {
  const whole = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return Math.max(1, Math.min(MOST_DIGITS, whole + decimals));
}

/** The most significant digits, up to `limit`, to which both round to within half a unit of the last. */
function equalDigits(stated: number, recomputed: number, limit: number): number {
  if (stated === recomputed) return limit;
  // Identical samples leave a deviation of rounding errors where a file prints 0.
  if (stated === 0) return Math.abs(recomputed) < ZERO ? limit : 0;
  const exponent = Math.floor(Math.log10(Math.abs(stated)));
  const difference = Math.abs(stated - recomputed);
  // A hair above one half: the stated figure may itself have been rounded from a tie.
  for (let digits = limit; digits > 0; digits--) {
    if (difference <= 0.500001 * 10 ** (exponent - digits + 1)) return digits;
  }
  return 0;
}

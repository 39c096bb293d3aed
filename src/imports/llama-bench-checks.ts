import type { ImportCheck } from '../core/import-record.ts';
import type { LlamaBenchRow } from './llama-bench-fields.ts';
import { check, digitsWith, distributionOf, sum } from './recompute.ts';

/** Decimals with which the tool prints its mean rates. */
const RATE_DECIMALS = 6;
/** Digits with which a stream prints each of `samples_ts`. */
const SAMPLE_DIGITS = 6;

/** Everything in a row that follows from its samples, computed once more. */
export function checkSamples(row: LlamaBenchRow, samplesNs: readonly number[]): ImportCheck[] {
  const tokens = row.n_prompt + row.n_gen;
  const rates = samplesNs.map((ns) => (tokens * 1e9) / ns);
  const { mean, sampleSd } = distributionOf(rates);
  const checks = [
    check('avg_ts', 'mean of tokens / samples_ns', rateFigures(row.avg_ts, mean)),
    ...told(row.stddev_ts).map((stated) =>
      check('stddev_ts', 'sample sd of tokens / samples_ns', rateFigures(stated, sampleSd)),
    ),
    ...told(row.avg_ns).map((stated) =>
      check('avg_ns', 'mean of samples_ns, cut to whole ns', {
        stated,
        recomputed: Math.floor(sum(samplesNs) / samplesNs.length),
        printedDigits: digitsWith(stated, 0),
      }),
    ),
    ...told(row.stddev_ns).map((stated) =>
      check('stddev_ns', "sample sd of samples_ns in the tool's 64-bit whole numbers", {
        stated,
        recomputed: integerSd(samplesNs),
        printedDigits: digitsWith(stated, 0),
      }),
    ),
  ];
  const worst = worstSample(row.samples_ts ?? [], rates);
  return worst === null ? checks : [...checks, worst];
}

function rateFigures(stated: number, recomputed: number) {
  return { stated, recomputed, printedDigits: digitsWith(stated, RATE_DECIMALS) };
}

/** The rate of a repetition that agrees in the fewest digits with its time. */
function worstSample(stated: readonly number[], rates: readonly number[]): ImportCheck | null {
  let worst: ImportCheck | null = null;
  for (const [i, rate] of stated.entries()) {
    const next = check(`samples_ts[${i}], the worst of ${stated.length}`, 'tokens / samples_ns', {
      stated: rate,
      recomputed: rates[i] ?? Number.NaN,
      printedDigits: SAMPLE_DIGITS,
    });
    if (worst === null || next.digits < worst.digits) worst = next;
  }
  return worst;
}

/**
 * sqrt(Σx²/(n−1) − mean²·n/(n−1)) with every step cut to a whole number below 2⁶⁴, as the tool does it: some
 * ten parts in a million off for microseconds of spread, and far off where Σx² runs over.
 */
function integerSd(samples: readonly number[]): number {
  if (samples.length < 2) return 0;
  const values = samples.map(BigInt);
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  const total = values.reduce((all, value) => cut(all + value), 0n);
  const squares = values.reduce((all, value) => cut(all + value * value), 0n);
  const n = BigInt(samples.length);
  const mean = total / n;
  const variance = cut(squares / (n - 1n) - cut(mean * mean * n) / (n - 1n));
  return Math.floor(Math.sqrt(Number(variance)));
}

function told(value: number | null | undefined): number[] {
  return value === null || value === undefined ? [] : [value];
}

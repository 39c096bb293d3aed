import { METRICS, metricTimes } from '../../core/comparison-metrics.ts';
import { median } from '../../core/quantile.ts';
import type { BenchRecord, Estimate } from '../../core/record.ts';
import { Rng } from '../../core/rng.ts';
import { studentT975 } from '../../core/student-t.ts';
import { DRAWS } from '../propagate.ts';
import { type Known, type Quantity, unknown } from '../quantity.ts';
import { type TokensPerSecond, tokensPerSecond } from '../units.ts';

/** Tokens per second of the whole batch in each phase, as a record measured them. */
export interface RecordRates {
  prefill: Quantity<TokensPerSecond>;
  decode: Quantity<TokensPerSecond>;
}

type Phase = keyof RecordRates;

/** Launches from which they are resampled; with fewer the record's own interval is all there is. */
const LEAST_LAUNCHES = 5;
/** 97.5 % of a normal distribution. */
const Z = 1.959963984540054;

/**
 * Rates of a record with draws that keep together what one launch measured: a launch that is fast at both phases is
 * drawn for both. Launches are drawn with replacement, the median of their medians is taken, and its distance from
 * the figure stretched in the logarithm by t / z of so many launches, as the record's own intervals are widened.
 */
export function recordRates(record: BenchRecord): RecordRates {
  const places = launchDraws(record);
  return { prefill: rateOf(record, 'prefill', places), decode: rateOf(record, 'decode', places) };
}

function rateOf(
  record: BenchRecord,
  phase: Phase,
  places: readonly Uint16Array[],
): Quantity<TokensPerSecond> {
  const estimate = record[phase]?.tokensPerSecond;
  if (estimate === undefined) return unknown(`record ${record.id} measured no ${phase}`);
  const times = metricTimes(record, METRICS[phase]);
  const known = knownRate(estimate);
  if (places.length === 0 || times === null) return known;
  return { ...known, draws: drawRates(places, times.map(median), estimate.median) };
}

function knownRate({ median: value, low, high }: Estimate): Known<TokensPerSecond> {
  const bound = (rate: number | null) => (rate === null ? null : tokensPerSecond(rate));
  return { value: tokensPerSecond(value), low: bound(low), high: bound(high) };
}

/** places[draw][launch]: which launches each draw takes; none with too few to draw from. */
function launchDraws({ id, seed, launches: { length } }: BenchRecord): Uint16Array[] {
  if (length < LEAST_LAUNCHES) return [];
  const rng = new Rng('record-rates', seed).fork(id);
  return Array.from({ length: DRAWS }, () =>
    Uint16Array.from({ length }, () => rng.integer(0, length)),
  );
}

/** @param medians ms per token, a launch each */
function drawRates(
  places: readonly Uint16Array[],
  medians: readonly number[],
  value: number,
): Float64Array {
  const stretch = studentT975(medians.length - 1) / Z;
  return Float64Array.from(places, (launches) => {
    const ms = median(Array.from(launches, (launch) => medians[launch] ?? Number.NaN));
    return value * (1000 / ms / value) ** stretch;
  });
}

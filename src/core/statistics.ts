import { invariant } from './errors.ts';
import { normalTail } from './normal-tail.ts';
import { median, sortedQuantile } from './quantile.ts';
import type { Estimate } from './record.ts';
import type { Rng } from './rng.ts';
import { studentT975 } from './student-t.ts';

/** Samples of one quantity: launches[launch][repetition]. Repetitions within a launch are not independent. */
export type LaunchSamples = readonly (readonly number[])[];

export type IntervalMethod = 'bootstrap' | 't-log' | 'none';

/** An estimate and how its 95 % interval came about. */
export interface TimeEstimate {
  estimate: Estimate;
  method: IntervalMethod;
}

const DRAWS = 10_000;
/** From here on the launches themselves can be resampled; below, their logarithms are taken as normal. */
const MIN_LAUNCHES_BOOTSTRAP = 5;
/** Two have one degree of freedom: an interval thirteen times as wide as their difference says nothing. */
const MIN_LAUNCHES_T = 3;

/** The headline: the median over launches of each launch's median. */
export function medianOfLaunches(launches: LaunchSamples): number {
  return median(launches.map(median));
}

/**
 * Median over launches of the launches' medians, with a 95 % interval: from five launches on by a seeded
 * bootstrap over launches, for three and four by Student's t on the logarithms of the launches' medians
 * (times are positive and skewed; the interval is wide, and says so), for fewer none: repetitions within a
 * launch share whatever made it fast or slow.
 */
export function estimateTime(launches: LaunchSamples, rng: Rng): TimeEstimate {
  const centre = medianOfLaunches(launches);
  if (launches.length >= MIN_LAUNCHES_BOOTSTRAP) {
    const [low, high] = bootstrapInterval(launches, rng, DRAWS);
    return { estimate: { median: centre, low, high }, method: 'bootstrap' };
  }
  const medians = launches.map(median);
  if (medians.length >= MIN_LAUNCHES_T && medians.every((value) => value > 0)) {
    const [low, high] = logTInterval(medians);
    return { estimate: { median: centre, low, high }, method: 't-log' };
  }
  return { estimate: { median: centre, low: null, high: null }, method: 'none' };
}

/**
 * Bootstrap of `medianOfLaunches` over launches, each drawn with replacement and kept whole: a launch's
 * median already varies with its repetitions, so drawing those again would count their noise twice, and as
 * if they were independent (Davison and Hinkley 1997, section 3.8). Returns the quantiles of the draws at the
 * tails of the normal distribution beyond ±t (n − 1 degrees of freedom, 95 %) instead of 2.5 and 97.5 %: the
 * percentile interval of few launches is too narrow as a normal one is against Student's (Hesterberg 2015).
 * Without either, six launches cover the truth in 92 % of cases, seven in 87 %; with both, in 94 to 97 %.
 */
export function bootstrapInterval(
  launches: LaunchSamples,
  rng: Rng,
  draws: number,
): [low: number, high: number] {
  invariant(launches.length > 1, `a bootstrap of ${launches.length} launches`);
  const medians = launches.map(median);
  const statistics = new Float64Array(draws);
  const drawn = new Float64Array(medians.length);
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < drawn.length; i++) {
      drawn[i] = medians[rng.integer(0, drawn.length)] ?? 0;
    }
    statistics[draw] = sortedQuantile(drawn.sort(), 0.5);
  }
  statistics.sort();
  const tail = normalTail(studentT975(medians.length - 1));
  return [sortedQuantile(statistics, tail), sortedQuantile(statistics, 1 - tail)];
}

/** exp of the 95 % t-interval of the mean logarithm; 2 or more positive samples. */
export function logTInterval(samples: readonly number[]): [low: number, high: number] {
  const logs = samples.map(Math.log);
  const n = logs.length;
  const t = studentT975(n - 1);
  const mean = logs.reduce((sum, value) => sum + value, 0) / n;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const halfWidth = t * Math.sqrt(variance / n);
  return [Math.exp(mean - halfWidth), Math.exp(mean + halfWidth)];
}

/**
 * units / time for a time estimate in ms, per second. A rate is inverted last, from the median time; the
 * bounds change places. Never a mean of rates, which is biased high (Jensen).
 */
export function rateFromTime(time: Estimate, units: number): Estimate {
  const rate = (ms: number) => (1000 * units) / ms;
  return {
    median: rate(time.median),
    low: time.high === null ? null : rate(time.high),
    high: time.low === null || time.low === 0 ? null : rate(time.low),
  };
}

/** Half the interval's width over the median; null where there is no interval or the median is 0. */
export function halfWidthShare({ median: centre, low, high }: Estimate): number | null {
  return low === null || high === null || centre === 0 ? null : (high - low) / 2 / centre;
}

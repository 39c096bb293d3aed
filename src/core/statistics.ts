import { invariant } from './errors.ts';
import { median, sortedQuantile } from './quantile.ts';
import type { Estimate } from './record.ts';
import type { Rng } from './rng.ts';

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
 * hierarchical percentile bootstrap, for three and four by Student's t on the logarithms of the launches'
 * medians (times are positive and skewed; the interval is wide, and says so), for fewer none: repetitions
 * within a launch share whatever made it fast or slow.
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
 * Percentile bootstrap of `medianOfLaunches`: launches are drawn with replacement, then the repetitions of
 * each drawn launch (Davison and Hinkley 1997, section 3.8). Returns the 2.5 and 97.5 % quantiles of the draws.
 */
export function bootstrapInterval(
  launches: LaunchSamples,
  rng: Rng,
  draws: number,
): [low: number, high: number] {
  const statistics = new Float64Array(draws);
  const medians = new Float64Array(launches.length);
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < medians.length; i++) {
      const launch = launches[rng.integer(0, launches.length)];
      invariant(launch !== undefined && launch.length > 0, 'a launch without samples');
      medians[i] = resampledMedian(launch, rng);
    }
    statistics[draw] = sortedQuantile(Float64Array.from(medians).sort(), 0.5);
  }
  statistics.sort();
  return [sortedQuantile(statistics, 0.025), sortedQuantile(statistics, 0.975)];
}

function resampledMedian(samples: readonly number[], rng: Rng): number {
  const drawn = new Float64Array(samples.length);
  for (let i = 0; i < drawn.length; i++) drawn[i] = samples[rng.integer(0, samples.length)] ?? 0;
  return sortedQuantile(drawn.sort(), 0.5);
}

/** Two-sided 95 % points of Student's t by degrees of freedom, from 1. */
const T_975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622];

/** exp of the 95 % t-interval of the mean logarithm; 2 to 10 positive samples. */
export function logTInterval(samples: readonly number[]): [low: number, high: number] {
  const logs = samples.map(Math.log);
  const n = logs.length;
  const t = T_975[n - 2];
  invariant(t !== undefined, `a t-interval of ${n} samples`);
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

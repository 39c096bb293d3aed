import { describe, expect, test } from 'vitest';
import {
  median,
  medianAbsoluteDeviation,
  quantile,
  samplesNeeded,
  upperPercentile,
} from '../../src/core/quantile.ts';
import { Rng } from '../../src/core/rng.ts';
import {
  bootstrapInterval,
  estimateTime,
  logTInterval,
  medianOfLaunches,
  rateFromTime,
} from '../../src/core/statistics.ts';

describe('quantile', () => {
  // R: quantile(c(15, 20, 35, 40, 50), type = 7)
  test.each([
    [0, 15],
    [0.05, 16],
    [0.3, 23],
    [0.4, 29],
    [0.5, 35],
    [1, 50],
  ])('of type 7 at %d', (p, expected) => {
    expect(quantile([50, 15, 40, 20, 35], p)).toBeCloseTo(expected, 12);
  });

  test('median and MAD', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  });

  test('refuses an empty sample and NaN', () => {
    expect(() => quantile([], 0.5)).toThrow(/empty/);
    expect(() => quantile([1, Number.NaN], 0.5)).toThrow(/NaN/);
  });

  test('a percentile needs a sample that bounds it', () => {
    expect([0.95, 0.99, 0.999].map(samplesNeeded)).toEqual([59, 299, 2995]);
    const ramp = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(upperPercentile(ramp(58), 0.95)).toBeNull();
    expect(upperPercentile(ramp(59), 0.95)).toBeCloseTo(55.1, 10);
    expect(upperPercentile(ramp(298), 0.99)).toBeNull();
    expect(upperPercentile(ramp(299), 0.99)).toBeCloseTo(295.02, 10);
  });
});

describe('estimateTime', () => {
  test('the headline is the median of medians, not of the pool', () => {
    expect(medianOfLaunches([[1, 1, 1, 1, 1], [10, 11, 12], [20]])).toBe(11);
  });

  test('one or two launches have no interval', () => {
    for (const launches of [[[1, 2, 3]], [[2], [2]]]) {
      expect(estimateTime(launches, new Rng(1))).toEqual({
        estimate: { median: 2, low: null, high: null },
        method: 'none',
      });
    }
  });

  test('few launches have the t-interval of their logarithms', () => {
    const { estimate, method } = estimateTime([[10], [11], [12]], new Rng(1));
    expect(method).toBe('t-log');
    expect(estimate.median).toBe(11);
    expect(estimate.low).toBeCloseTo(logTInterval([10, 11, 12])[0], 12);
    const mean = Math.log(10 * 11 * 12) / 3;
    const sd = Math.sqrt([10, 11, 12].reduce((s, x) => s + (Math.log(x) - mean) ** 2, 0) / 2);
    expect(Math.log(estimate.high ?? 0)).toBeCloseTo(mean + (4.302653 * sd) / Math.sqrt(3), 4);
  });

  test('the bootstrap is seeded and lies within the sample', () => {
    const launches = [[9], [10], [11], [12], [13], [14]];
    const first = estimateTime(launches, new Rng('x'));
    expect(first).toEqual(estimateTime(launches, new Rng('x')));
    expect(first.method).toBe('bootstrap');
    expect(first.estimate.low).toBeGreaterThanOrEqual(9);
    expect(first.estimate.high).toBeLessThanOrEqual(14);
    expect(first.estimate.median).toBe(11.5);
  });

  test('equal times have an interval of width 0', () => {
    const launches = Array.from({ length: 6 }, () => [5, 5, 5]);
    expect(estimateTime(launches, new Rng(1)).estimate).toEqual({ median: 5, low: 5, high: 5 });
  });

  test('launches that differ widen the interval, however many repetitions they have', () => {
    const rng = new Rng('spread');
    const launches = [10, 11, 12, 13, 14, 15].map((base) =>
      Array.from({ length: 200 }, () => base + 0.01 * rng.uniform()),
    );
    const [low, high] = bootstrapInterval(launches, rng, 2000);
    expect(high - low).toBeGreaterThan(1.5);
  });

  test('the bootstrap covers the true median about as often as it says', () => {
    const rng = new Rng('coverage');
    const trials = 300;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const launches = Array.from({ length: 10 }, () => {
        const shift = 3 * rng.normal();
        return Array.from({ length: 10 }, () => 100 + shift + rng.normal());
      });
      const [low, high] = bootstrapInterval(launches, rng, 400);
      if (low <= 100 && 100 <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThan(0.9);
    expect(covered / trials).toBeLessThan(0.995);
  });

  test('so does the t-interval of three launches', () => {
    const rng = new Rng('coverage-t');
    const trials = 2000;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const times = [0, 1, 2].map(() => 100 * Math.exp(0.05 * rng.normal()));
      const [low, high] = logTInterval(times);
      if (low <= 100 && 100 <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThan(0.93);
    expect(covered / trials).toBeLessThan(0.97);
  });
});

describe('rateFromTime', () => {
  test('inverts the median and swaps the bounds', () => {
    expect(rateFromTime({ median: 200, low: 100, high: 400 }, 64)).toEqual({
      median: 320,
      low: 160,
      high: 640,
    });
  });

  test('is not the mean of rates', () => {
    const { estimate } = estimateTime([[100, 200, 900]], new Rng(1));
    expect(rateFromTime(estimate, 1).median).toBe(5); // the mean of 10, 5 and 1.11 is 5.37
  });

  test('keeps missing bounds missing', () => {
    const rate = rateFromTime({ median: 10, low: null, high: null }, 1);
    expect(rate).toEqual({ median: 100, low: null, high: null });
  });
});

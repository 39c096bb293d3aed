import { describe, expect, test } from 'vitest';
import { lag1Autocorrelation } from '../../src/core/autocorrelation.ts';
import { normalTail } from '../../src/core/normal-tail.ts';
import { tukeyOutliers } from '../../src/core/outliers.ts';
import { halfWidthShare } from '../../src/core/statistics.ts';
import { studentT975 } from '../../src/core/student-t.ts';
import { mannKendall, theilSen } from '../../src/core/trend.ts';

describe('normalTail and studentT975', () => {
  // Tables of the normal distribution and of Student's t.
  test.each([
    [0, 0.5],
    [1, 0.1586553],
    [1.959964, 0.025],
    [2.575829, 0.005],
    [-1.959964, 0.975],
  ])('P(Z > %d)', (z, expected) => {
    expect(normalTail(z)).toBeCloseTo(expected, 6);
  });

  test.each([
    [1, 12.7062],
    [5, 2.5706],
    [9, 2.2622],
    [10, 2.2281],
    [19, 2.093],
    [30, 2.0423],
    [120, 1.9799],
  ])('t with %d degrees of freedom', (degrees, expected) => {
    expect(studentT975(degrees)).toBeCloseTo(expected, 3);
  });
});

describe('theilSen', () => {
  test('is the median of the pairwise slopes', () => {
    // Slopes of (0,1) (1,3) (2,4) (3,8): 2, 1.5, 7/3, 1, 2.5, 4; sorted 1, 1.5, 2, 7/3, 2.5, 4
    expect(theilSen([[1, 3, 4, 8]])?.perSample).toBeCloseTo((2 + 7 / 3) / 2, 12);
  });

  test('is not moved by one wild sample', () => {
    const line = Array.from({ length: 11 }, (_, i) => 2 * i);
    line[5] = 1000;
    expect(theilSen([line])?.perSample).toBe(2);
  });

  test('compares within series only', () => {
    const slope = theilSen([
      [1, 2, 3],
      [101, 102, 103],
    ]);
    expect(slope).toEqual({ perSample: 1, low: 1, high: 1 });
  });

  test('has an interval around it', () => {
    // n = 10 without ties: variance 10·9·25/18 = 125, reach 1.96·√125 = 21.9 of 45 slopes: ranks 11.5 and 33.5
    const samples = [3, 1, 4, 2, 6, 5, 8, 7, 10, 9];
    const slope = theilSen([samples]);
    const slopes = samples
      .flatMap((a, i) => samples.slice(i + 1).map((b, k) => (b - a) / (k + 1)))
      .sort((a, b) => a - b);
    expect(slope?.low).toBeGreaterThanOrEqual(slopes[10] ?? 0);
    expect(slope?.low).toBeLessThanOrEqual(slopes[11] ?? 0);
    expect(slope?.high).toBeGreaterThanOrEqual(slopes[33] ?? 0);
    expect(slope?.high).toBeLessThanOrEqual(slopes[34] ?? 0);
  });

  test('of single samples is none', () => {
    expect(theilSen([[1], [2]])).toBeNull();
  });
});

describe('mannKendall', () => {
  test.each([
    // Of n! orders one rises throughout and one falls: p = 2/n!
    [[1, 2, 3, 4], 6, 2 / 24],
    [[6, 5, 4, 3, 2, 1], -15, 2 / 720],
    // One inversion of six pairs: orders of 4 with at most one inversion are 1 + 3, and as many falling
    [[1, 3, 2, 4], 4, 8 / 24],
  ])('of %j is exact', (samples, score, pValue) => {
    const found = mannKendall([samples]);
    expect(found.score).toBe(score);
    expect(found.pValue).toBeCloseTo(pValue, 12);
  });

  test('adds scores over series and convolves their distributions', () => {
    // Both of three samples rise: one of 6 · 6 orders, and one of them falls.
    const found = mannKendall([
      [1, 2, 3],
      [30, 31, 32],
    ]);
    expect(found).toEqual({ score: 6, pValue: expect.closeTo(2 / 36, 12) });
  });

  test('with ties has the normal limit', () => {
    // n = 6, one pair tied: S = 14, variance 6·5·17/18 − 2·1·9/18 = 27.3333; z = 13/√27.3333 = 2.48653
    const found = mannKendall([[1, 2, 2, 3, 4, 5]]);
    expect(found.score).toBe(14);
    expect(found.pValue).toBeCloseTo(0.0129, 4);
  });

  test('of equal samples finds nothing', () => {
    expect(mannKendall([[2, 2, 2, 2]])).toEqual({ score: 0, pValue: 1 });
  });
});

describe('lag1Autocorrelation', () => {
  test('of a short series by hand', () => {
    // Deviations −1.5 −0.5 0.5 1.5: products 0.75 − 0.25 + 0.75 = 1.25 over squares 5, and 1/4 for the bias
    expect(lag1Autocorrelation([[1, 2, 3, 4]])).toEqual({ lag1: 0.5, pairs: 3 });
  });

  test('of alternating samples is negative', () => {
    // Deviations ±1 alternating: −7 over 8, and 1/8
    expect(lag1Autocorrelation([[1, 3, 1, 3, 1, 3, 1, 3]])?.lag1).toBeCloseTo(-0.75, 12);
  });

  test('does not take what differs between series for it', () => {
    const up = lag1Autocorrelation([
      [1, 3, 1, 3, 1, 3],
      [101, 103, 101, 103, 101, 103],
    ]);
    expect(up?.lag1).toBeLessThan(0);
  });

  test('is null where nothing varies or there is too little', () => {
    expect(lag1Autocorrelation([[5, 5, 5]])).toBeNull();
    expect(lag1Autocorrelation([[1, 2]])).toBeNull();
  });
});

describe('tukeyOutliers', () => {
  test('tells mild from severe', () => {
    // 1 … 9: quartiles 3 and 7 of the nine alone; with two more at 17 and 30 they are 3.5 and 8.5, range 5
    expect(tukeyOutliers([1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 30])).toEqual({ mild: 1, severe: 1 });
    expect(tukeyOutliers([1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual({ mild: 0, severe: 0 });
  });

  test('needs eight samples', () => {
    expect(tukeyOutliers([1, 1, 1, 1, 1, 1, 99])).toBeNull();
  });
});

test('halfWidthShare is half the interval over the median', () => {
  expect(halfWidthShare({ median: 100, low: 96, high: 106 })).toBeCloseTo(0.05, 12);
  expect(halfWidthShare({ median: 100, low: null, high: null })).toBeNull();
  expect(halfWidthShare({ median: 0, low: 0, high: 0 })).toBeNull();
});

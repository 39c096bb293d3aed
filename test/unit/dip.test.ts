import { describe, expect, test } from 'vitest';
import { bimodalityTest } from '../../src/core/bimodality.ts';
import { dip } from '../../src/core/dip.ts';
import { Rng } from '../../src/core/rng.ts';

const series = (length: number, sample: (i: number) => number) =>
  Array.from({ length }, (_, i) => sample(i)).sort((a, b) => a - b);

describe('dip', () => {
  test('of evenly spread samples is the least there is, half a step', () => {
    for (const n of [2, 5, 10, 64]) expect(dip(series(n, (i) => i))).toBeCloseTo(1 / (2 * n), 12);
  });

  test('of two equal points is a quarter', () => {
    // Any unimodal function misses one of the two steps of 1/2 by 1/4.
    expect(dip([0, 0, 0, 0, 1, 1, 1, 1])).toBeCloseTo(0.25, 12);
  });

  test('does not change with scale and place, nor when mirrored', () => {
    const rng = new Rng('dip');
    const samples = series(40, () => rng.normal() + (rng.uniform() < 0.4 ? 3 : 0));
    const found = dip(samples);
    expect(dip(samples.map((value) => 7 * value - 100))).toBeCloseTo(found, 12);
    expect(dip(samples.map((value) => -value).reverse())).toBeCloseTo(found, 12);
  });

  test('is no larger than the distance to any unimodal distribution, and reached by one', () => {
    // 1 2 3 and 11 12 13: the line from (1, 0) to (13, 1) misses the step at 3 by 1/2 − 2/12 = 1/3; the dip is
    // less. Convex up to 11, concave from there: minorant through the corners leaves half a lump, 1/4, less what
    // the lump's own slope takes.
    const found = dip([1, 2, 3, 11, 12, 13]);
    expect(found).toBeLessThan(0.25);
    expect(found).toBeGreaterThan(0.15);
  });

  test('is not moved by a far outlier or by skew', () => {
    const even = series(50, (i) => i);
    expect(dip([...even.slice(0, 49), 1e6])).toBeLessThan(0.025);
    expect(dip(series(200, (i) => -Math.log(1 - (i + 0.5) / 200)))).toBeLessThan(0.01);
  });
});

describe('bimodalityTest', () => {
  test('tells two modes from one', () => {
    const rng = new Rng('modes');
    const two = series(60, (i) => (i % 3 === 0 ? 11 : 10) + 0.1 * rng.normal());
    const found = bimodalityTest(two, 0, new Rng(1));
    expect(found?.pValue).toBeLessThan(0.01);
    expect(found?.separation).toBeCloseTo(0.1, 1);
    expect(found?.minorShare).toBeCloseTo(1 / 3, 12);
    const one = series(60, () => 10 + 0.1 * rng.normal());
    expect(bimodalityTest(one, 0, new Rng(1))?.pValue).toBeGreaterThan(0.05);
  });

  test('does not take the steps of the clock for modes', () => {
    const rng = new Rng('ticks');
    const ticks = series(100, () => Math.round(10 + rng.normal()));
    expect(bimodalityTest(ticks, 0, new Rng(1))?.pValue).toBeLessThan(0.01);
    expect(bimodalityTest(ticks, 1, new Rng(1))?.pValue).toBeGreaterThan(0.05);
  });

  test('is the same every time, and needs twenty samples', () => {
    const rng = new Rng('same');
    const samples = series(300, () => 10 + rng.normal());
    const found = bimodalityTest(samples, 0.1, new Rng('x'));
    expect(bimodalityTest(samples, 0.1, new Rng('x'))).toEqual(found);
    expect(bimodalityTest(samples.slice(0, 19), 0, new Rng('x'))).toBeNull();
  });
});

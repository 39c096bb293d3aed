import { describe, expect, it } from 'vitest';
import { centreOfLogRatios, pairedRatio, unpairedRatio } from '../../src/core/comparison.ts';
import { type Evidence, judge } from '../../src/core/comparison-verdict.ts';
import { Rng } from '../../src/core/rng.ts';

const rng = () => new Rng('comparison');

describe('a paired ratio', () => {
  it('is the median of the averages of two', () => {
    // averages of 0, 1, 5 with each other and themselves: 0 0.5 1 2.5 3 5
    expect(centreOfLogRatios([0, 1, 5])).toBe(1.75);
    expect(pairedRatio([Math.log(2)], rng()).estimate).toBeCloseTo(2, 12);
  });

  it('has an interval from three pairs on: of Student, then by bootstrap', () => {
    expect(pairedRatio([0, 0.1], rng())).toMatchObject({ low: null, high: null });
    // mean 0.1, sd 0.1: 0.1 ± 4.3027·0.1/√3
    const { low, high } = pairedRatio([0, 0.1, 0.2], rng());
    expect(Math.log(low ?? 0)).toBeCloseTo(0.1 - 0.24842, 4);
    expect(Math.log(high ?? 0)).toBeCloseTo(0.1 + 0.24842, 4);
    const six = pairedRatio([0, 0.02, 0.04, 0.06, 0.08, 0.1], rng());
    expect(six).toEqual(pairedRatio([0, 0.02, 0.04, 0.06, 0.08, 0.1], rng()));
    expect(six.low ?? 0).toBeGreaterThan(1);
    expect(six.high ?? 9).toBeLessThan(Math.exp(0.1));
  });

  it('withstands one launch gone astray', () => {
    const clean = [0.049, 0.05, 0.051, 0.05, 0.05, 0.049, 0.051, 0.05, 0.05, 0.05];
    const astray = [...clean.slice(1), 3];
    expect(Math.log(pairedRatio(astray, rng()).estimate)).toBeCloseTo(0.05, 2);
  });

  it('of equals is 1 without width', () => {
    expect(pairedRatio([0, 0, 0, 0, 0], rng())).toEqual({ estimate: 1, low: 1, high: 1 });
  });
});

describe('an unpaired ratio', () => {
  it('is the median difference of any two launches', () => {
    // differences of 1, 2, 6 and 0, 1: 1 0 2 1 6 5 → median 1.5
    expect(Math.log(unpairedRatio([1, 2, 6], [0, 1], rng()).estimate)).toBeCloseTo(1.5, 12);
  });

  it('has an interval from five launches a side on, about its estimate', () => {
    const side = (shift: number) => [0, 0.01, 0.02, 0.03, 0.04].map((value) => value + shift);
    expect(unpairedRatio(side(0).slice(1), side(1), rng())).toMatchObject({ low: null });
    const { estimate, low, high } = unpairedRatio(side(0.5), side(0), rng());
    expect(Math.log(estimate)).toBeCloseTo(0.5, 12);
    expect(Math.log(low ?? 0)).toBeGreaterThan(0.45);
    expect(Math.log(high ?? 0)).toBeLessThan(0.55);
  });
});

describe('a verdict', () => {
  const evidence = (low: number | null, high: number | null, changes: Partial<Evidence> = {}) => ({
    ratio: { estimate: low === null || high === null ? 1 : Math.sqrt(low * high), low, high },
    correctedP: 0.01,
    smallestP: 0.001,
    margin: 0.02,
    launches: 10,
    tests: 2,
    ...changes,
  });
  const verdictOf = (...args: Parameters<typeof evidence>) => judge(evidence(...args)).verdict;

  it('needs the whole interval on one side of the margin', () => {
    expect(verdictOf(1.021, 1.05)).toBe('FASTER');
    expect(verdictOf(1.02, 1.05)).toBe('AMBIGUOUS');
    expect(verdictOf(0.95, 0.979)).toBe('SLOWER');
    expect(verdictOf(0.95, 1 / 1.02)).toBe('AMBIGUOUS');
    expect(verdictOf(0.9804, 1.02, { correctedP: 0.5 })).toBe('SAME');
    expect(verdictOf(0.979, 1.02)).toBe('AMBIGUOUS');
  });

  it('needs a p that is sure, unless it says that nothing differs', () => {
    expect(verdictOf(1.1, 1.2, { correctedP: 0.05 })).toBe('AMBIGUOUS');
    expect(verdictOf(1.005, 1.015, { correctedP: 0.0001 })).toBe('SAME');
  });

  it('follows a larger margin', () => {
    expect(verdictOf(1.05, 1.09, { margin: 0.1 })).toBe('SAME');
    expect(verdictOf(1.05, 1.12, { margin: 0.1 })).toBe('AMBIGUOUS');
  });

  it('says why it is open, and what would settle it', () => {
    const reason = (...args: Parameters<typeof evidence>) => judge(evidence(...args)).reason;
    expect(reason(null, null, { launches: 3 })).toMatch(/^3 launches are too few/);
    expect(reason(1.1, 1.2, { correctedP: 0.3, smallestP: 0.3 })).toMatch(/10 launches cannot/);
    // estimate 1.04, half width 4.9 %, room ln(1.04/1.02) = 1.94 %: 10·(4.9/1.94)² ≈ 64
    expect(reason(0.99, 1.0925)).toMatch(/about 6\d launches would tell/);
    expect(reason(1.0195, 1.0205)).toMatch(/as large as the margin/);
    expect(reason(1.1, 1.2)).toBeNull();
  });
});

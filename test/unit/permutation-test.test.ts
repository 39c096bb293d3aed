import { describe, expect, it } from 'vitest';
import {
  holm,
  labelPermutationP,
  signFlipP,
  smallestLabelP,
  smallestSignFlipP,
} from '../../src/core/permutation-test.ts';
import { Rng } from '../../src/core/rng.ts';

const rng = () => new Rng('permutation');

describe('the sign-flip test', () => {
  it('counts sign patterns: of ±1 ±2 ±3 only +++ and −−− reach 6', () => {
    expect(signFlipP([1, 2, 3], rng())).toBe(2 / 8);
    expect(signFlipP([1, 2, -3], rng())).toBe(1); // sum 0: every pattern is as far
    expect(signFlipP([-1, 2, 3], rng())).toBe(4 / 8); // |sum| ≥ 4: ±6, ±4
  });

  it('reaches its smallest p where all pairs agree', () => {
    for (const pairs of [5, 6, 10, 16]) {
      const ratios = Array.from({ length: pairs }, (_, i) => 0.1 + i / 100);
      expect(signFlipP(ratios, rng())).toBe(2 / 2 ** pairs);
      expect(smallestSignFlipP(pairs)).toBe(2 / 2 ** pairs);
    }
  });

  it('treats rounding as a tie', () => {
    expect(signFlipP([0.1, 0.2, 0.30000000000000004, -0.3], rng())).toBe(
      signFlipP([1, 2, 3, -3], rng()),
    );
  });

  it('draws patterns beyond 16 pairs, seeded, and agrees with the binomial distribution', () => {
    // sum 4 of 20 unit steps: P(|S| ≥ 4) = 2·P(Bin(20, ½) ≥ 12) = 0.50344
    const steps = Array.from({ length: 20 }, (_, i) => (i < 12 ? 1 : -1));
    const standardError = Math.sqrt(0.25 / 20_000);
    expect(Math.abs(signFlipP(steps, rng()) - 0.50344)).toBeLessThan(3 * standardError);
    expect(signFlipP(steps, rng())).toBe(signFlipP(steps, rng()));
    expect(signFlipP(new Array(40).fill(1), rng())).toBe(1 / 20_001);
  });
});

describe('the label permutation test', () => {
  it('counts ways to deal the labels', () => {
    expect(labelPermutationP([1, 2], [3, 4], rng())).toBeCloseTo(2 / 6, 12); // 12|34 and 34|12
    expect(labelPermutationP([1, 4], [2, 3], rng())).toBe(1);
    expect(labelPermutationP([1], [2, 3, 4], rng())).toBeCloseTo(2 / 4, 12); // 1|… and 4|…
  });

  it('reaches its smallest p where the groups do not overlap', () => {
    expect(labelPermutationP([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], rng())).toBeCloseTo(2 / 252, 12);
    expect(smallestLabelP(5, 5)).toBeCloseTo(2 / 252, 12);
    expect(smallestLabelP(5, 6)).toBeCloseTo(1 / 462, 12);
  });

  it('draws where there are too many ways', () => {
    const group = (shift: number) => Array.from({ length: 12 }, (_, i) => shift + i);
    expect(labelPermutationP(group(0), group(100), rng())).toBe(1 / 20_001);
    expect(labelPermutationP(group(0), group(0), rng())).toBe(1);
  });
});

describe("Holm's correction", () => {
  it('multiplies by what is left, and never falls', () => {
    // sorted 0.01·4, 0.02·3, 0.03·2 → 0.06 at least, 0.5·1
    const corrected = holm([0.02, 0.5, 0.01, 0.03]);
    [0.06, 0.5, 0.04, 0.06].forEach((p, i) => {
      expect(corrected[i]).toBeCloseTo(p, 12);
    });
  });

  it('stays at or below 1, and leaves a single test alone', () => {
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([0.04])).toEqual([0.04]);
    expect(holm([])).toEqual([]);
  });
});

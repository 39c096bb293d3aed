import { invariant } from './errors.ts';
import type { Rng } from './rng.ts';

/** Up to this many rearrangements are gone through; beyond it some are drawn. */
const MAX_ENUMERATED = 2 ** 16;
const DRAWS = 20_000;
/** The smallest p that drawn rearrangements can give: the one observed counts among them. */
const SMALLEST_DRAWN_P = 1 / (1 + DRAWS);
/** Sums that differ by rounding alone are equal. */
const RELATIVE_SLACK = 1e-9;

/**
 * Two-sided p of the sign-flip test: were A and B the same, each pair's log ratio could as well have had the
 * other sign. The share of the 2^n sign patterns whose sum is at least as far from 0 (Fisher's randomisation
 * test; Good 2005, section 3.2). Exact up to 16 pairs, then (1 + hits) / (1 + draws) of 20 000 drawn patterns.
 */
export function signFlipP(logRatios: readonly number[], rng: Rng): number {
  const n = logRatios.length;
  invariant(n > 0, 'a sign-flip test without pairs');
  const observed = Math.abs(sum(logRatios));
  const slack = RELATIVE_SLACK * logRatios.reduce((total, value) => total + Math.abs(value), 0);
  const isAsFar = (pattern: (i: number) => boolean) => {
    let total = 0;
    for (let i = 0; i < n; i++) total += (pattern(i) ? 1 : -1) * (logRatios[i] ?? 0);
    return Math.abs(total) >= observed - slack;
  };
  let hits = 0;
  if (2 ** n <= MAX_ENUMERATED) {
    for (let bits = 0; bits < 2 ** n; bits++) if (isAsFar((i) => ((bits >> i) & 1) === 1)) hits++;
    return hits / 2 ** n;
  }
  for (let draw = 0; draw < DRAWS; draw++) {
    if (isAsFar(() => (rng.u32() & 1) === 1)) hits++;
  }
  return (1 + hits) * SMALLEST_DRAWN_P;
}

/**
 * Two-sided p of the permutation test for two groups of log times: the share of all ways to deal the labels in
 * which the means lie at least as far apart. Exact up to 65 536 ways, then 20 000 are drawn as in `signFlipP`.
 */
export function labelPermutationP(a: readonly number[], b: readonly number[], rng: Rng): number {
  invariant(a.length > 0 && b.length > 0, 'a permutation test without launches');
  const all = [...a, ...b];
  const total = sum(all);
  const distance = (sumA: number) => Math.abs(sumA / a.length - (total - sumA) / b.length);
  const slack = RELATIVE_SLACK * Math.max(...all.map(Math.abs), Number.MIN_VALUE);
  const least = distance(sum(a)) - slack;
  if (choose(all.length, a.length) <= MAX_ENUMERATED) {
    const [hits, ways] = countCombinations(all, a.length, (sumA) => distance(sumA) >= least);
    return hits / ways;
  }
  let hits = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    let sumA = 0;
    for (let i = 0; i < a.length; i++) {
      const dealt = rng.integer(i, all.length); // the first places of a Fisher-Yates shuffle
      const value = all[dealt] ?? 0;
      all[dealt] = all[i] ?? 0;
      all[i] = value;
      sumA += value;
    }
    if (distance(sumA) >= least) hits++;
  }
  return (1 + hits) * SMALLEST_DRAWN_P;
}

/**
 * Two-sided p of a statistic that is no sum: the share of 20 000 drawn rearrangements whose distance from 0 is at
 * least that observed, which counts among them.
 */
export function drawnP(observed: number, rearranged: () => number): number {
  const least = observed * (1 - RELATIVE_SLACK);
  let hits = 0;
  for (let draw = 0; draw < DRAWS; draw++) if (rearranged() >= least) hits++;
  return (1 + hits) * SMALLEST_DRAWN_P;
}

/** The smallest p that `signFlipP` can give for so many pairs. */
export function smallestSignFlipP(pairs: number): number {
  return 2 ** pairs <= MAX_ENUMERATED ? 2 / 2 ** pairs : SMALLEST_DRAWN_P;
}

/** The smallest p that `labelPermutationP` can give: both extremes count only where the groups are alike in size. */
export function smallestLabelP(countA: number, countB: number): number {
  const ways = choose(countA + countB, countA);
  if (ways > MAX_ENUMERATED) return SMALLEST_DRAWN_P;
  return (countA === countB ? 2 : 1) / ways;
}

/**
 * Holm's step-down correction (Holm 1979): p values, in their order, such that rejecting those below α keeps the
 * chance of any false rejection among all below α.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => (ps[i] ?? 0) - (ps[j] ?? 0));
  const corrected = new Array<number>(ps.length).fill(1);
  let running = 0;
  for (const [rank, i] of order.entries()) {
    running = Math.max(running, Math.min(1, (ps.length - rank) * (ps[i] ?? 1)));
    corrected[i] = running;
  }
  return corrected;
}

/** Ways to choose `size` of the values, and in how many of them the sum of the chosen is a hit. */
function countCombinations(
  values: readonly number[],
  size: number,
  isHit: (sum: number) => boolean,
): [hits: number, ways: number] {
  let hits = 0;
  let ways = 0;
  const visit = (from: number, left: number, chosen: number) => {
    if (left === 0) {
      ways += 1;
      if (isHit(chosen)) hits += 1;
      return;
    }
    for (let i = from; i <= values.length - left; i++) {
      visit(i + 1, left - 1, chosen + (values[i] ?? 0));
    }
  };
  visit(0, size, 0);
  return [hits, ways];
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) ways = (ways * (n - i + 1)) / i;
  return Math.round(ways);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { BenchError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Amount } from './amount.ts';

/** Probability that is given up in the tail of a Poisson distribution, whose table must end. */
const TAIL = 1e-13;

/** Its average over units; of one that is the same in all units, that as given. */
export function meanOf(amount: Amount): number {
  switch (amount.kind) {
    case 'fixed':
      return amount.mean.value;
    case 'uniform':
      return (amount.low + amount.high) / 2;
    case 'weighted':
      return weightedSum(amount.values, amount.probabilities);
    case 'poisson':
      return amount.mean;
    case 'triangular':
      return (amount.low + amount.mode + amount.high) / 3;
  }
}

/** Whether all units have the same: no spread between them. */
export function isSame(amount: Amount): boolean {
  return amount.kind === 'fixed' || (amount.kind === 'weighted' && amount.values.length === 1);
}

/** Fewest and most that a unit may have; null where there is no most. */
export function boundsOfAmount(amount: Amount): { low: number; high: number | null } {
  switch (amount.kind) {
    case 'fixed':
      return { low: amount.mean.value, high: amount.mean.value };
    case 'weighted': {
      const possible = amount.values.filter((_, i) => (amount.probabilities[i] ?? 0) > 0);
      return { low: Math.min(...possible), high: Math.max(...possible) };
    }
    case 'poisson':
      return { low: 0, high: amount.mean === 0 ? 0 : null };
    default:
      return { low: amount.low, high: amount.high };
  }
}

/** A count's values with their probabilities: `probabilities[i]` of `values[i]`. */
export interface CountTable {
  readonly values: readonly number[];
  readonly probabilities: readonly number[];
}

/** Every number that a count may be. A mean between two whole numbers stands for those two. */
export function countTable(amount: Amount, fixed: number): CountTable {
  switch (amount.kind) {
    case 'weighted':
      return amount;
    case 'uniform': {
      const length = amount.high - amount.low + 1;
      return {
        values: Array.from({ length }, (_, i) => amount.low + i),
        probabilities: Array.from({ length }, () => 1 / length),
      };
    }
    case 'poisson':
      return poissonTable(amount.mean);
    case 'fixed': {
      const below = Math.floor(fixed);
      const rest = fixed - below;
      return rest === 0
        ? { values: [fixed], probabilities: [1] }
        : { values: [below, below + 1], probabilities: [1 - rest, rest] };
    }
    case 'triangular':
      throw new BenchError('internal', 'A triangular amount is no count');
  }
}

function poissonTable(mean: number): CountTable {
  const probabilities: number[] = [];
  let [sum, logFactorial] = [0, 0];
  for (let k = 0; sum < 1 - TAIL && k < 10 * mean + 100; k++) {
    if (k > 0) logFactorial += Math.log(k);
    const probability = mean === 0 ? 1 : Math.exp(k * Math.log(mean) - mean - logFactorial);
    probabilities.push(probability);
    sum += probability;
  }
  return { values: probabilities.map((_, k) => k), probabilities };
}

/**
 * Probability that none of a count of independent events fails when each succeeds with `success`: the probability
 * generating function Σ P(k)·successᵏ.
 */
export function allSucceed(amount: Amount, fixed: number, success: number): number {
  if (success === 1) return 1;
  if (amount.kind === 'poisson') return Math.exp(amount.mean * (success - 1));
  const { values, probabilities } = countTable(amount, fixed);
  return weightedSum(
    values.map((value) => success ** value),
    probabilities,
  );
}

export function weightedSum(values: readonly number[], weights: readonly number[]): number {
  return values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
}

/** One unit's count: a whole number. */
export function drawCount(amount: Amount, fixed: number, rng: Rng): number {
  switch (amount.kind) {
    case 'uniform':
      return rng.integer(amount.low, amount.high + 1);
    case 'poisson':
      return drawPoisson(amount.mean, rng);
    case 'fixed': {
      const below = Math.floor(fixed);
      return fixed > below && rng.uniform() < fixed - below ? below + 1 : below;
    }
    default:
      return drawAmount(amount, fixed, rng);
  }
}

/** One call's tokens or gigabytes. */
export function drawAmount(amount: Amount, fixed: number, rng: Rng): number {
  switch (amount.kind) {
    case 'fixed':
      return fixed;
    case 'uniform':
      return amount.low + (amount.high - amount.low) * rng.uniform();
    case 'weighted':
      return drawWeighted(amount, rng);
    case 'triangular':
      return drawTriangular(amount, rng);
    case 'poisson':
      return drawPoisson(amount.mean, rng);
  }
}

function drawWeighted({ values, probabilities }: CountTable, rng: Rng): number {
  let left = rng.uniform();
  for (let i = 0; i < values.length; i++) {
    left -= probabilities[i] ?? 0;
    if (left < 0) return values[i] ?? 0;
  }
  return values.at(-1) ?? 0;
}

/** By inversion of the distribution function. */
function drawTriangular(
  { low, mode, high }: { low: number; mode: number; high: number },
  rng: Rng,
): number {
  const [u, width] = [rng.uniform(), high - low];
  return u < (mode - low) / width
    ? low + Math.sqrt(u * width * (mode - low))
    : high - Math.sqrt((1 - u) * width * (high - mode));
}

/** Knuth's product of uniforms, a part of the mean at a time so that e^-mean does not underflow. */
function drawPoisson(mean: number, rng: Rng): number {
  const PART = 30;
  let count = 0;
  for (let left = mean; left > 0; left -= PART) {
    const end = Math.exp(-Math.min(left, PART));
    for (let product = rng.uniform(); product > end; product *= rng.uniform()) count++;
  }
  return count;
}

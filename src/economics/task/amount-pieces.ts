import type { Amount } from './amount.ts';

/** A part of an amount's distribution: how likely it is and its mean there. */
export interface Piece {
  readonly probability: number;
  readonly mean: number;
}

/**
 * An amount cut at rising thresholds: piece i lies above threshold i − 1 and up to threshold i. A price that changes at
 * the thresholds is linear within each, so that its average is exact.
 * @param fixed the mean of an amount that is the same in all units
 */
export function piecesOf(amount: Amount, fixed: number, thresholds: readonly number[]): Piece[] {
  const { massUpTo, sumUpTo } = cumulative(amount, fixed);
  const edges = [...thresholds, Number.POSITIVE_INFINITY];
  let [mass, sum] = [0, 0];
  return edges.map((edge) => {
    const [massHere, sumHere] = [massUpTo(edge) - mass, sumUpTo(edge) - sum];
    [mass, sum] = [mass + massHere, sum + sumHere];
    return { probability: massHere, mean: massHere > 0 ? sumHere / massHere : 0 };
  });
}

interface Cumulative {
  /** P(X ≤ x). */
  massUpTo: (x: number) => number;
  /** ∫ of t·f(t) up to x. */
  sumUpTo: (x: number) => number;
}

function cumulative(amount: Amount, fixed: number): Cumulative {
  switch (amount.kind) {
    case 'uniform':
      return uniform(amount.low, amount.high);
    case 'triangular':
      return triangular(amount);
    case 'weighted':
      return points(amount.values, amount.probabilities);
    case 'poisson':
      return points([amount.mean], [1]);
    case 'fixed':
      return points([fixed], [1]);
  }
}

/** A value that is not known belongs to every piece, so that all of them become unknown. */
function points(values: readonly number[], probabilities: readonly number[]): Cumulative {
  const total = (x: number, of: (value: number) => number) =>
    values.reduce(
      (sum, value, i) => (value > x ? sum : sum + of(value) * (probabilities[i] ?? 0)),
      0,
    );
  return { massUpTo: (x) => total(x, () => 1), sumUpTo: (x) => total(x, (value) => value) };
}

function uniform(low: number, high: number): Cumulative {
  const within = (x: number) => Math.min(Math.max(x, low), high);
  return {
    massUpTo: (x) => (within(x) - low) / (high - low),
    sumUpTo: (x) => (within(x) ** 2 - low ** 2) / (2 * (high - low)),
  };
}

/** Density 2(t − low)/(width·(mode − low)) up to the mode, 2(high − t)/(width·(high − mode)) after it. */
function triangular({ low, mode, high }: { low: number; mode: number; high: number }): Cumulative {
  const width = high - low;
  const rising = (x: number) => Math.min(Math.max(x, low), mode);
  const falling = (x: number) => Math.min(Math.max(x, mode), high);
  const [up, down] = [2 / (width * (mode - low)), 2 / (width * (high - mode))];
  const risingSum = (t: number) => t ** 3 / 3 - (low * t ** 2) / 2;
  const fallingSum = (t: number) => (high * t ** 2) / 2 - t ** 3 / 3;
  return {
    massUpTo: (x) =>
      (mode > low ? (up * (rising(x) - low) ** 2) / 2 : 0) +
      (high > mode ? (down * ((high - mode) ** 2 - (high - falling(x)) ** 2)) / 2 : 0),
    sumUpTo: (x) =>
      (mode > low ? up * (risingSum(rising(x)) - risingSum(low)) : 0) +
      (high > mode ? down * (fallingSum(falling(x)) - fallingSum(mode)) : 0),
  };
}

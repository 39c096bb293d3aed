import { SECONDS_PER_HOUR } from '../units.ts';

/** What a unit of work costs is made of; its cost is r·k / (3600·T·u). */
export const COST_FACTORS = [
  /** r, of the whole deployment. */
  'usdPerHour',
  /** T, of the whole deployment while it serves. */
  'tokensPerSecond',
  /** u, the share of the paid time that serves. */
  'utilization',
  /** k, tokens that a unit of work takes; a million where cost is per Mtok. */
  'tokensPerUnit',
] as const;
export type CostFactor = (typeof COST_FACTORS)[number];

/** A figure above zero and how much it scatters. */
export interface NoisyFigure {
  value: number;
  /** Standard deviation as a share of the value; 0 is exact, null unknown. */
  cv: number | null;
}

/** What a unit cost at one time. */
export interface CostPoint {
  /** `2026-01-31`, or with a time in UTC. */
  at: string;
  /** Where it was read: a line of a file, a record. */
  source: string;
  factors: Readonly<Record<CostFactor, NoisyFigure>>;
}

/** A time at which the cost is not known. */
export interface UnknownPoint {
  at: string;
  source: string;
  reason: string;
}

/** The cost, or its change, by factor: terms that sum to its logarithm, but for a constant that all points share. */
export type LogTerms = Readonly<Record<CostFactor, number>>;

/** ln C = ln r − ln T − ln u + ln k − ln 3600: the terms of a point without the constant. */
export function logTerms({ factors }: CostPoint): LogTerms {
  return {
    usdPerHour: Math.log(factors.usdPerHour.value),
    tokensPerSecond: -Math.log(factors.tokensPerSecond.value),
    utilization: -Math.log(factors.utilization.value),
    tokensPerUnit: Math.log(factors.tokensPerUnit.value),
  };
}

/** Terms made from those of several, factor by factor. */
export function mapTerms(map: (factor: CostFactor) => number): LogTerms {
  const entries = COST_FACTORS.map((factor) => [factor, map(factor)]);
  return Object.fromEntries(entries) as LogTerms;
}

export function sumTerms(terms: LogTerms): number {
  return COST_FACTORS.reduce((sum, factor) => sum + terms[factor], 0);
}

/** USD of a unit from the sum of its log terms. */
export function usdPerUnitOf(logSum: number): number {
  return Math.exp(logSum) / SECONDS_PER_HOUR;
}

/** cv_C² = Σ cv²: factors that scatter on their own; 3 % and 10 % make 10.44 %. Null where one is unknown. */
export function combinedCv(cvs: readonly (number | null)[]): number | null {
  let squares = 0;
  for (const cv of cvs) {
    if (cv === null) return null;
    squares += cv ** 2;
  }
  return Math.sqrt(squares);
}

/** Of the cost of a point; null where the noise of a factor is unknown. */
export function costCv({ factors }: CostPoint): number | null {
  return combinedCv(COST_FACTORS.map((factor) => factors[factor].cv));
}

/** The factor that moved the cost the most in the direction that it went; null where it did not move. */
export function causeOf(change: LogTerms): CostFactor | null {
  const direction = Math.sign(sumTerms(change));
  if (direction === 0) return null;
  return COST_FACTORS.reduce((most, factor) =>
    direction * change[factor] > direction * change[most] ? factor : most,
  );
}

import { EWMA_WEIGHT, jumpLimit, movingAverageDeviations, slowLimit } from './alarm-limits.ts';
import {
  type CostFactor,
  type CostPoint,
  causeOf,
  combinedCv,
  costCv,
  type LogTerms,
  logTerms,
  mapTerms,
  sumTerms,
  usdPerUnitOf,
} from './unit-cost.ts';

/** A change of the logarithm of cost beside what noise alone would make. */
export interface Departure {
  /** ln(C_t / C_0), or its moving average. */
  logChange: number;
  /** The same by factor; sums to it. */
  terms: LogTerms;
  /** |logChange| beyond which it is an alarm. */
  limit: number;
  isAlarm: boolean;
  /** The factor that explains most of it; null without an alarm. */
  cause: CostFactor | null;
}

/** A point after the baseline. */
export interface JudgedPoint {
  point: CostPoint;
  usdPerUnit: number;
  /** Of this point alone. */
  jump: Departure;
  /** Of the moving average that ends here. */
  slow: Departure;
}

export interface Drift {
  /** Points whose mean is the baseline. */
  baseline: readonly CostPoint[];
  baselineUsdPerUnit: number;
  judged: JudgedPoint[];
  /** Standard deviations that make an alarm. */
  z: { jump: number; slow: number };
}

export interface DriftOptions {
  /** Points at the start whose geometric mean is C_0. */
  baselinePoints: number;
  /** In place of the z that goes with the number of points. */
  z: number | null;
  seed: number;
}

/** Differences that rounding makes are none, however exact the figures. */
const ROUNDING = 1e-9;

/**
 * Holds the cost of a unit against that at the start, two ways. A point alone is an alarm where
 * |ln(C_t / C_0)| > z·√(cv_t² + cv_0²); a slow drift where an exponentially weighted moving average leaves its limits.
 * Both limits follow from the noise of the inputs alone, each with a chance of 2.5 % that a whole series without drift
 * sets it off (that of points, for the given z, is up to the user). ln C is the sum of its factors' logarithms, and so
 * are its changes and their averages: an alarm names its cause exactly.
 * `points` ascend in time, more of them than the baseline, and the noise of each is known.
 */
export function detectDrift(points: readonly CostPoint[], options: DriftOptions): Drift {
  const baseline = points.slice(0, options.baselinePoints);
  const later = points.slice(options.baselinePoints);
  const start = meanTerms(baseline);
  const baselineCv = (combinedCv(baseline.map(knownCv)) ?? 0) / baseline.length;
  const cvs = later.map(knownCv);
  const z = {
    jump: options.z ?? jumpLimit(later.length),
    slow: slowLimit(cvs, baselineCv, options.seed),
  };
  const deviations = movingAverageDeviations(cvs, baselineCv);
  let average = mapTerms(() => 0);
  const judged = later.map((point, i) => {
    const terms = logTerms(point);
    const change = mapTerms((factor) => terms[factor] - start[factor]);
    const before = average;
    average = mapTerms(
      (factor) => before[factor] + EWMA_WEIGHT * (change[factor] - before[factor]),
    );
    return {
      point,
      usdPerUnit: usdPerUnitOf(sumTerms(terms)),
      jump: departure(change, z.jump * Math.hypot(cvs[i] ?? 0, baselineCv)),
      slow: departure(average, z.slow * (deviations[i] ?? 0)),
    };
  });
  return { baseline, baselineUsdPerUnit: usdPerUnitOf(sumTerms(start)), judged, z };
}

function departure(terms: LogTerms, limit: number): Departure {
  const logChange = sumTerms(terms);
  const isAlarm = Math.abs(logChange) > Math.max(limit, ROUNDING);
  return { logChange, terms, limit, isAlarm, cause: isAlarm ? causeOf(terms) : null };
}

function meanTerms(points: readonly CostPoint[]): LogTerms {
  const all = points.map(logTerms);
  return mapTerms((factor) => all.reduce((sum, terms) => sum + terms[factor], 0) / all.length);
}

function knownCv(point: CostPoint): number {
  return costCv(point) ?? Number.NaN;
}

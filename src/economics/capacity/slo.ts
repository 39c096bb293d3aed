import { BenchError } from '../../core/errors.ts';
import { shownValue } from '../files/problem-text.ts';
import { isKnown, type Quantity } from '../quantity.ts';
import { type LatencyName, latencyLabel } from './latency.ts';
import { type LoadCurve, type LoadPoint, servedShare } from './load-curve.ts';

/** A service-level objective: all of its limits must hold. Without any, every point passes. */
export interface Slo {
  maxLatencyMs: ReadonlyMap<LatencyName, number>;
  /** Of the requests that were sent; null: no limit. */
  maxErrorShare: number | null;
  /** Of the offered requests, those served during the run; null: no limit. */
  minServedShare: number | null;
}

export type LimitName = LatencyName | 'error rate' | 'served';

export function hasLimits({ maxLatencyMs, maxErrorShare, minServedShare }: Slo): boolean {
  return maxLatencyMs.size > 0 || maxErrorShare !== null || minServedShare !== null;
}

/** One limit at one load. */
export interface LimitCheck {
  limit: LimitName;
  bound: number;
  /** Null where the file does not say. */
  value: number | null;
  outcome: 'passes' | 'fails' | 'unknown';
  /** Whether the interval of repeated runs lies on both sides of the bound. */
  isUncertain: boolean;
}

/** `unknown` where no limit fails but one cannot be checked: it does not pass. */
export interface Judgement {
  outcome: LimitCheck['outcome'];
  checks: readonly LimitCheck[];
}

/** Holds one point against an SLO. */
export function judgePoint(curve: LoadCurve, point: LoadPoint, slo: Slo): Judgement {
  const checks = [...slo.maxLatencyMs].map(([name, bound]) =>
    checkOf(name, bound, point.latencyMs.get(name)),
  );
  if (slo.maxErrorShare !== null) {
    checks.push(checkOf('error rate', slo.maxErrorShare, point.errorShare));
  }
  if (slo.minServedShare !== null) {
    const value = servedShare(curve, point);
    const bound = slo.minServedShare;
    const outcome = value === null ? 'unknown' : value >= bound ? 'passes' : 'fails';
    checks.push({ limit: 'served', bound, value, outcome, isUncertain: false });
  }
  const outcomes = checks.map(({ outcome }) => outcome);
  if (outcomes.includes('fails')) return { outcome: 'fails', checks };
  return { outcome: outcomes.includes('unknown') ? 'unknown' : 'passes', checks };
}

function checkOf(limit: LimitName, bound: number, figure: Quantity | undefined): LimitCheck {
  if (figure === undefined || !isKnown(figure)) {
    return { limit, bound, value: null, outcome: 'unknown', isUncertain: false };
  }
  const { value, low, high } = figure;
  const isUncertain = low !== null && high !== null && low <= bound && high > bound;
  return { limit, bound, value, outcome: value <= bound ? 'passes' : 'fails', isUncertain };
}

/** Throws `usage` for limits on what no point of a curve has: an SLO that nothing can pass is a slip. */
export function assertCheckable({ name: curve, points, loadUnit }: LoadCurve, slo: Slo): void {
  const name = shownValue(curve);
  const has = new Set(
    points.flatMap(({ latencyMs }) =>
      [...latencyMs].filter(([, figure]) => isKnown(figure)).map(([key]) => key),
    ),
  );
  const missing = [...slo.maxLatencyMs.keys()].find((limit) => !has.has(limit));
  if (missing !== undefined) {
    throw new BenchError(
      'usage',
      `${name} has no ${latencyLabel(missing)} to hold against --slo-${missing}`,
      {
        hint:
          has.size === 0
            ? 'It has no latencies.'
            : `It has ${[...has].map(latencyLabel).join(', ')}.`,
      },
    );
  }
  if (slo.maxErrorShare !== null && !points.some(({ errorShare }) => isKnown(errorShare))) {
    throw new BenchError('usage', `${name} has no error rate to hold against --max-error-rate`, {
      hint: 'Add a column error_rate (a share) or error_rate_pct.',
    });
  }
  const isServedKnown = points.some(({ requestsPerSecond }) => isKnown(requestsPerSecond));
  if (slo.minServedShare !== null && (loadUnit !== 'requests/s' || !isServedKnown)) {
    throw new BenchError('usage', `${name} has no offered and served requests for --min-served`, {
      hint: 'It takes columns such as offered_rps and achieved_rps.',
    });
  }
}

import { type Formula, type PropagateOptions, propagate, type Results } from '../propagate.ts';
import { type Known, type Quantity, unknown } from '../quantity.ts';
import {
  type RequestsPerSecond,
  SECONDS_PER_HOUR,
  TOKENS_PER_MTOK,
  type TokensPerSecond,
} from '../units.ts';
import { type LoadCurve, type LoadPoint, servedRate } from './load-curve.ts';

export type LoadCostInput = 'usdPerHour' | 'outputTps' | 'inputTps' | 'requestsPerSecond';
export type LoadCostResult = 'allOnOutputUsdPerMtok' | 'allOnTotalUsdPerMtok' | 'usdPerRequest';

/**
 * What tokens cost at a load: a deployment at `usdPerHour` that makes T output tokens a second costs
 * 10⁶·usdPerHour / (3600·T) USD per million of them (all-on-output), the same over input and output tokens together
 * (all-on-total), and usdPerHour / (3600·λ) a request at λ served a second. Each pays the whole bill by itself.
 */
export const loadCost: Formula<LoadCostInput, LoadCostResult> = ({
  usdPerHour,
  outputTps,
  inputTps,
  requestsPerSecond,
}) => {
  const usdPerSecond = usdPerHour / SECONDS_PER_HOUR;
  return {
    allOnOutputUsdPerMtok: (TOKENS_PER_MTOK * usdPerSecond) / outputTps,
    allOnTotalUsdPerMtok: (TOKENS_PER_MTOK * usdPerSecond) / (inputTps + outputTps),
    usdPerRequest: usdPerSecond / requestsPerSecond,
  };
};

/** Rates of a curve at some load. */
export interface LoadRates {
  outputTps: Quantity<TokensPerSecond>;
  inputTps: Quantity<TokensPerSecond>;
  requestsPerSecond: Quantity<RequestsPerSecond>;
}

export function loadCostOf(
  { usdPerHour }: Pick<LoadCurve, 'usdPerHour'>,
  { outputTps, inputTps, requestsPerSecond }: LoadRates,
  options?: PropagateOptions,
): Results<LoadCostResult> {
  return propagate({ usdPerHour, outputTps, inputTps, requestsPerSecond }, loadCost, options);
}

export function ratesOfPoint(curve: LoadCurve, point: LoadPoint): LoadRates {
  const { outputTps, inputTps } = point;
  return { outputTps, inputTps, requestsPerSecond: servedRate(curve, point) };
}

/** A load held against the loads that were measured. */
export interface CurveAt {
  where: 'measured' | 'between' | 'below' | 'above';
  /** Index of the point at or below, and at or above; null outside the measured range. */
  lower: number | null;
  upper: number | null;
  rates: LoadRates;
}

/**
 * A curve at any load: its point where there is one; between two points each rate lies on the line between theirs,
 * and cost is made from that. A line between two costs would be too high, since cost goes with 1 / throughput. Outside
 * what was measured nothing is known: a curve is never extended.
 */
export function curveAt(curve: LoadCurve, load: number, options?: PropagateOptions): CurveAt {
  const { points, loadUnit } = curve;
  const upper = points.findIndex((point) => point.load >= load);
  const above = points[upper];
  const below = points[upper - 1];
  if (above !== undefined && above.load === load) {
    return { where: 'measured', lower: upper, upper, rates: ratesOfPoint(curve, above) };
  }
  if (above === undefined || below === undefined) {
    const isBelow = above !== undefined;
    const bound = isBelow
      ? `lowest measured load, ${above.load}`
      : `highest measured load, ${points.at(-1)?.load}`;
    const reason = `${load} ${loadUnit} is ${isBelow ? 'below' : 'above'} the ${bound}`;
    const nothing = unknown(reason);
    const rates = { outputTps: nothing, inputTps: nothing, requestsPerSecond: nothing };
    return { where: isBelow ? 'below' : 'above', lower: null, upper: null, rates };
  }
  const [a, b] = [ratesOfPoint(curve, below), ratesOfPoint(curve, above)];
  const weight = (load - below.load) / (above.load - below.load);
  const rates = {
    outputTps: between(a.outputTps, b.outputTps, weight, options),
    inputTps: between(a.inputTps, b.inputTps, weight, options),
    requestsPerSecond: between(a.requestsPerSecond, b.requestsPerSecond, weight, options),
  };
  return { where: 'between', lower: upper - 1, upper, rates };
}

function between<N extends number>(
  below: Quantity<N>,
  above: Quantity<N>,
  weight: number,
  options?: PropagateOptions,
): Quantity<N> {
  const { rate } = propagate(
    { below, above },
    (ends) => ({ rate: ends.below + (ends.above - ends.below) * weight }),
    options,
  );
  return rate as Quantity<N>;
}

/** Cost at one throughput over that at another, at one price: the inverse of the ratio of their tokens per second. */
export function costRatio(
  at: Known<TokensPerSecond>,
  reference: Known<TokensPerSecond>,
  options?: PropagateOptions,
): Quantity {
  // Not two draws of one measurement.
  if (at === reference) return { value: 1, low: null, high: null };
  const { ratio } = propagate(
    { at, reference },
    (tps) => ({ ratio: tps.reference / tps.at }),
    options,
  );
  return ratio;
}

/** The point that makes most output tokens a second: the cheapest of the curve, whatever its price. */
export function cheapestPoint({ points }: LoadCurve): number {
  return points.reduce(
    (best, { outputTps }, i) => (outputTps.value > (points[best]?.outputTps.value ?? 0) ? i : best),
    0,
  );
}

/** What of a capacity is used: served at a load over served at the capacity, both in output tokens. */
export function economicUtilization(point: LoadPoint, capacity: LoadPoint): number {
  return point.outputTps.value / capacity.outputTps.value;
}

import type { Known, Quantity } from '../quantity.ts';
import type { RequestsPerSecond, Share, TokensPerSecond, UsdPerHour } from '../units.ts';
import type { LatencyName } from './latency.ts';

/**
 * What the load of a curve is. `requests/s`: offered at a rate, whatever is served (open loop); `concurrent`: so many
 * requests at any time, the next one when one ends (closed loop).
 */
export type LoadUnit = 'requests/s' | 'concurrent';

/** What a deployment did at one load. */
export interface LoadPoint {
  /** In the curve's unit, above 0. */
  load: number;
  /** Runs that the figures stand for; several give them intervals. */
  runs: number;
  /** Served, which is less than offered where the queue grows. */
  requestsPerSecond: Quantity<RequestsPerSecond>;
  outputTps: Known<TokensPerSecond>;
  inputTps: Quantity<TokensPerSecond>;
  latencyMs: ReadonlyMap<LatencyName, Quantity>;
  /** Of the requests that were sent, those that failed. */
  errorShare: Quantity<Share>;
}

/** One deployment measured at several loads. */
export interface LoadCurve {
  name: string;
  /** Engine, model, precision, hardware, as far as they are known. */
  label: string | null;
  loadUnit: LoadUnit;
  gpus: number;
  /** Of the whole deployment, all its GPUs. */
  usdPerHour: Quantity<UsdPerHour>;
  priceSource: string;
  /** Ascending, each load once; at least one. */
  points: readonly LoadPoint[];
  /** What a reader of the figures must know about where they come from. */
  notes: readonly string[];
}

/** Requests per second that a point stands for: those served, or those offered where that is all that is known. */
export function servedRate(
  { loadUnit }: Pick<LoadCurve, 'loadUnit'>,
  { load, requestsPerSecond }: LoadPoint,
): Quantity<RequestsPerSecond> {
  if (requestsPerSecond.value !== null || loadUnit !== 'requests/s') return requestsPerSecond;
  return { value: load as RequestsPerSecond, low: null, high: null };
}

/** Served of offered, at most 1; null where it cannot be known: in a closed loop nothing else is offered. */
export function servedShare(
  { loadUnit }: Pick<LoadCurve, 'loadUnit'>,
  { load, requestsPerSecond }: LoadPoint,
): number | null {
  if (loadUnit !== 'requests/s' || requestsPerSecond.value === null) return null;
  return Math.min(1, requestsPerSecond.value / load);
}

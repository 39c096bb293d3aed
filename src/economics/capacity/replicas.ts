import { BenchError } from '../../core/errors.ts';
import type { TrafficShape } from './traffic.ts';

/** How replicas are started and stopped. */
export interface ReplicaPolicy {
  /** Always there, with load or without. */
  minReplicas: number;
  /** ρ: share of its capacity up to which a replica is loaded, above 0 up to 1; the rest is headroom. */
  targetLoad: number;
  /** A replica is paid from its start and serves after this; it is started so much ahead that it serves in time. */
  coldStartSeconds: number;
  /** How long a replica stays after it is no longer needed. */
  scaleDownDelaySeconds: number;
}

/** Seconds of one replica each, summed over all of them and over the shape. */
export interface ReplicaSeconds {
  /** From start to stop: what is paid. */
  paid: number;
  /** Needed for the load: ∫ n(t) dt without the minimum. */
  needed: number;
  /** No longer needed: kept for the scale-down delay, or because starting again would take longer. */
  kept: number;
  /** Only there because of the minimum. */
  minimum: number;
  /** Started, and not serving yet. */
  loading: number;
  starts: number;
  /** Most replicas that serve at a time. */
  peak: number;
}

export const MOST_REPLICAS = 100_000;

/**
 * Replicas that a load needs: ⌈λ / (ρ·λ_max)⌉, where λ_max is what one serves within the SLO. A quotient that is above
 * a whole number only by rounding needs no replica more.
 */
export function neededReplicas(
  requestsPerSecond: number,
  capacityRequestsPerSecond: number,
  targetLoad: number,
): number {
  const exact = requestsPerSecond / (targetLoad * capacityRequestsPerSecond);
  return Math.ceil(exact * (1 - 1e-12));
}

/**
 * Runs replicas over a shape: n(t) = max(n_min, ⌈λ(t) / (ρ·λ_max)⌉) serve. The k-th replica is needed wherever n(t) ≥ k;
 * over a gap in that it stays if the gap is no longer than delay and cold start together, else it stops after the delay
 * and is started again. A repeating shape has no beginning: what runs at its end runs on at its start. A trace begins
 * with starts, and its last replicas are paid for their delay after its end. Throws `usage` for more than 100,000
 * replicas.
 */
export function runReplicas(
  { intervals, isRepeating, name }: TrafficShape,
  capacityRequestsPerSecond: number,
  policy: ReplicaPolicy,
): ReplicaSeconds {
  const { minReplicas, targetLoad, coldStartSeconds: cold, scaleDownDelaySeconds: delay } = policy;
  /** Of replica k (from 0): when it was first needed, and when last no longer. */
  const firstNeeded: number[] = [];
  const lastNeeded: number[] = [];
  const total: ReplicaSeconds = {
    ...{ paid: 0, needed: 0, kept: 0, minimum: 0, loading: 0, starts: 0 },
    peak: minReplicas,
  };
  const start = () => {
    total.starts++;
    total.loading += cold;
    total.paid += cold;
  };
  const bridge = (gap: number) => {
    const stays = gap <= delay + cold;
    const kept = stays ? gap : delay;
    total.kept += kept;
    total.paid += kept;
    if (!stays) start();
  };
  let now = 0;
  let running = minReplicas;
  for (const { seconds, requestsPerSecond } of intervals) {
    const needed = neededReplicas(requestsPerSecond, capacityRequestsPerSecond, targetLoad);
    if (needed > MOST_REPLICAS) throw tooMany(name, needed);
    const serving = Math.max(needed, minReplicas);
    for (let k = running; k < serving; k++) {
      const since = lastNeeded[k];
      if (since !== undefined) bridge(now - since);
      else {
        firstNeeded[k] = now;
        if (!isRepeating) start();
      }
    }
    for (let k = serving; k < running; k++) lastNeeded[k] = now;
    total.needed += needed * seconds;
    total.minimum += (serving - needed) * seconds;
    total.paid += serving * seconds;
    total.peak = Math.max(total.peak, serving);
    running = serving;
    now += seconds;
  }
  const inTrace = isRepeating ? 0 : minReplicas;
  for (let k = 0; k < inTrace; k++) start();
  for (let k = minReplicas; k < total.peak; k++) {
    const stoppedFor = k < running ? 0 : now - (lastNeeded[k] ?? now);
    if (isRepeating) bridge(stoppedFor + (firstNeeded[k] ?? 0));
    else {
      total.kept += delay;
      total.paid += delay;
    }
  }
  return total;
}

function tooMany(name: string, needed: number): BenchError {
  return new BenchError(
    'usage',
    `${name} needs ${needed} replicas at its peak, expected at most ${MOST_REPLICAS}`,
    { hint: 'Check that its rates are requests per second, and the capacity that of one replica.' },
  );
}

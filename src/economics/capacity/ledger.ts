import { DRAWS, type Inputs, type Numbers, propagate, type Results } from '../propagate.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';
import { type ReplicaPolicy, runReplicas } from './replicas.ts';
import { periodsPerMonth, type TrafficShape, trafficVolume } from './traffic.ts';

export type LedgerInput =
  /** Of one replica, all its GPUs. */
  | 'usdPerHour'
  /** λ_max: requests per second that one replica serves within the SLO. */
  | 'capacityRequestsPerSecond'
  | 'outputTokensPerRequest'
  /** Gateways, storage, a control plane: paid whatever the load. */
  | 'sharedUsdPerHour';

export type LedgerResult =
  /** The load served, at capacity: ∫ λ(t)/λ_max dt of replica time. */
  | 'usedUsd'
  /** Replicas that serve, above that: rounding up, headroom, and those that wait for their scale-down. */
  | 'idleUsd'
  /** Replicas that were started and did not serve yet. */
  | 'wastedUsd'
  /** Replicas that only the minimum keeps, and what is shared. */
  | 'sharedUsd'
  /** All replicas from start to stop, and what is shared: the four above together. */
  | 'billUsd'
  | 'billUsdPerMonth'
  /** Used of the whole bill. */
  | 'utilization'
  | 'usdPerRequest'
  | 'allOnOutputUsdPerMtok'
  | 'peakReplicas'
  | 'meanReplicas'
  | 'starts';

/** Work of a Monte Carlo: intervals times draws. */
const MOST_STEPS = 2e7;
const LEAST_DRAWS = 400;

/** Who pays for what when replicas follow a shape, over one period of it. */
export function ledgerFigures(
  shape: TrafficShape,
  policy: ReplicaPolicy,
  inputs: Numbers<LedgerInput>,
): Record<LedgerResult, number> {
  const { usdPerHour, capacityRequestsPerSecond, outputTokensPerRequest } = inputs;
  const volume = trafficVolume(shape);
  const replicas = runReplicas(shape, capacityRequestsPerSecond, policy);
  const usdPerSecond = usdPerHour / SECONDS_PER_HOUR;
  const sharedUsd = (inputs.sharedUsdPerHour * volume.seconds) / SECONDS_PER_HOUR;
  const busySeconds = volume.requests / capacityRequestsPerSecond;
  const billUsd = usdPerSecond * replicas.paid + sharedUsd;
  const usedUsd = usdPerSecond * busySeconds;
  const usdPerRequest = billUsd / volume.requests;
  return {
    usedUsd,
    idleUsd: usdPerSecond * (replicas.needed - busySeconds + replicas.kept),
    wastedUsd: usdPerSecond * replicas.loading,
    sharedUsd: usdPerSecond * replicas.minimum + sharedUsd,
    billUsd,
    billUsdPerMonth: billUsd * periodsPerMonth(volume),
    utilization: billUsd === 0 ? Number.NaN : usedUsd / billUsd,
    usdPerRequest,
    allOnOutputUsdPerMtok: (TOKENS_PER_MTOK * usdPerRequest) / outputTokensPerRequest,
    peakReplicas: replicas.peak,
    meanReplicas: replicas.paid / volume.seconds,
    starts: replicas.starts,
  };
}

/** `ledgerFigures` with the intervals of its inputs; fewer draws where a shape has many intervals. */
export function ledgerOf(
  shape: TrafficShape,
  policy: ReplicaPolicy,
  inputs: Inputs<LedgerInput>,
  seed = 0,
): Results<LedgerResult> {
  const draws = Math.min(
    DRAWS,
    Math.max(LEAST_DRAWS, Math.floor(MOST_STEPS / shape.intervals.length)),
  );
  return propagate(inputs, (numbers) => ledgerFigures(shape, policy, numbers), { seed, draws });
}

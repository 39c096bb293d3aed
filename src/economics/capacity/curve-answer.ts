import type { Results } from '../propagate.ts';
import { isKnown, type Quantity, unknown } from '../quantity.ts';
import { type LedgerResult, ledgerOf } from './ledger.ts';
import {
  type CurveAt,
  cheapestPoint,
  costRatio,
  curveAt,
  economicUtilization,
  type LoadCostResult,
  loadCostOf,
  ratesOfPoint,
} from './load-cost.ts';
import { type LoadCurve, type LoadPoint, servedRate } from './load-curve.ts';
import type { ReplicaPolicy } from './replicas.ts';
import { assertCheckable, type Judgement, type Slo } from './slo.ts';
import { type CapacityFlag, sloCapacity } from './slo-capacity.ts';
import { type TrafficShape, type TrafficVolume, trafficVolume } from './traffic.ts';

/** What is asked of a curve. */
export interface CurveQuestion {
  slo: Slo;
  /** Take the largest load up to which every measured load passes. */
  isContiguous: boolean;
  /** Loads of which the cost is asked. */
  loads: readonly number[];
  shapes: readonly TrafficShape[];
  policy: ReplicaPolicy;
  sharedUsdPerHour: Quantity;
  seed: number;
}

/** A measured point with what follows from it. */
export interface PointAnswer {
  point: LoadPoint;
  judgement: Judgement;
  costs: Results<LoadCostResult>;
  /** Served here of what is served at the capacity; null above it, and where there is none. */
  utilization: number | null;
}

export interface LoadAnswer {
  load: number;
  at: CurveAt;
  costs: Results<LoadCostResult>;
  /** Between points it passes or fails where both of them do, and is unknown otherwise. */
  outcome: Judgement['outcome'];
}

export interface TrafficAnswer {
  shape: TrafficShape;
  volume: TrafficVolume;
  ledger: Results<LedgerResult>;
}

export interface CurveAnswer {
  curve: LoadCurve;
  points: PointAnswer[];
  /** Places in `points`. */
  best: number | null;
  contiguous: number | null;
  cheapest: number;
  /** Cost at the capacity, and at the lowest load measured, over that of the cheapest point. */
  sloPenalty: Quantity;
  lowestLoadPenalty: Quantity;
  loads: LoadAnswer[];
  /** Empty where nothing is within the SLO: then there is no replica to size with. */
  traffic: TrafficAnswer[];
  flags: readonly CapacityFlag[];
}

/** Answers a question with one curve. Throws `usage` for limits on figures that the curve does not have. */
export function answerCurve(curve: LoadCurve, question: CurveQuestion): CurveAnswer {
  const { slo, isContiguous, seed } = question;
  assertCheckable(curve, slo);
  const { judgements, best, contiguous, flags } = sloCapacity(curve, slo, isContiguous);
  const capacity = best === null ? undefined : curve.points[best];
  const points = curve.points.map((point, i) => ({
    point,
    judgement: judgements[i] as Judgement,
    costs: loadCostOf(curve, ratesOfPoint(curve, point), { seed }),
    utilization:
      capacity === undefined || best === null || i > best
        ? null
        : economicUtilization(point, capacity),
  }));
  const cheapest = cheapestPoint(curve);
  const overCheapest = (point: LoadPoint | undefined) => {
    const reference = curve.points[cheapest];
    return point === undefined || reference === undefined
      ? unknown('no measured load is within the SLO')
      : costRatio(point.outputTps, reference.outputTps, { seed });
  };
  return {
    curve,
    points,
    best,
    contiguous,
    cheapest,
    sloPenalty: overCheapest(capacity),
    lowestLoadPenalty: overCheapest(curve.points[0]),
    loads: question.loads.map((load) => answerLoad(curve, judgements, load, seed)),
    traffic: capacity === undefined ? [] : answerTraffic(curve, capacity, question),
    flags,
  };
}

function answerLoad(
  curve: LoadCurve,
  judgements: readonly Judgement[],
  load: number,
  seed: number,
): LoadAnswer {
  const at = curveAt(curve, load, { seed });
  const outcomes = [at.lower, at.upper].map((i) =>
    i === null ? 'unknown' : judgements[i]?.outcome,
  );
  const outcome = outcomes[0] === outcomes[1] ? (outcomes[0] ?? 'unknown') : 'unknown';
  return { load, at, costs: loadCostOf(curve, at.rates, { seed }), outcome };
}

function answerTraffic(
  curve: LoadCurve,
  capacity: LoadPoint,
  { shapes, policy, sharedUsdPerHour, seed }: CurveQuestion,
): TrafficAnswer[] {
  const capacityRequestsPerSecond = servedRate(curve, capacity);
  const tokensPerRequest = tokensOf(capacity, capacityRequestsPerSecond);
  return shapes.map((shape) => ({
    shape,
    volume: trafficVolume(shape),
    ledger: ledgerOf(
      shape,
      policy,
      {
        usdPerHour: curve.usdPerHour,
        capacityRequestsPerSecond,
        outputTokensPerRequest: tokensPerRequest,
        sharedUsdPerHour,
      },
      seed,
    ),
  }));
}

/** Output tokens of a request: a property of the workload, not of how fast a run was. */
function tokensOf({ outputTps }: LoadPoint, served: Quantity): Quantity {
  if (!isKnown(served)) return served;
  return { value: outputTps.value / served.value, low: null, high: null };
}

import type {
  CurveAnswer,
  LoadAnswer,
  PointAnswer,
  TrafficAnswer,
} from '../../economics/capacity/curve-answer.ts';
import type { Slo } from '../../economics/capacity/slo.ts';
import type { ShownCapacity } from './capacity-text.ts';
import { figureJson, figuresJson } from './figure.ts';

/** All that the text says, and every latency and check of every point. */
export function capacityJson({ question, answers, notes }: ShownCapacity) {
  const { slo, isContiguous, policy, sharedUsdPerHour, seed } = question;
  return {
    slo: sloJson(slo),
    isContiguous,
    curves: answers.map(curveJson),
    ...(question.shapes.length === 0
      ? {}
      : { replicaPolicy: { ...policy, sharedUsdPerHour: figureJson(sharedUsdPerHour) } }),
    notes,
    seed,
  };
}

function sloJson({ maxLatencyMs, maxErrorShare, minServedShare }: Slo) {
  return { maxLatencyMs: Object.fromEntries(maxLatencyMs), maxErrorShare, minServedShare };
}

function curveJson(answer: CurveAnswer) {
  const { curve, points, best, contiguous, cheapest, flags } = answer;
  const { name, label, loadUnit, gpus, usdPerHour, priceSource, notes } = curve;
  const loadAt = (place: number | null) =>
    place === null ? null : (points[place]?.point.load ?? null);
  const capacity = best === null ? undefined : points[best];
  return {
    name,
    label,
    loadUnit,
    gpus,
    usdPerHour: figureJson(usdPerHour),
    priceSource,
    capacity:
      capacity === undefined
        ? null
        : {
            load: capacity.point.load,
            requestsPerSecond: figureJson(capacity.point.requestsPerSecond),
            outputTokensPerSecond: figureJson(capacity.point.outputTps),
            ...figuresJson(capacity.costs),
          },
    contiguousLoad: loadAt(contiguous),
    cheapestLoad: loadAt(cheapest),
    sloPenalty: figureJson(answer.sloPenalty),
    lowestLoadPenalty: figureJson(answer.lowestLoadPenalty),
    flags,
    points: points.map(pointJson),
    ...(answer.loads.length === 0 ? {} : { loads: answer.loads.map(loadJson) }),
    ...(answer.traffic.length === 0 ? {} : { traffic: answer.traffic.map(trafficJson) }),
    notes,
  };
}

function pointJson({ point, judgement, costs, utilization }: PointAnswer) {
  return {
    load: point.load,
    runs: point.runs,
    requestsPerSecond: figureJson(point.requestsPerSecond),
    outputTokensPerSecond: figureJson(point.outputTps),
    inputTokensPerSecond: figureJson(point.inputTps),
    ...figuresJson(costs),
    utilization,
    latencyMs: Object.fromEntries(
      [...point.latencyMs].map(([name, figure]) => [name, figureJson(figure)]),
    ),
    errorShare: figureJson(point.errorShare),
    slo: { outcome: judgement.outcome, checks: judgement.checks },
  };
}

function loadJson({ load, at, costs, outcome }: LoadAnswer) {
  const { outputTps, requestsPerSecond } = at.rates;
  return {
    load,
    where: at.where,
    requestsPerSecond: figureJson(requestsPerSecond),
    outputTokensPerSecond: figureJson(outputTps),
    ...figuresJson(costs),
    slo: outcome,
  };
}

function trafficJson({ shape, volume, ledger }: TrafficAnswer) {
  const { billUsdPerMonth, ...figures } = ledger;
  return {
    name: shape.name,
    isRepeating: shape.isRepeating,
    ...volume,
    ...figuresJson(figures),
    // A trace happens once: nothing says what a month of it would be.
    ...(shape.isRepeating ? { billUsdPerMonth: figureJson(billUsdPerMonth) } : {}),
  };
}

import type { CurveAnswer, PointAnswer } from '../../economics/capacity/curve-answer.ts';
import { type LatencyName, latencyLabel } from '../../economics/capacity/latency.ts';
import { hasLimits, type Slo } from '../../economics/capacity/slo.ts';
import { isKnown, isUncertain, type Quantity } from '../../economics/quantity.ts';
import { formatNumber } from '../format.ts';
import { type GridColumn, textGrid } from '../text-grid.ts';
import { intervalText, numberText, percentText, valueText } from './figure.ts';

const WIDTH = 100;
/** Shown where no SLO names any, first ones first. */
const USUAL_LATENCIES = ['ttft-p99', 'tpot-p90', 'e2e-p99', 'tpot-p99', 'ttft-p50', 'tpot-p50'];

interface Column extends GridColumn {
  cell: (point: PointAnswer, place: number) => string;
  /** Left out, last one first, where lines would be too long. */
  isOptional?: boolean;
}

/** Every measured load of a curve: what it served, what its tokens cost, and whether it is within the SLO. */
export function curveTable(answer: CurveAnswer, slo: Slo): string[] {
  let columns = columnsOf(answer, slo);
  for (;;) {
    const lines = textGrid(
      columns,
      answer.points.map((point, i) => columns.map(({ cell }) => cell(point, i))),
    );
    const spare = columns.findLastIndex(({ isOptional }) => isOptional === true);
    if (spare === -1 || lines.every((line) => line.length <= WIDTH)) return lines;
    columns = columns.filter((_, i) => i !== spare);
  }
}

function columnsOf(answer: CurveAnswer, slo: Slo): Column[] {
  const { curve, points } = answer;
  const limits = [...slo.maxLatencyMs.keys()];
  const right = (heading: string[], cell: Column['cell'], isOptional = false): Column => ({
    heading,
    align: 'right',
    cell,
    isOptional,
  });
  const some = (test: (point: PointAnswer) => boolean) => points.some(test);
  const shown = limits.length > 0 ? limits : usualLatencies(points);
  return [
    right(['', 'load', curve.loadUnit], ({ point }) => numberText(point.load)),
    ...(some(({ point }) => point.runs > 1)
      ? [right(['', '', 'runs'], ({ point }) => `${point.runs}`)]
      : []),
    right(['', 'served', 'requests/s'], ({ point }) => known(point.requestsPerSecond)),
    right(['', 'output', 'tok/s'], ({ point }) => formatNumber(point.outputTps.value)),
    right(['used of', 'the', 'capacity'], ({ utilization }) =>
      utilization === null ? '-' : percentText(utilization),
    ),
    right(['USD/Mtok', 'all on', 'output'], ({ costs }) => valueText(costs.allOnOutputUsdPerMtok)),
    ...(some(({ costs }) => isUncertain(costs.allOnOutputUsdPerMtok))
      ? [right(['', '', '95 % interval'], ({ costs }) => intervalText(costs.allOnOutputUsdPerMtok))]
      : []),
    ...(some(({ point }) => isKnown(point.inputTps))
      ? [right(['USD/Mtok', 'all on', 'total'], ({ costs }) => known(costs.allOnTotalUsdPerMtok))]
      : []),
    right(['USD per', '1000', 'requests'], ({ costs }) => thousand(costs.usdPerRequest), true),
    ...shown.map((name) =>
      right(
        [...latencyLabel(name).split(' '), 'ms'],
        ({ point }) => known(point.latencyMs.get(name)),
        limits.length === 0,
      ),
    ),
    ...(some(({ point }) => isKnown(point.errorShare))
      ? [
          right(['', 'error', 'rate'], ({ point }) =>
            isKnown(point.errorShare) ? percentText(point.errorShare.value) : '?',
          ),
        ]
      : []),
    ...(hasLimits(slo)
      ? [
          {
            heading: ['', 'within', 'the SLO'],
            align: 'left' as const,
            cell: ({ judgement }: PointAnswer, place: number) =>
              outcomeText(judgement.outcome, place === answer.best),
          },
        ]
      : []),
  ];
}

function thousand(usdPerRequest: Quantity): string {
  return isKnown(usdPerRequest) ? formatNumber(1000 * usdPerRequest.value) : '?';
}

function usualLatencies(points: readonly PointAnswer[]): LatencyName[] {
  const has = new Set(points.flatMap(({ point }) => [...point.latencyMs.keys()]));
  return USUAL_LATENCIES.filter((name): name is LatencyName => has.has(name as LatencyName)).slice(
    0,
    3,
  );
}

function known(quantity: Quantity | undefined): string {
  return quantity !== undefined && isKnown(quantity) ? formatNumber(quantity.value) : '?';
}

function outcomeText(outcome: PointAnswer['judgement']['outcome'], isBest: boolean): string {
  if (outcome === 'passes') return isBest ? 'largest' : 'yes';
  return outcome === 'fails' ? 'no' : '?';
}

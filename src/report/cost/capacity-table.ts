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
  /** Which columns go first where lines would be too long, highest first; 0 never goes. */
  spare: number;
}

/**
 * Every measured load of a curve: what it served, what its tokens cost, and whether it is within the SLO. Columns that
 * lines of 100 have no room for are left out, and a last line says so.
 */
export function curveTable(answer: CurveAnswer, slo: Slo): string[] {
  const all = columnsOf(answer, slo);
  let columns = all;
  for (;;) {
    const lines = textGrid(
      columns,
      answer.points.map((point, i) => columns.map(({ cell }) => cell(point, i))),
    );
    const spare = Math.max(...columns.map((column) => column.spare));
    if (spare === 0 || lines.every((line) => line.length <= WIDTH)) {
      return columns.length === all.length
        ? lines
        : [...lines, 'More figures of each load: --json.'];
    }
    columns = columns.filter((column) => column.spare !== spare);
  }
}

function columnsOf(answer: CurveAnswer, slo: Slo): Column[] {
  const { curve, points } = answer;
  const right = (heading: string[], spare: number, cell: Column['cell']): Column => ({
    heading,
    align: 'right',
    cell,
    spare,
  });
  const only = (test: (point: PointAnswer) => boolean, column: Column) =>
    points.some(test) ? [column] : [];
  return [
    right(['', 'load', curve.loadUnit], 0, ({ point }) => numberText(point.load)),
    ...only(
      ({ point }) => point.runs > 1,
      right(['', '', 'runs'], 50, ({ point }) => `${point.runs}`),
    ),
    ...only(
      ({ point }) => isKnown(point.requestsPerSecond),
      right(['', 'served', 'requests/s'], 40, ({ point }) => known(point.requestsPerSecond)),
    ),
    right(['', 'output', 'tok/s'], 0, ({ point }) => formatNumber(point.outputTps.value)),
    right(['used of', 'the', 'capacity'], 0, ({ utilization }) =>
      utilization === null ? '-' : percentText(utilization),
    ),
    right(['USD/Mtok', 'all on', 'output'], 0, ({ costs }) =>
      valueText(costs.allOnOutputUsdPerMtok),
    ),
    ...only(
      ({ costs }) => isUncertain(costs.allOnOutputUsdPerMtok),
      right(['', '', '95 % interval'], 2, ({ costs }) => intervalText(costs.allOnOutputUsdPerMtok)),
    ),
    ...only(
      ({ point }) => isKnown(point.inputTps),
      right(['USD/Mtok', 'all on', 'total'], 60, ({ costs }) => known(costs.allOnTotalUsdPerMtok)),
    ),
    right(['USD per', '1000', 'requests'], 100, ({ costs }) => thousand(costs.usdPerRequest)),
    ...latencyColumns(points, [...slo.maxLatencyMs.keys()], right),
    ...only(
      ({ point }) => isKnown(point.errorShare),
      right(['', 'error', 'rate'], 1, ({ point }) =>
        isKnown(point.errorShare) ? percentText(point.errorShare.value) : '?',
      ),
    ),
    ...(hasLimits(slo) ? [outcomeColumn(answer.best)] : []),
  ];
}

/** Those of the SLO, or the usual ones; later ones go first. */
function latencyColumns(
  points: readonly PointAnswer[],
  limits: readonly LatencyName[],
  right: (heading: string[], spare: number, cell: Column['cell']) => Column,
): Column[] {
  const shown = limits.length > 0 ? limits : usualLatencies(points);
  return shown.map((name, i) =>
    right(
      [...latencyLabel(name).split(' '), 'ms'],
      (limits.length > 0 ? 10 : 101) + i,
      ({ point }) => known(point.latencyMs.get(name)),
    ),
  );
}

function outcomeColumn(best: number | null): Column {
  return {
    heading: ['', 'within', 'the SLO'],
    align: 'left',
    cell: ({ judgement }, place) => outcomeText(judgement.outcome, place === best),
    spare: 0,
  };
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

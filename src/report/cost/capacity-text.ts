import type {
  CurveAnswer,
  CurveQuestion,
  LoadAnswer,
  PointAnswer,
} from '../../economics/capacity/curve-answer.ts';
import { latencyLabel } from '../../economics/capacity/latency.ts';
import { hasLimits, type Slo } from '../../economics/capacity/slo.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { curveTable } from './capacity-table.ts';
import { trafficLines } from './capacity-traffic.ts';
import { figureText, numberText, percentText, usdText, valueText } from './figure.ts';
import { clippedName } from './price-cells.ts';

const WIDTH = 100;
const NAME_WIDTH = 44;

/** What `mtok cost capacity` prints. */
export interface ShownCapacity {
  question: CurveQuestion;
  answers: readonly CurveAnswer[];
  /** How the file was read. */
  notes: readonly string[];
}

/** A section for each curve, then all of them side by side where there are several. */
export function renderCapacity({ question, answers, notes }: ShownCapacity): string {
  const sections = answers.map((answer) => section(answer, question));
  const lines = [
    ...sections.flatMap((section, i) => (i === 0 ? section : ['', ...section])),
    ...(answers.length > 1 ? ['', ...summary(answers)] : []),
    ...(notes.length === 0 ? [] : ['', ...notes.flatMap((note) => wrap(`Note: ${note}`))]),
  ];
  return `${lines.join('\n')}\n`;
}

function wrap(text: string): string[] {
  return wrapText(text, WIDTH, '  ');
}

function section(answer: CurveAnswer, question: CurveQuestion): string[] {
  const { curve, flags, loads } = answer;
  return [
    ...wrap(headline(answer)),
    '',
    ...curveTable(answer, question.slo),
    '',
    ...answerLines(answer, question.slo),
    ...loads.flatMap((load) => wrap(loadText(answer, load, question.slo))),
    ...flags
      .filter(({ code }) => code !== 'infeasible')
      .flatMap(({ code, message }) => wrap(`${code}: ${message}`)),
    ...(isKnown(curve.usdPerHour)
      ? []
      : wrap(`Costs are unknown: ${plainText(curve.usdPerHour.reason)}.`)),
    ...curve.notes.flatMap((note) => wrap(`Note: ${plainText(note)}`)),
    ...trafficLines(answer, question),
  ];
}

function headline({ curve }: CurveAnswer): string {
  const { name, label, gpus, usdPerHour, priceSource } = curve;
  const price = isKnown(usdPerHour)
    ? `${usdText(usdPerHour)} an hour in all (${plainText(priceSource)})`
    : 'price unknown';
  const what = label === null ? '' : `: ${plainText(label)}`;
  return `${clippedName(name, WIDTH - 1)}${what}; ${gpus === 1 ? '1 GPU' : `${gpus} GPUs`}, ${price}`;
}

/** `TTFT p99 ≤ 500 ms and error rate ≤ 1 %`. */
function sloText({ maxLatencyMs, maxErrorShare, minServedShare }: Slo): string {
  const limits = [...maxLatencyMs].map(
    ([name, bound]) => `${latencyLabel(name)} <= ${numberText(bound)} ms`,
  );
  if (maxErrorShare !== null) limits.push(`error rate <= ${percentText(maxErrorShare)}`);
  if (minServedShare !== null) limits.push(`served >= ${percentText(minServedShare)}`);
  return limits.join(' and ');
}

function answerLines(answer: CurveAnswer, slo: Slo): string[] {
  const { curve, points, best, cheapest, sloPenalty, lowestLoadPenalty } = answer;
  const limits = sloText(slo);
  const within = limits === '' ? 'Without an SLO' : `Within ${limits}`;
  const lowest = points[0];
  const point = best === null ? undefined : points[best];
  const reference = points[cheapest];
  const nearIdle =
    lowest === undefined || points.length === 1 || !isKnown(lowestLoadPenalty) || cheapest === 0
      ? []
      : wrap(
          `At the lowest load measured, ${numberText(lowest.point.load)}, the same tokens cost ` +
            `${formatNumber(lowestLoadPenalty.value)} times as much as at the cheapest.`,
        );
  if (point === undefined || best === null || reference === undefined) {
    return [
      ...wrap(`${within}: infeasible at every measured load. ${closestText(answer)}`),
      ...nearIdle,
    ];
  }
  const penalty =
    best === cheapest
      ? 'the cheapest point of the curve'
      : `${figureText(sloPenalty)} times the cheapest point, load ${numberText(reference.point.load)} at ` +
        `${usdText(reference.costs.allOnOutputUsdPerMtok)}`;
  return [
    ...wrap(
      `${within}: up to load ${numberText(point.point.load)} ${curve.loadUnit}, ` +
        `${formatNumber(point.point.outputTps.value)} output tok/s: ` +
        `${costText(point.costs.allOnOutputUsdPerMtok)} per million output tokens that bear the whole bill, ${penalty}.`,
    ),
    ...nearIdle,
  ];
}

function costText(cost: Quantity): string {
  return isKnown(cost) ? usdText(cost) : 'unknown dollars';
}

/** The failing point that comes nearest to all of its limits. */
function closestText({ points }: CurveAnswer): string {
  const worst = ({ judgement }: PointAnswer) =>
    judgement.checks.reduce(
      (most, check) => {
        const over = check.value === null ? Number.POSITIVE_INFINITY : overBy(check);
        return over > most.over ? { over, check } : most;
      },
      { over: 0, check: judgement.checks[0] },
    );
  const ranked = points
    .map((point) => ({ point, ...worst(point) }))
    .sort((a, b) => a.over - b.over);
  const [nearest] = ranked;
  if (nearest?.check === undefined || nearest.check.value === null) return '';
  const { limit, value, bound } = nearest.check;
  const isShare = limit === 'error rate' || limit === 'served';
  const shown = (number: number) => (isShare ? percentText(number) : `${numberText(number)} ms`);
  const label = isShare ? limit : latencyLabel(limit);
  return `Nearest is load ${numberText(nearest.point.point.load)}: ${label} of ${shown(value)} against ${shown(bound)}.`;
}

function overBy({ limit, value, bound }: PointAnswer['judgement']['checks'][number]): number {
  const measured = value ?? Number.POSITIVE_INFINITY;
  return limit === 'served' ? bound / measured : measured / bound;
}

function loadText(
  { curve }: CurveAnswer,
  { load, at, costs, outcome }: LoadAnswer,
  slo: Slo,
): string {
  const { where, lower, upper, rates } = at;
  const start = `At load ${numberText(load)}`;
  if (where === 'below' || where === 'above') {
    const { outputTps } = rates;
    const more = where === 'above' ? ' More load takes more replicas: see --profile.' : '';
    const reason = isKnown(outputTps) ? '' : outputTps.reason;
    return `${start}: ${where === 'above' ? 'infeasible' : 'unknown'}: ${reason}; nothing is extended.${more}`;
  }
  const between = [lower, upper].map((i) => numberText(curve.points[i ?? 0]?.load ?? 0));
  const how =
    where === 'measured' ? 'measured' : `on the line between loads ${between.join(' and ')}`;
  const both = where === 'measured' ? '' : ' at both';
  const within = {
    passes: `; within the SLO${both}`,
    fails: `; not within the SLO${both}`,
    unknown: '; whether it is within the SLO is not known',
  }[outcome];
  return (
    `${start}: ${valueText(rates.outputTps)} output tok/s (${how}): ` +
    `${costText(costs.allOnOutputUsdPerMtok)} per million output tokens${hasLimits(slo) ? within : ''}.`
  );
}

function summary(answers: readonly CurveAnswer[]): string[] {
  const rows = answers.map(({ curve, points, best, sloPenalty, flags }) => {
    const point = best === null ? undefined : points[best];
    return [
      clippedName(curve.name, NAME_WIDTH),
      `${curve.gpus}`,
      point === undefined ? 'none' : numberText(point.point.load),
      point === undefined ? '-' : formatNumber(point.point.outputTps.value),
      point === undefined ? '-' : valueText(point.costs.allOnOutputUsdPerMtok),
      isKnown(sloPenalty) ? formatNumber(sloPenalty.value) : '-',
      flags.some(({ code }) => code === 'non-monotone') ? 'non-monotone' : '',
    ];
  });
  return [
    'All configurations at their largest load within the SLO:',
    '',
    ...textGrid(
      [
        { heading: ['', 'configuration'], align: 'left' },
        { heading: ['', 'GPUs'], align: 'right' },
        { heading: ['', 'load'], align: 'right' },
        { heading: ['output', 'tok/s'], align: 'right' },
        { heading: ['USD/Mtok', 'on output'], align: 'right' },
        { heading: ['times the', 'cheapest'], align: 'right' },
        { heading: ['', 'flag'], align: 'left' },
      ],
      rows,
    ),
  ];
}

import type { QueueFigures, QueueTarget } from '../../economics/capacity/erlang.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { type FigureJson, figureJson, figureText, numberText, percentText } from './figure.ts';

const WIDTH = 100;

/** What `mtok cost capacity --erlang` prints. */
export interface ShownQueue {
  requestsPerSecond: Quantity;
  serviceSeconds: Quantity;
  /** a = λ·s. */
  erlangs: Quantity;
  target: QueueTarget;
  /** Fewest servers within the target; null where none was given. */
  needed: Quantity | null;
  /** Ascending in servers. */
  rows: readonly QueueFigures[];
  /** Of one server; null where none was given. */
  usdPerServerHour: Quantity | null;
  usdPerHour: Quantity | null;
  seed: number;
}

export function renderQueue(shown: ShownQueue): string {
  const { requestsPerSecond, serviceSeconds, erlangs, rows, needed } = shown;
  const lines = [
    ...wrapText(
      `${figureText(requestsPerSecond)} requests/s that take ${figureText(serviceSeconds)} s each keep ` +
        `${figureText(erlangs)} servers busy on average (Erlang C: random arrivals, one request a server, exponential times).`,
      WIDTH,
      '  ',
    ),
    '',
    ...textGrid(
      [
        { heading: ['servers'], align: 'right' },
        { heading: ['busy'], align: 'right' },
        { heading: ['requests that wait'], align: 'right' },
        { heading: ['mean wait, s'], align: 'right' },
        ...(needed === null ? [] : [{ heading: ['enough'], align: 'left' as const }]),
      ],
      rows.map((row) => [
        `${row.servers}`,
        percentText(row.utilization),
        percentText(row.waitProbability),
        Number.isFinite(row.meanWaitSeconds) ? formatNumber(row.meanWaitSeconds) : 'no end',
        ...(needed === null ? [] : [isEnough(row, needed)]),
      ]),
    ),
    '',
    ...(needed === null ? [] : wrapText(neededText(shown, needed), WIDTH, '  ')),
    ...wrapText(
      'For stages without batches: moderation, reranking, tools. An engine that batches serves faster the more it ' +
        'holds: use its load curve.',
      WIDTH,
      '  ',
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function isEnough({ servers }: QueueFigures, needed: Quantity): string {
  return isKnown(needed) && servers >= needed.value ? 'yes' : 'no';
}

function neededText({ target, usdPerHour }: ShownQueue, needed: Quantity): string {
  const { maxWaitProbability, maxMeanWaitSeconds } = target;
  const limits = [
    ...(maxWaitProbability === null
      ? []
      : [`at most ${percentText(maxWaitProbability)} of the requests wait`]),
    ...(maxMeanWaitSeconds === null
      ? []
      : [`the mean wait is at most ${numberText(maxMeanWaitSeconds)} s`]),
  ];
  if (!isKnown(needed)) return `So that ${limits.join(' and ')}: ${plainText(needed.reason)}.`;
  const cost = usdPerHour === null ? '' : `, ${figureText(usdPerHour)} USD an hour`;
  return `So that ${limits.join(' and ')}: ${figureText(needed)} servers${cost}.`;
}

export function queueJson(shown: ShownQueue) {
  const { requestsPerSecond, serviceSeconds, erlangs, target, rows, seed } = shown;
  const optional = (quantity: Quantity | null): FigureJson | null =>
    quantity === null ? null : figureJson(quantity);
  return {
    requestsPerSecond: figureJson(requestsPerSecond),
    serviceSeconds: figureJson(serviceSeconds),
    erlangs: figureJson(erlangs),
    ...target,
    serversNeeded: optional(shown.needed),
    usdPerServerHour: optional(shown.usdPerServerHour),
    usdPerHour: optional(shown.usdPerHour),
    // JSON has no infinity: a queue without end has no mean.
    servers: rows.map((row) => ({
      ...row,
      meanWaitSeconds: Number.isFinite(row.meanWaitSeconds) ? row.meanWaitSeconds : null,
    })),
    seed,
  };
}

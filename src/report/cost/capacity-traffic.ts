import type {
  CurveAnswer,
  CurveQuestion,
  TrafficAnswer,
} from '../../economics/capacity/curve-answer.ts';
import type { LedgerResult } from '../../economics/capacity/ledger.ts';
import { servedRate } from '../../economics/capacity/load-curve.ts';
import { hasLimits } from '../../economics/capacity/slo.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { counted, formatDuration, formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { figureText, intervalText, numberText, percentText, usdText, valueText } from './figure.ts';

const WIDTH = 100;
const NAME_WIDTH = 30;
/** Volumes this close count as the same. */
const SAME_VOLUME = 1e-3;

const LEDGER: readonly [name: string, result: LedgerResult, meaning: string][] = [
  ['used', 'usedUsd', 'the load served, at capacity'],
  ['idle', 'idleUsd', 'serving above the load: rounding up, headroom, delay'],
  ['wasted', 'wastedUsd', 'replicas loading, not serving yet'],
  ['shared', 'sharedUsd', 'kept by the minimum alone, and shared services'],
  ['bill', 'billUsd', 'all of it'],
];

/** What each traffic shape costs with replicas of one curve, and what tells the shapes apart. */
export function trafficLines(answer: CurveAnswer, question: CurveQuestion): string[] {
  if (question.shapes.length === 0) return [];
  if (answer.traffic.length === 0) {
    return ['', 'Traffic cannot be sized: no measured load is within the SLO.'];
  }
  return [
    ...answer.traffic.flatMap((traffic) => ['', ...shapeLines(traffic, answer, question)]),
    ...(answer.traffic.length > 1 ? ['', ...comparison(answer.traffic)] : []),
  ];
}

function wrap(text: string): string[] {
  return wrapText(text, WIDTH, '  ');
}

function shapeLines(
  { shape, volume, ledger }: TrafficAnswer,
  { curve, points, best }: CurveAnswer,
  { policy, slo }: CurveQuestion,
): string[] {
  const capacity = best === null ? undefined : points[best]?.point;
  const rate = capacity === undefined ? '' : figureText(servedRate(curve, capacity));
  const peak = volume.peakRequestsPerSecond / volume.meanRequestsPerSecond;
  const within = hasLimits(slo) ? ' within the SLO' : '';
  const kind = shape.isRepeating ? 'repeating' : 'once';
  return [
    ...wrap(
      `Traffic ${plainText(shape.name)}: ${numberText(Math.round(volume.requests))} requests in ` +
        `${formatDuration(1000 * volume.seconds)} (${kind}), mean ${formatNumber(volume.meanRequestsPerSecond)}, peak ` +
        `${formatNumber(volume.peakRequestsPerSecond)} requests/s, ${formatNumber(peak)} times the mean.`,
    ),
    ...wrap(
      `Replicas: one serves ${rate} requests/s${within} and is loaded up to ${percentText(policy.targetLoad)} of ` +
        `that; at least ${policy.minReplicas}; started ${numberText(policy.coldStartSeconds)} s ahead, stopped ` +
        `${numberText(policy.scaleDownDelaySeconds)} s after they are needed. At most ${figureText(ledger.peakReplicas)}, ` +
        `${figureText(ledger.meanReplicas)} on average, ${startsText(ledger.starts)}.`,
    ),
    '',
    ...ledgerTable(ledger),
    '',
    ...wrap(costText({ shape, volume, ledger })),
  ];
}

function ledgerTable(ledger: TrafficAnswer['ledger']): string[] {
  const hasInterval = LEDGER.some(([, result]) => ledger[result].low !== null);
  return textGrid(
    [
      { heading: ['dollars'], align: 'left' },
      { heading: ['USD'], align: 'right' },
      { heading: ['share'], align: 'right' },
      ...(hasInterval ? [{ heading: ['95 % interval'], align: 'left' as const }] : []),
      { heading: ['what for'], align: 'left' },
    ],
    LEDGER.map(([name, result, meaning]) => [
      name,
      dollars(ledger[result]),
      shareOf(ledger[result], ledger.billUsd),
      ...(hasInterval ? [intervalText(ledger[result])] : []),
      meaning,
    ]),
  );
}

function startsText(starts: Quantity): string {
  return isKnown(starts) && starts.low === null
    ? counted(starts.value, 'start')
    : `${figureText(starts)} starts`;
}

/** Bills are added up by readers: more digits than a price. */
function dollars(quantity: Quantity): string {
  if (!isKnown(quantity)) return 'unknown';
  return quantity.value >= 0.01 || quantity.value === 0
    ? quantity.value.toFixed(2)
    : formatNumber(quantity.value);
}

function shareOf(part: Quantity, bill: Quantity): string {
  if (!isKnown(part) || !isKnown(bill) || bill.value === 0) return '';
  return percentText(part.value / bill.value);
}

function thousand(quantity: Quantity): Quantity {
  if (!isKnown(quantity)) return quantity;
  const { value, low, high } = quantity;
  return {
    value: 1000 * value,
    low: low === null ? null : 1000 * low,
    high: high === null ? null : 1000 * high,
  };
}

function costText({ shape, ledger }: TrafficAnswer): string {
  const { utilization, allOnOutputUsdPerMtok, usdPerRequest, billUsdPerMonth } = ledger;
  if (!isKnown(allOnOutputUsdPerMtok) || !isKnown(utilization)) {
    return `Costs are unknown: ${isKnown(allOnOutputUsdPerMtok) ? '' : plainText(allOnOutputUsdPerMtok.reason)}.`;
  }
  const month = shape.isRepeating ? ` ${usdText(billUsdPerMonth)} a month of 730 h.` : '';
  return (
    `${percentText(utilization.value)} of the bill is used: ${usdText(allOnOutputUsdPerMtok)} per million output tokens, ` +
    `${usdText(thousand(usdPerRequest))} per 1000 requests.${month}`
  );
}

/** Shapes side by side; where volumes are the same, what their distribution over time alone makes of the bill. */
function comparison(traffic: readonly TrafficAnswer[]): string[] {
  const rows = traffic.map(({ shape, volume, ledger }) => [
    shortName(shape.name),
    numberText(Math.round(volume.requests)),
    formatNumber(volume.peakRequestsPerSecond / volume.meanRequestsPerSecond),
    valueText(ledger.meanReplicas),
    dollars(ledger.billUsd),
    isKnown(ledger.utilization) ? percentText(ledger.utilization.value) : 'unknown',
    valueText(ledger.allOnOutputUsdPerMtok),
  ]);
  return [
    ...textGrid(
      [
        { heading: ['', 'traffic'], align: 'left' },
        { heading: ['', 'requests'], align: 'right' },
        { heading: ['peak over', 'mean'], align: 'right' },
        { heading: ['replicas', 'on average'], align: 'right' },
        { heading: ['bill', 'USD'], align: 'right' },
        { heading: ['', 'used'], align: 'right' },
        { heading: ['USD/Mtok', 'on output'], align: 'right' },
      ],
      rows,
    ),
    ...sameVolumeLines(traffic),
  ];
}

function sameVolumeLines([first, ...others]: readonly TrafficAnswer[]): string[] {
  if (first === undefined) return [];
  return others.flatMap(({ shape, volume, ledger }) => {
    const isSame =
      Math.abs(volume.requests / first.volume.requests - 1) < SAME_VOLUME &&
      volume.seconds === first.volume.seconds;
    const [a, b] = [first.ledger.billUsd, ledger.billUsd];
    if (!isSame || !isKnown(a) || !isKnown(b)) return [];
    return wrap(
      `${shortName(shape.name)} brings the same volume in the same time as ${shortName(first.shape.name)} and costs ` +
        `${formatNumber(b.value / a.value)} times as much: only when requests come differs.`,
    );
  });
}

function shortName(name: string): string {
  const plain = plainText(name);
  return plain.length > NAME_WIDTH ? `...${plain.slice(3 - NAME_WIDTH)}` : plain;
}

import type { Departure, JudgedPoint } from '../../economics/drift/detect.ts';
import { COST_FACTORS, type CostFactor } from '../../economics/drift/unit-cost.ts';
import { counted, formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { alarmOf, type ShownDrift } from './drift-json.ts';

const WIDTH = 100;
const MOST_UNJUDGED = 5;

const FACTOR_NAMES: Readonly<Record<CostFactor, string>> = {
  usdPerHour: 'price',
  tokensPerSecond: 'throughput',
  utilization: 'utilisation',
  tokensPerUnit: 'tokens per unit',
};

/** What `mtok cost drift` found: the newest points with what noise allows them, alarms, and their causes. */
export function renderDrift(shown: ShownDrift, last: number): string {
  const { title, unit, drift, unjudged } = shown;
  const { judged, baseline, baselineUsdPerUnit } = drift;
  const hidden = Math.max(0, judged.length - last);
  const lines = [
    ...wrapText(
      `Cost of a ${unit}: ${plainText(title)}. Baseline ${usd(baselineUsdPerUnit)}, ${baselineText(baseline)}.`,
      WIDTH,
    ),
    '',
    ...table(judged.slice(-last), unit),
    '',
    ...(hidden === 0 ? [] : [`${counted(hidden, 'earlier point')} not shown.`]),
    ...alarmLines(judged),
    ...wrapText(limitsText(shown), WIDTH),
    ...unjudged
      .slice(0, MOST_UNJUDGED)
      .flatMap(({ at, reason }) => wrapText(`Not judged: ${at}: ${plainText(reason)}.`, WIDTH)),
    ...(unjudged.length > MOST_UNJUDGED
      ? [`Not judged: ${unjudged.length - MOST_UNJUDGED} more.`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function baselineText(baseline: ShownDrift['drift']['baseline']): string {
  const [from, to] = [day(baseline[0]?.at ?? ''), day(baseline.at(-1)?.at ?? '')];
  return baseline.length === 1 ? `of ${from}` : `mean of ${baseline.length} from ${from} to ${to}`;
}

function table(judged: readonly JudgedPoint[], unit: ShownDrift['unit']): string[] {
  return textGrid(
    [
      { heading: ['', 'date'], align: 'left' },
      { heading: ['', `USD/${unit}`], align: 'right' },
      { heading: ['', 'change'], align: 'right' },
      { heading: ['noise', 'allows'], align: 'right' },
      { heading: ['moving', 'average'], align: 'right' },
      { heading: ['noise', 'allows'], align: 'right' },
      { heading: ['', 'alarm'], align: 'left' },
      { heading: ['', 'cause'], align: 'left' },
    ],
    judged.map((entry) => {
      const { point, usdPerUnit, jump, slow } = entry;
      const cause = jump.cause ?? slow.cause;
      return [
        day(point.at),
        formatNumber(usdPerUnit),
        changeText(jump.logChange),
        limitText(jump.limit),
        changeText(slow.logChange),
        limitText(slow.limit),
        alarmOf(entry) ?? '',
        cause === null ? '' : FACTOR_NAMES[cause],
      ];
    }),
  );
}

/** The first alarm, and what the newest point says. */
function alarmLines(judged: readonly JudgedPoint[]): string[] {
  const first = judged.find((entry) => alarmOf(entry) !== null);
  const newest = judged.at(-1);
  if (first === undefined || newest === undefined) {
    return wrapText('No alarm: every change is within what the noise of the inputs allows.', WIDTH);
  }
  const lines = [
    `First alarm: ${day(first.point.at)}.`,
    ...(alarmOf(newest) === null
      ? ['The newest point is within what noise allows.']
      : [`Newest, ${day(newest.point.at)}: ${alarmText(newest)}`]),
  ];
  return lines.flatMap((line) => wrapText(line, WIDTH));
}

function alarmText({ jump, slow }: JudgedPoint): string {
  const departure = jump.isAlarm ? jump : slow;
  const what = jump.isAlarm ? 'the cost' : 'the moving average of the cost';
  const cause = departure.cause === null ? '' : `, above all by ${FACTOR_NAMES[departure.cause]}`;
  return `${what} changed by ${changeText(departure.logChange)}${cause}: ${productText(departure)}.`;
}

/** `price × 1.02 · throughput × 1.08 = × 1.10`: factors multiply as their logarithms add. */
function productText({ terms, logChange }: Departure): string {
  const factors = COST_FACTORS.map((name) => `${FACTOR_NAMES[name]} x ${times(terms[name])}`);
  return `${factors.join(', ')}; together x ${times(logChange)}`;
}

function limitsText({ drift: { z }, hasGivenZ }: ShownDrift): string {
  const jump = hasGivenZ ? 'as given' : '2.5 % of false alarms in the whole series';
  return (
    `Noise allows ${z.jump.toFixed(2)} standard deviations of a point and the baseline (${jump}) and ` +
    `${z.slow.toFixed(2)} of the moving average (2.5 %).`
  );
}

function usd(value: number): string {
  return `$${formatNumber(value)}`;
}

function times(log: number): string {
  return formatNumber(Math.exp(log));
}

function changeText(log: number): string {
  const percent = 100 * Math.expm1(log);
  // Rounding of equal figures is no change.
  if (Math.abs(percent) < 1e-9) return '0 %';
  return `${percent > 0 ? '+' : ''}${formatNumber(percent)} %`;
}

/** As a rise: a fall is allowed the same in the logarithm. */
function limitText(limit: number): string {
  return `${formatNumber(100 * Math.expm1(limit))} %`;
}

/** A date, with the minute where it has one. */
function day(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

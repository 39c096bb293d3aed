import { isKnown, type Quantity } from '../../economics/quantity.ts';
import type { ModelUse, StepCost, UnitCost } from '../../economics/task/unit-cost-types.ts';
import { counted, formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { intervalText, numberText, percentText, usdText, valueText } from './figure.ts';
import { leversLines } from './levers-lines.ts';
import type { ShownTask } from './task-json.ts';
import { residualLines } from './task-residual-text.ts';
import { tornadoLines } from './tornado-lines.ts';

const WIDTH = 100;
const MOST_BARS = 6;
/** Names from files are cut to this in tables. */
const NAME_WIDTH = 29;

/** One answer of `mtok cost task` for a terminal: totals, spread, steps, models, what matters, what it rests on. */
export function renderTask(shown: ShownTask): string {
  const { unit, cost } = shown;
  const blocks = [
    [`Unit of work: ${plainText(unit.unit)}`],
    totalLines(cost, unit.steps.length),
    spreadLines(cost),
    stepLines(cost),
    modelLines(cost),
    multiplierLines(shown),
    residualLines(cost, WIDTH),
    tornadoSection(cost),
    shown.levers === null ? [] : leversLines(shown.levers),
    sourceLines(shown),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function totalLines(cost: UnitCost, steps: number): string[] {
  const { usdPerAttempt, usdPerUnit, usdPerResolved, resolvedShare, knownUsdPerUnit } = cost;
  const rows: [string, Quantity][] = [
    ['one pass: every call tried once', usdPerAttempt],
    ['a unit, with retries and escalations', usdPerUnit],
    ['a resolved unit', usdPerResolved],
  ];
  if (!isKnown(usdPerUnit)) rows.push(['known part of a unit: it costs at least', knownUsdPerUnit]);
  return [
    ...textGrid(
      [
        { heading: ['average cost of'], align: 'left' },
        { heading: ['USD'], align: 'right' },
        { heading: ['95 % interval of the average'], align: 'left' },
      ],
      rows.map(([title, figure]) => [title, valueText(figure), intervalText(figure)]),
    ),
    `${resolvedText(resolvedShare)} of the units are resolved.`,
    ...(isKnown(usdPerUnit) ? [] : unknownLines(cost, steps)),
  ];
}

function unknownLines({ steps }: UnitCost, count: number): string[] {
  const lines = steps.flatMap(({ name, usd }) =>
    isKnown(usd) ? [] : [`${plainText(name)}: ${plainText(usd.reason)}`],
  );
  const shown = lines.slice(0, 5);
  const rest = lines.length - shown.length;
  return wrapText(
    `Unknown, not free: ${lines.length} of ${counted(count, 'step')} (${shown.join('; ')}` +
      `${rest > 0 ? `; and ${rest} more` : ''}).`,
    WIDTH,
  );
}

function spreadLines({ spread, usdPerUnit, knownUsdPerUnit }: UnitCost): string[] {
  const { units, isOfKnownPart } = spread;
  const [p5, p50, p95] = [spread.p5Usd, spread.p50Usd, spread.p95Usd].map(roundedSum);
  const part = isOfKnownPart ? ' in their known part' : '';
  if (p5 === p95 && p5 === roundedSum(spread.meanUsd)) {
    return [`All of ${units} simulated units cost the same${part}.`];
  }
  const average =
    isKnown(usdPerUnit) && usdPerUnit.low !== null
      ? 'The interval above is another thing: doubt about the average, from prices and rates that are not known exactly.'
      : 'This is no doubt about the average, which is exact where prices and rates are.';
  return [
    `How single units differ${part}, in USD (5 % cost less than p5, 5 % more than p95)`,
    ...textGrid(
      ['p5', 'p50', 'p95', 'average'].map((heading) => ({ heading: [heading], align: 'right' })),
      // The average as above: that of the simulated units differs from it by chance.
      [[p5, p50, p95].map((usd) => numberText(usd ?? 0)).concat(valueText(knownUsdPerUnit))],
    ),
    ...wrapText(
      `From ${units} simulated units, prices and rates at their values: the spread comes from counts, tokens, ` +
        `retries and escalations. ${average}`,
      WIDTH,
    ),
  ];
}

/** A sum of many calls without the last digits, in which it differs from what a formula gives. */
function roundedSum(usd: number): number {
  return Number(usd.toPrecision(12));
}

function stepLines({ steps, usdPerUnit }: UnitCost): string[] {
  const ofWhat = isKnown(usdPerUnit) ? 'of the unit' : 'of known';
  return textGrid(
    [
      { heading: ['', 'step'], align: 'left' },
      { heading: ['', 'kind'], align: 'left' },
      { heading: ['calls', 'a unit'], align: 'right' },
      { heading: ['', 'attempts'], align: 'right' },
      { heading: ['calls that', 'come back'], align: 'right' },
      { heading: ['USD', 'a unit'], align: 'right' },
      { heading: ['share', ofWhat], align: 'right' },
    ],
    steps.map((step) => stepRow(step)),
  );
}

function stepRow({ name, kind, calls, attempts, callSuccess, usd, share }: StepCost): string[] {
  return [
    short(name),
    kind,
    valueText(calls),
    valueText(attempts),
    shareText(callSuccess),
    valueText(usd),
    isKnown(share) ? percentText(share.value) : '',
  ];
}

function modelLines({ models }: UnitCost): string[] {
  if (models.length === 0) return [];
  return textGrid(
    [
      { heading: ['asked in an', 'average unit'], align: 'left' },
      { heading: ['', 'attempts'], align: 'right' },
      { heading: ['tokens', 'in'], align: 'right' },
      { heading: ['of them', 'cached'], align: 'right' },
      { heading: ['tokens', 'out'], align: 'right' },
      { heading: ['', 'USD'], align: 'right' },
    ],
    models.map(modelRow),
  );
}

function modelRow({ model, attempts, inputTokens, cachedTokens, outputTokens, usd }: ModelUse) {
  const tokens = (figure: Quantity) =>
    isKnown(figure) ? formatNumber(figure.value) : valueText(figure);
  return [
    short(model),
    valueText(attempts),
    tokens(inputTokens),
    tokens(cachedTokens),
    tokens(outputTokens),
    valueText(usd),
  ];
}

function multiplierLines({ unit, cost: { multipliers } }: ShownTask): string[] {
  if (multipliers === null || unit.postedCallUsd === null) return [];
  const { unit: perUnit, resolved } = multipliers;
  if (!isKnown(resolved)) {
    return wrapText(
      `Over the posted price of a call (${usdText(unit.postedCallUsd)}): unknown, as the unit's cost is.`,
      WIDTH,
    );
  }
  return wrapText(
    `A unit costs ${factorText(perUnit)} the posted price of a call (${usdText(unit.postedCallUsd)}), a resolved ` +
      `one ${factorText(resolved)}.`,
    WIDTH,
  );
}

function factorText(figure: Quantity): string {
  const interval = intervalText(figure);
  return `${valueText(figure)} times${interval === '' ? '' : ` (${interval})`}`;
}

function tornadoSection({ tornado, tornadoOf }: UnitCost): string[] {
  if (tornado.length === 0) return [];
  const bars = tornado.slice(0, MOST_BARS);
  const rest = tornado.length - bars.length;
  return [
    'What the doubt about the average comes from',
    ...tornadoLines(bars, shortKey, tornadoOf === 'usdPerResolved' ? 'USD/resolved' : 'USD/unit'),
    ...(rest > 0 ? [`and ${counted(rest, 'smaller input')}`] : []),
  ];
}

function sourceLines({ prices, cost, flags, book, seed }: ShownTask): string[] {
  const sources = Object.entries(prices).map(
    ([model, { source }]) => `${plainText(model)}: ${plainText(source)}.`,
  );
  const notes = [...cost.notes, ...new Set(flags.map(({ message }) => message))];
  const prices_ =
    book === null ? '' : ` API prices of ${book.day}, price book ${book.sha256.slice(0, 12)}.`;
  return [
    ...sources,
    ...notes.map((note) => `Note: ${plainText(note)}`),
    `Seed ${seed}.${prices_}`,
  ].flatMap((line) => wrapText(line, WIDTH, '  '));
}

function shareText(share: Quantity): string {
  return isKnown(share) ? percentText(share.value) : 'unknown';
}

function resolvedText(share: Quantity): string {
  const { low, high } = share;
  const interval =
    low === null || high === null ? '' : ` (${percentText(low)} to ${percentText(high)})`;
  return `${shareText(share)}${interval}`;
}

function short(name: string): string {
  const plain = plainText(name);
  return plain.length > NAME_WIDTH ? `${plain.slice(0, NAME_WIDTH - 3)}...` : plain;
}

/** A key of the file: its end names the figure, so that it is cut in the middle. */
function shortKey(key: string): string {
  const plain = plainText(key);
  const half = Math.floor((NAME_WIDTH - 3) / 2);
  return plain.length > NAME_WIDTH ? `${plain.slice(0, half)}...${plain.slice(-half)}` : plain;
}

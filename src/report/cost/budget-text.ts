import { isKnown, type Quantity } from '../../economics/quantity.ts';
import type { BudgetResult, PeriodVariance } from '../../economics/scenario/budget.ts';
import { bandOf, type Variance } from '../../economics/scenario/budget-variance.ts';
import { counted, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import type { ShownBudget } from './budget-json.ts';
import { shareText } from './margin-money.ts';
import { signedMoney, wholeMoney } from './scenario-money.ts';

const WIDTH = 100;

/** What `mtok cost budget` found: the newest periods against their budget, why they differ, and where it ends. */
export function renderBudget(shown: ShownBudget, last: number): string {
  const { title, result, hasUnits, failOver } = shown;
  const { periods, open, budgetUsd } = result;
  const newest = periods.slice(-last);
  const hidden = periods.length - newest.length;
  const lines = [
    ...wrapText(
      `${plainText(title)}: ${wholeMoney(budgetUsd)} for ${counted(periods.length + open.length, 'period')}, ` +
        `${periods.length} of them with actuals.`,
      WIDTH,
    ),
    '',
    ...varianceTable(newest, result.toDate),
    '',
    ...(hasUnits ? [...partsTable(newest, result.toDate), ''] : []),
    ...(hidden === 0 ? [] : [`${counted(hidden, 'earlier period')} not shown, but counted.`]),
    ...skippedLines(result),
    ...forecastLines(result),
    ...(failOver === null
      ? []
      : wrapText(
          failOver.isOver
            ? `Over by more than ${shareText(failOver.share)}: to date, or at the end even at the lower bound.`
            : `Not over by more than ${shareText(failOver.share)}.`,
          WIDTH,
        )),
  ];
  return `${lines.join('\n')}\n`;
}

function varianceTable(periods: readonly PeriodVariance[], toDate: Variance): string[] {
  const row = (name: string, { budgetUsd, actualUsd, usd, share }: Variance) => [
    name,
    wholeMoney(budgetUsd),
    wholeMoney(actualUsd),
    signedMoney(usd),
    share === null ? 'unknown' : signedShare(share),
    share === null ? '' : bandOf(share),
  ];
  return textGrid(
    [
      { heading: ['period'], align: 'left' },
      { heading: ['budget'], align: 'right' },
      { heading: ['actual'], align: 'right' },
      { heading: ['over budget'], align: 'right' },
      { heading: ['%'], align: 'right' },
      { heading: ['off by'], align: 'left' },
    ],
    [...periods.map(({ period, variance }) => row(period, variance)), row('to date', toDate)],
  );
}

function partsTable(periods: readonly PeriodVariance[], toDate: Variance): string[] {
  const row = (name: string, { parts, usd }: Variance) => [
    name,
    ...[parts.priceUsd, parts.volumeUsd, parts.mixUsd, parts.otherUsd, usd].map(signedMoney),
  ];
  return textGrid(
    [
      { heading: ['over by'], align: 'left' },
      { heading: ['price'], align: 'right' },
      { heading: ['volume'], align: 'right' },
      { heading: ['mix'], align: 'right' },
      { heading: ['no units'], align: 'right' },
      { heading: ['together'], align: 'right' },
    ],
    [...periods.map(({ period, variance }) => row(period, variance)), row('to date', toDate)],
  );
}

const MOST_SKIPPED = 5;

/** A hole in the file is no month without spend, and the run rate would look as if it were none at all. */
function skippedLines({ skipped }: BudgetResult): string[] {
  if (skipped.length === 0) return [];
  const more = skipped.length - MOST_SKIPPED;
  const names = `${skipped.slice(0, MOST_SKIPPED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    ...wrapText(
      `No row for ${names}: in no sum, mean or forecast. Where nothing was spent, give a row with 0.`,
      WIDTH,
    ),
    '',
  ];
}

function forecastLines(result: BudgetResult): string[] {
  const { open, budgetUsd, forecast, status, alertedSince, usedUpIn } = result;
  if (open.length === 0) return [];
  const rows: [string, Quantity][] = [
    ['run rate', forecast.runRateUsd],
    ['trend', forecast.trendUsd],
    ["the budget's pace", forecast.budgetPaceUsd],
  ];
  const grid = textGrid(
    [
      { heading: ['at the end, by'], align: 'left' },
      { heading: ['USD'], align: 'right' },
      { heading: ['95 % interval'], align: 'left' },
      { heading: ['over budget'], align: 'right' },
    ],
    rows.map(([name, quantity]) => [
      name,
      wholeMoney(quantity.value),
      quantity.low === null || quantity.high === null
        ? ''
        : `${wholeMoney(quantity.low)} to ${wholeMoney(quantity.high)}`,
      isKnown(quantity) && budgetUsd > 0 ? signedShare(quantity.value / budgetUsd - 1) : '',
    ]),
  );
  const since = alertedSince === null ? '' : ` First seen after ${alertedSince}.`;
  const end = usedUpIn === null ? '' : ` At the run rate it is used up in ${usedUpIn}.`;
  return [
    ...grid,
    '',
    ...wrapText(`${STATUS[status]}${since}${end}`, WIDTH),
    ...rows.flatMap(([name, quantity]) =>
      isKnown(quantity) ? [] : wrapText(`Unknown: ${name}: ${quantity.reason}.`, WIDTH),
    ),
  ];
}

const STATUS = {
  within: 'On course: the run rate stays within the budget.',
  watch: 'Watch: the run rate goes over the budget, though not beyond its own uncertainty.',
  over: 'Alert: the run rate goes over the budget, even at its lower bound.',
  spent: 'Alert: the whole budget is spent.',
} as const;

function signedShare(share: number): string {
  return `${share > 0 ? '+' : ''}${shareText(share)}`;
}

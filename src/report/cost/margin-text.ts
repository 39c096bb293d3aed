import type { GroupMargin, MarginTarget } from '../../economics/business/group-margin.ts';
import { SUBSCRIPTION_COLUMNS } from '../../economics/business/usage-ledger.ts';
import type { UsageMargins } from '../../economics/business/usage-margins.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { counted, plainText } from '../format.ts';
import { type GridColumn, textGrid, wrapText } from '../text-grid.ts';
import type { CloudEfficiency, ShownMargins } from './margin-json.ts';
import { countText, moneyText, nameText, shareText } from './margin-money.ts';

const WIDTH = 100;
/** For all names of a group together. */
const NAMES_WIDTH = 32;
/** More of them side by side would not fit. */
const TARGETS_A_TABLE = 3;
const MOST_REASONS = 10;

/** Gross margins for a terminal: what they rest on, losers first, and what would have to change. */
export function renderMargins(shown: ShownMargins): string {
  const { margins } = shown;
  const { groups: top, total } = margins;
  const lines = [
    ...wrapText(introText(shown), WIDTH),
    '',
    ...moneyTable(shown, top),
    ...moreLine(margins),
    ...targetTables(shown, top),
    '',
    ...summaryLines(shown),
    ...unpricedLines(total),
    ...subscriptionLine(shown),
    ...signLines([...top, total]),
    `Seed of the intervals: ${shown.seed}.`,
  ];
  return `${lines.join('\n')}\n`;
}

function introText({ file, margins, priceSource, revenueSource }: ShownMargins): string {
  const by = margins.by.map(plainText).join(', ');
  const revenue = revenueSource === null ? 'no revenue is given' : `revenue: ${revenueSource}`;
  return (
    `Gross margin by ${by}, largest loss first. ${plainText(file)}: ` +
    `${countText(margins.total.rows)} rows; prices: ${plainText(priceSource)}; ${plainText(revenue)}.`
  );
}

const right = (...heading: string[]): GridColumn => ({ heading, align: 'right' });

function nameColumns(by: readonly string[]): GridColumn[] {
  return by.map((column) => ({ heading: [nameText(column, nameWidth(by))], align: 'left' }));
}

function nameWidth(by: readonly string[]): number {
  return Math.max(6, Math.floor(NAMES_WIDTH / by.length));
}

function namesOf({ names }: GroupMargin, by: readonly string[]): string[] {
  return names.map((name) => nameText(name, nameWidth(by)));
}

function moneyTable({ margins }: ShownMargins, top: readonly GroupMargin[]): string[] {
  const { by, total } = margins;
  const hasInterval = total.cogsUsd.low !== null || top.some(({ cogsUsd }) => cogsUsd.low !== null);
  const cells = (group: GroupMargin) => [
    usdOrUnknown(group.revenueUsd),
    cogsText(group),
    marginText(group),
    shareOrReason(group.grossMarginShare),
    ...(hasInterval ? [intervalOf(group)] : []),
  ];
  return textGrid(
    [
      ...nameColumns(by),
      right('revenue'),
      right('COGS'),
      right('margin'),
      right('margin %'),
      ...(hasInterval ? [right('95 % interval')] : []),
    ],
    [
      ...top.map((group) => [...namesOf(group, by), ...cells(group)]),
      ['total', ...by.slice(1).map(() => ''), ...cells(total)],
    ],
  );
}

function usdOrUnknown(quantity: Quantity): string {
  return isKnown(quantity) ? moneyText(quantity.value) : 'unknown';
}

/** Of an unknown cost, what it is at least. */
function cogsText({ cogsUsd, cogsAtLeastUsd }: GroupMargin): string {
  if (isKnown(cogsUsd) || cogsAtLeastUsd === null) return usdOrUnknown(cogsUsd);
  return `≥ ${moneyText(cogsAtLeastUsd)}`;
}

function marginText({ grossMarginUsd, revenueUsd, cogsAtLeastUsd }: GroupMargin): string {
  if (isKnown(grossMarginUsd) || !isKnown(revenueUsd) || cogsAtLeastUsd === null) {
    return usdOrUnknown(grossMarginUsd);
  }
  return `≤ ${moneyText(revenueUsd.value - cogsAtLeastUsd)}`;
}

function shareOrReason(share: Quantity): string {
  if (isKnown(share)) return shareText(share.value);
  return share.reason === 'there is no revenue' ? 'n/a' : 'unknown';
}

/** Of the percentage; of the dollars where there is no percentage. */
function intervalOf({ grossMarginShare, grossMarginUsd }: GroupMargin): string {
  if (isKnown(grossMarginShare)) return rangeText(grossMarginShare, shareText);
  return rangeText(grossMarginUsd, moneyText);
}

function rangeText({ low, high }: Quantity, text: (value: number) => string): string {
  return low === null || high === null ? '' : `${text(low)} to ${text(high)}`;
}

function moreLine({ groups, groupCount }: UsageMargins): string[] {
  const more = groupCount - groups.length;
  if (more <= 0) return [];
  return wrapText(
    `The total holds ${countText(more)} more groups, which lose less or earn more: --top shows more of them, ` +
      '--csv writes all.',
    WIDTH,
  );
}

function targetTables({ margins }: ShownMargins, top: readonly GroupMargin[]): string[] {
  const targets = margins.total.targets.map(({ margin }) => margin);
  const withCustomers = top.every(({ customerMonths }) => customerMonths > 0);
  const unit = withCustomers ? 'a customer and month' : 'in all';
  const lines: string[] = [];
  for (let from = 0; from < targets.length; from += TARGETS_A_TABLE) {
    const some = targets.slice(from, from + TARGETS_A_TABLE);
    lines.push(
      '',
      `For a gross margin of ${some.map((target) => `${numberOf(100 * target)} %`).join(', ')}: revenue ${unit}, or token cost to cut.`,
      ...textGrid(
        [
          ...nameColumns(margins.by),
          ...some.flatMap((target) => {
            const percent = `${numberOf(100 * target)} %`;
            return [right(`for ${percent}`), right('cut')];
          }),
        ],
        top.map((group) => [
          ...namesOf(group, margins.by),
          ...some.flatMap((margin) =>
            targetCells(
              group.targets.find((target) => target.margin === margin),
              withCustomers,
            ),
          ),
        ]),
      ),
    );
  }
  return lines;
}

/** 50, 62.5: percents as they were typed. */
function numberOf(percent: number): string {
  return String(Number(percent.toPrecision(6)));
}

function targetCells(target: MarginTarget | undefined, withCustomers: boolean): [string, string] {
  if (target === undefined) return ['', ''];
  const { usageCut } = target;
  const revenue = withCustomers ? target.usdPerCustomerMonth : target.revenueUsd;
  return [usdOrUnknown(revenue), cutText(usageCut)];
}

function cutText(cut: Quantity): string {
  if (!isKnown(cut)) return shareOrReason(cut);
  if (cut.value === 0) return 'none';
  return cut.value > 1 ? 'too little' : shareText(cut.value);
}

function summaryLines(shown: ShownMargins): string[] {
  const { margins, cloudEfficiency, postedUsdPerRequest } = shown;
  const { cogsPerRevenue, usdPerRequest } = margins.total;
  const texts = [
    isKnown(cogsPerRevenue)
      ? `A dollar of revenue costs $${cogsPerRevenue.value.toPrecision(4)}.`
      : null,
    isKnown(usdPerRequest) ? requestText(usdPerRequest.value, postedUsdPerRequest) : null,
    cloudEfficiency === null ? null : efficiencyText(cloudEfficiency),
  ];
  return texts.flatMap((text) => (text === null ? [] : wrapText(text, WIDTH)));
}

function requestText(usdPerRequest: number, postedUsd: number | null): string {
  const posted =
    postedUsd === null
      ? ''
      : `, ${Number((usdPerRequest / postedUsd).toPrecision(4))} times the posted ${moneyText(postedUsd)}`;
  return `A request costs $${usdPerRequest.toPrecision(3)} on average${posted}.`;
}

function efficiencyText({ cloudUsd, rate, before, change }: CloudEfficiency): string {
  if (!isKnown(rate)) {
    return 'Cloud Efficiency Rate: unknown, since the revenue or the cost of all rows is.';
  }
  const cost =
    cloudUsd === null ? 'with the COGS as cloud cost' : `at ${moneyText(cloudUsd)} of cloud cost`;
  const now = `Cloud Efficiency Rate: ${shareText(rate.value)} ${cost}`;
  if (before === null || change === null) return `${now}.`;
  const { points, relative, costShareFactor } = change;
  const sign = points < 0 ? '' : '+';
  // Nothing is a share of a rate of 0.
  const ofRate = Number.isNaN(relative)
    ? ''
    : `, which is ${sign}${shareText(relative)} of the rate`;
  return (
    `${now}, ${shareText(before)} before: ${sign}${(100 * points).toFixed(2)} points${ofRate}; ` +
    `the cost's share of revenue is ×${Number(costShareFactor.toPrecision(4))}.`
  );
}

function unpricedLines({ unpriced, cogsUsd }: GroupMargin): string[] {
  const reasons = [...unpriced];
  if (reasons.length === 0) {
    return isKnown(cogsUsd) ? [] : wrapText(`Unknown: ${plainText(cogsUsd.reason)}.`, WIDTH, '  ');
  }
  const lines = reasons
    .slice(0, MOST_REASONS)
    .flatMap(([reason, rows]) =>
      wrapText(`Unknown: ${plainText(reason)}: ${counted(rows, 'row')}.`, WIDTH, '  '),
    );
  const more = reasons.length - MOST_REASONS;
  return more > 0 ? [...lines, `Unknown for ${more} more reasons: see --json.`] : lines;
}

function subscriptionLine({ margins: { by }, plansBelongToCustomers }: ShownMargins): string[] {
  const others = by.filter((column) => !SUBSCRIPTION_COLUMNS.includes(column));
  if (!plansBelongToCustomers || others.length === 0) return [];
  return wrapText(
    `What plans pay belongs to a customer, not to a ${others.map(plainText).join(' or ')}: it stands under (none).`,
    WIDTH,
  );
}

/** What signs in the tables mean, where they are there. */
function signLines(groups: readonly GroupMargin[]): string[] {
  const has = (test: (group: GroupMargin) => boolean) => groups.some(test);
  const texts = [
    has(({ cogsAtLeastUsd }) => cogsAtLeastUsd !== null)
      ? '≥ and ≤: what is known of a cost that is not known in full; it is never taken for 0.'
      : null,
    has(({ revenueUsd }) => revenueUsd.value === 0)
      ? 'n/a: without revenue a margin is an amount, not a percentage.'
      : null,
    has(({ targets }) => targets.some(({ usageCut }) => (usageCut.value ?? 0) > 1))
      ? 'too little: costs beside tokens alone are more than that margin leaves.'
      : null,
  ];
  return texts.filter((text) => text !== null);
}

import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { monthlyFactor } from '../../economics/scenario/change-rate.ts';
import { formatNumber, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { figureText, usdText, valueText } from './figure.ts';
import type { ShownScenario, ShownScenarios } from './scenario-json.ts';
import { signedMoney, wholeMoney } from './scenario-money.ts';

const WIDTH = 100;
const LONGEST_NAME = 34;

/** What `mtok cost scenario` found: an overview of several scenarios, then each over time. */
export function renderScenarios(shown: ShownScenarios, withDetails: boolean): string {
  const { scenarios } = shown;
  const detailed = withDetails || scenarios.length === 1 ? scenarios : [];
  const lines = [
    ...postedLines(shown),
    ...impliedLines(shown),
    ...(scenarios.length > 1 ? overview(shown) : []),
    ...detailed.flatMap((scenario, i) => [
      ...(i > 0 || scenarios.length > 1 ? [''] : []),
      ...detailLines(scenario, shown),
    ]),
    ...(detailed.length === 0
      ? ['', '--details shows each over time, with intervals where changes are ranges.']
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function postedLines({ posted }: ShownScenarios): string[] {
  if (posted === null) return [];
  const { inputs, results } = posted;
  const ratio = isKnown(results.outputToInput)
    ? `; an output token costs ${figureText(results.outputToInput)} times an input token`
    : '';
  return wrapText(
    `At the start: ${figureText(inputs.mtokPerYear)} Mtok a year at ${usdText(results.blendedUsdPerMtok)} per Mtok, ` +
      `blended ${valueText(inputs.blendInput)}:${valueText(inputs.blendOutput)}${ratio}.`,
    WIDTH,
  );
}

function impliedLines({ implied, scenarios }: ShownScenarios): string[] {
  const [scenario] = scenarios;
  if (implied === null || scenario === undefined) return [];
  const { priceFactor, volumeFactor, years } = scenario.result.points.at(-1) ?? {};
  const what = implied.isDemand ? 'a volume' : 'a price';
  const factor = implied.isDemand ? volumeFactor : priceFactor;
  if (factor === undefined || years === undefined) return [];
  return wrapText(
    `The spend at the end implies ${what} of ${factorText(factor)} times that at the start, ` +
      `${percentChange(implied.factorPerYear)} a year.`,
    WIDTH,
  );
}

function overview({ scenarios, claim }: ShownScenarios): string[] {
  const years = scenarios[0]?.result.points.at(-1)?.years ?? 0;
  return textGrid(
    [
      { heading: ['', 'scenario'], align: 'left' },
      { heading: ['spend', 'each year'], align: 'right' },
      { heading: ['flat at', 'demand'], align: 'right' },
      { heading: [`after ${timeText(years)}`, 'USD/year'], align: 'right' },
      { heading: ['total', 'USD'], align: 'right' },
      ...(claim === null ? [] : [{ heading: ['claim:', claim], align: 'left' as const }]),
    ],
    scenarios.map(({ name, result, verdict }) => [
      shortName(name),
      percentChange({ ...result.spendFactorPerYear }, false),
      sharePercent(result.flatSpendGrowth.value),
      wholeMoney(result.points.at(-1)?.spendUsdPerYear.value ?? null),
      wholeMoney(result.points.at(-1)?.totalUsd.value ?? null),
      ...(verdict === null ? [] : [verdict]),
    ]),
  );
}

function detailLines(scenario: ShownScenario, { unit, claim }: ShownScenarios): string[] {
  const { name, inputs, result, verdict } = scenario;
  const { points } = result;
  const hasIntervals = points.some(({ spendUsdPerYear }) => spendUsdPerYear.low !== null);
  const table = textGrid(
    [
      { heading: ['after'], align: 'right' },
      { heading: ['price'], align: 'right' },
      { heading: ['volume'], align: 'right' },
      { heading: ['USD/year'], align: 'right' },
      ...(hasIntervals ? [{ heading: ['95 % interval'], align: 'left' as const }] : []),
      { heading: ['total USD so far'], align: 'right' },
    ],
    points.map((point) => [
      unit === 'year' ? timeText(point.years) : monthsText(point.years),
      `x ${figure(point.priceFactor.value)}`,
      `x ${figure(point.volumeFactor.value)}`,
      wholeMoney(point.spendUsdPerYear.value),
      ...(hasIntervals ? [moneyInterval(point.spendUsdPerYear)] : []),
      wholeMoney(point.totalUsd.value),
    ]),
  );
  return [
    ...wrapText(
      `${plainText(name)}: a year multiplies the price by ${factorText(inputs.priceFactorPerYear)} ` +
        `(${monthChange(inputs.priceFactorPerYear)} a month) and the volume by ` +
        `${factorText(inputs.volumeFactorPerYear)} (${monthChange(inputs.volumeFactorPerYear)} a month).`,
      WIDTH,
    ),
    '',
    ...table,
    '',
    ...wrapText(
      `Spend changes by ${percentChange(result.spendFactorPerYear)} a year. It would stay flat with demand at ` +
        `${growthText(result.flatSpendGrowth)} a year.`,
      WIDTH,
    ),
    ...wrapText(sharesText(scenario, unit), WIDTH),
    ...(verdict === null
      ? []
      : wrapText(`The claim that spend ${claim}: ${VERDICTS[verdict]}.`, WIDTH)),
  ];
}

const VERDICTS = {
  agrees: 'agrees with these changes',
  contradicts: 'contradicts these changes',
  undecided: 'undecided, the changes leave it open',
} as const;

function sharesText({ result }: ShownScenario, unit: ShownScenarios['unit']): string {
  const { changeUsd, priceUsd, volumeUsd, points } = result;
  const years = points.at(-1)?.years ?? 0;
  const less = changeUsd.value !== null && changeUsd.value < 0;
  const size = changeUsd.value === null ? null : Math.abs(changeUsd.value);
  return (
    `After ${unit === 'year' ? timeText(years) : monthsText(years)} USD/year is ${wholeMoney(size)} ` +
    `${less ? 'less' : 'more'} than at the start: prices make ${signedMoney(priceUsd.value)} of it and volume ` +
    `${signedMoney(volumeUsd.value)}. USD/year is the pace at a moment, the total what was spent until then.`
  );
}

function moneyInterval({ low, high }: Quantity): string {
  return low === null || high === null ? '' : `${wholeMoney(low)} to ${wholeMoney(high)}`;
}

function timeText(years: number): string {
  return years === 1 ? '1 year' : `${figure(years)} years`;
}

function monthsText(years: number): string {
  const months = Math.round(1e6 * 12 * years) / 1e6;
  return months === 1 ? '1 month' : `${figure(months)} months`;
}

/** Three digits; no trailing zeros. */
function figure(value: number | null): string {
  if (value === null) return 'unknown';
  const text = formatNumber(value);
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

function factorText({ value, low, high }: Quantity): string {
  const interval = low === null || high === null ? '' : ` (${figure(low)} to ${figure(high)})`;
  return `${figure(value)}${interval}`;
}

/** `-60 % (-70 % to -40 %)` of a factor. */
function percentChange({ value, low, high }: Quantity, withInterval = true): string {
  if (value === null) return 'unknown';
  const interval =
    !withInterval || low === null || high === null
      ? ''
      : ` (${sharePercent(low - 1)} to ${sharePercent(high - 1)})`;
  return `${sharePercent(value - 1)}${interval}`;
}

function growthText({ value, low, high }: Quantity): string {
  const interval =
    low === null || high === null ? '' : ` (${sharePercent(low)} to ${sharePercent(high)})`;
  return `${sharePercent(value)}${interval}`;
}

function monthChange({ value }: Quantity): string {
  return value === null ? 'unknown' : sharePercent(monthlyFactor(value) - 1);
}

function sharePercent(share: number | null): string {
  if (share === null) return 'unknown';
  // A factor of 0.1 · 10 is not quite 1.
  const percent = Math.abs(share) < 1e-9 ? 0 : 100 * share;
  return `${percent > 0 ? '+' : ''}${figure(percent)} %`;
}

function shortName(name: string): string {
  const plain = plainText(name);
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME - 1)}…` : plain;
}

import { isKnown, type Quantity } from '../../economics/quantity.ts';
import type { SplitMethod } from '../../economics/tokens/split-methods.ts';
import { HOURS_PER_MONTH } from '../../economics/units.ts';
import { formatNumber, formatUsd, plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { figureText, intervalText, percentText, usdText, valueText } from './figure.ts';
import type { TokenExtras } from './token-extras.ts';

const WIDTH = 100;

const RULES: Readonly<Record<SplitMethod, string>> = {
  'gpu-seconds': 'GPU-seconds (the split above)',
  'multiplier-2.5': 'an output token counts 2.5 (OpenCost)',
  'multiplier-3': 'an output token counts 3 (NVIDIA)',
  'request-seconds': 'seconds of requests',
  'mean-tpot-sum': 'prefill s against mean s/output token',
};

/** Below this a line through the steps leaves too much unsaid to split by. */
const LEAST_R_SQUARED = 0.9;

/** The sections that were asked for beyond the prices, each with a blank line before it. */
export function tokenExtraLines(extras: TokenExtras): string[] {
  return [
    ...ruleLines(extras),
    ...stepFitLines(extras),
    ...allocationLines(extras),
    ...monthlyLines(extras),
    ...energyLines(extras),
  ];
}

/** Said where the split is not measured. */
function ruleLines({ allocationMethod }: TokenExtras): string[] {
  const weight = /^multiplier-(.*)$/.exec(allocationMethod)?.[1];
  if (weight === undefined) return [];
  const text =
    `Note: only a total rate is known, so the split is a rule: an output token counts as ${weight} computed input ` +
    'tokens. A request, the all-on views and the blended price of its own mix do not depend on it.';
  return ['', ...wrapText(text, WIDTH)];
}

function stepFitLines({ stepFit }: TokenExtras): string[] {
  if (stepFit === null) return [];
  const { fixedSeconds, secondsPerPrefillToken, secondsPerDecodeToken, rSquared, steps } = stepFit;
  const line =
    `Steps: ${steps} of mixed batches take ${formatNumber(1e3 * fixedSeconds)} ms + ` +
    `${formatNumber(1e6 * secondsPerPrefillToken)} µs a prefill token + ` +
    `${formatNumber(1e6 * secondsPerDecodeToken)} µs a decode token (least squares, R² ${rSquared.toFixed(3)}). ` +
    'The fixed part is charged to the phase in the step, in mixed ones by the time of their tokens.';
  const poor =
    rSquared >= LEAST_R_SQUARED
      ? []
      : wrapText(
          `Note: R² is below ${LEAST_R_SQUARED}: other things than token counts move the step times, and the split ` +
            'is a rough one.',
          WIDTH,
        );
  return ['', ...wrapText(line, WIDTH), ...poor];
}

function allocationLines({ allocations, batch }: TokenExtras): string[] {
  if (allocations.length === 0) return [];
  const rows = allocations.map(({ allocationMethod, figures }) => [
    RULES[allocationMethod],
    isKnown(figures.inputShare) ? percentText(figures.inputShare.value) : 'unknown',
    valueText(figures.inputUsdPerMtok),
    valueText(figures.outputUsdPerMtok),
    intervalText(figures.outputUsdPerMtok),
  ]);
  const reasons = new Set(
    allocations.map(({ figures }) => reasonOf(figures.inputShare)).filter((text) => text !== ''),
  );
  const held = batch === null ? '' : ` Requests are taken to decode ${batch} at a time.`;
  return [
    '',
    'The same bill by other rules:',
    ...textGrid(
      [
        { heading: ['rule', ''], align: 'left' },
        { heading: ['input', 'bears'], align: 'right' },
        { heading: ['USD per 1M', 'input'], align: 'right' },
        { heading: ['USD per 1M', 'output'], align: 'right' },
        { heading: ['95 % interval', 'of output'], align: 'left' },
      ],
      rows,
    ),
    ...wrapText(
      'Only the first charges each phase the GPU time it takes. Seconds of requests count a step once for every sequence in it, and a mean time per ' +
        `token leaves out how many tokens there are.${held}`,
      WIDTH,
    ),
    ...[...reasons].flatMap((reason) => wrapText(`Unknown: ${reason}.`, WIDTH)),
  ];
}

function reasonOf(quantity: Quantity): string {
  return isKnown(quantity) ? '' : plainText(quantity.reason);
}

function monthlyLines({ monthly }: TokenExtras): string[] {
  if (monthly === null) return [];
  const { requests, figures } = monthly;
  const { usdPerMonth, deployments, wholeDeployments, wholeUsdPerMonth } = figures;
  const { requestsPerDeploymentMonth, wholeUtilization } = figures;
  const title = `A month of ${figureText(requests)} requests`;
  if (!isKnown(deployments) || !isKnown(wholeDeployments)) {
    return ['', ...wrapText(`${title}: ${figureText(deployments)}.`, WIDTH)];
  }
  const count = wholeDeployments.value;
  const range = wholeDeployments.low === null ? '' : ` (${intervalText(wholeDeployments)})`;
  const served = isKnown(wholeUtilization) ? percentText(wholeUtilization.value) : 'unknown';
  const lines = [
    `${title} (${HOURS_PER_MONTH} h): ${usdText(usdPerMonth)} at this utilisation, for ${figureText(deployments)} ` +
      'deployments in parts.',
    `Whole deployments: ${count}${range} at ${moneyText(wholeUsdPerMonth)} a month, which would serve ${served} of ` +
      'the time.',
    ...(count > 1
      ? [
          `Note: this is more than one deployment serves at this utilisation, ${figureText(requestsPerDeploymentMonth)} ` +
            'requests a month.',
        ]
      : []),
  ];
  return ['', ...lines.flatMap((line) => wrapText(line, WIDTH))];
}

/** Bills of a month, to the cent. */
function moneyText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  const interval =
    low === null || high === null ? '' : ` (${formatUsd(low)} to ${formatUsd(high)})`;
  return `${formatUsd(value)}${interval}`;
}

function energyLines({ energy }: TokenExtras): string[] {
  if (energy === null) return [];
  const { source, figures } = energy;
  const { joulesPerInputToken: input, joulesPerOutputToken: output, joulesPerRequest } = figures;
  if (source === null) return ['', ...wrapText(`Energy: ${figureText(joulesPerRequest)}.`, WIDTH)];
  const text =
    `Energy (${source}, idle power included): ${figureText(input)} J an input token, ${figureText(output)} J an output ` +
    `token, ${figureText(joulesPerRequest)} J a request; ${figureText(figures.outputKilowattHoursPerMtok)} kWh per ` +
    'million output tokens. Rented prices already hold it: add it only to what you own.';
  return ['', ...wrapText(text, WIDTH)];
}

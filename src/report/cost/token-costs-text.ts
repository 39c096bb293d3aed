import { isKnown, type Quantity } from '../../economics/quantity.ts';
import type { CostInput, CostResult } from '../../economics/tokens/token-costs.ts';
import { plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import { figureText, intervalText, percentText, usdText, valueText } from './figure.ts';
import type { ShownTokenCosts } from './token-costs-json.ts';
import { tokenExtraLines } from './token-extras-lines.ts';
import { tornadoLines } from './tornado-lines.ts';

const WIDTH = 100;

const INPUT_NAMES: Readonly<Record<CostInput, string>> = {
  prefillTps: 'prefill tok/s',
  decodeTps: 'decode tok/s',
  usdPerGpuHour: 'USD per GPU-hour',
  gpus: 'GPUs',
  utilization: 'utilisation',
  cacheHit: 'cache hits',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  blendInput: 'blend, input',
  blendOutput: 'blend, output',
};

const ROWS: readonly [title: string, result: CostResult][] = [
  ['a request', 'usdPerRequest'],
  ['split: 1M input tokens', 'inputUsdPerMtok'],
  ['split: 1M output tokens', 'outputUsdPerMtok'],
  ['blended: 1M tokens', 'blendedUsdPerMtok'],
  ['all on output: 1M output tokens', 'allOnOutputUsdPerMtok'],
  ['all on total: 1M tokens', 'allOnTotalUsdPerMtok'],
];

/** One answer of `mtok cost tokens` for a terminal: what it rests on, a table of dollars, how to read it. */
export function renderTokenCosts(shown: ShownTokenCosts): string {
  const { record, inputs, results, flags } = shown;
  const unknowns = ROWS.flatMap(([title, result]) => unknownLines(title, results[result]));
  const notes = [
    ...unknowns,
    ...flags.flatMap(({ message }) => wrapText(`Note: ${message}`, WIDTH)),
  ];
  const lines = [
    ...(record === null
      ? []
      : wrapText(
          `${plainText(record.name)} on ${plainText(record.device)}, record ${record.id}`,
          WIDTH,
        )),
    ...wrapText(requestText(inputs), WIDTH),
    ...wrapText(deploymentText(shown), WIDTH),
    '',
    ...textGrid(
      [
        { heading: ['cost of'], align: 'left' },
        { heading: ['USD'], align: 'right' },
        { heading: ['95 % interval'], align: 'left' },
      ],
      ROWS.map(([title, result]) => [
        title,
        valueText(results[result]),
        intervalText(results[result]),
      ]),
    ),
    ...section([...timeLines(shown), ...checkLines(shown)]),
    ...tornadoSection(shown),
    ...tokenExtraLines(shown.extras),
    ...section(notes),
  ];
  return `${lines.join('\n')}\n`;
}

/** Lines with a blank one before them; nothing for none. */
function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function requestText(inputs: ShownTokenCosts['inputs']): string {
  const { inputTokens, outputTokens, cacheHit } = inputs;
  const cached =
    cacheHit.value === 0 ? '' : `, ${shareText(cacheHit)} of the input from a prefix cache`;
  return `Request: ${figureText(inputTokens)} tokens in, ${figureText(outputTokens)} out${cached}.`;
}

function deploymentText({ inputs, priceSource }: ShownTokenCosts): string {
  const { gpus, usdPerGpuHour, utilization, prefillTps, decodeTps } = inputs;
  const number = gpus.value === 1 ? '1 GPU' : `${figureText(gpus)} GPUs`;
  return (
    `Deployment: ${number} at ${usdText(usdPerGpuHour)} an hour each (${plainText(priceSource)}), serving ` +
    `${shareText(utilization)} of the time; prefill ${rateText(prefillTps)}, decode ${rateText(decodeTps)}.`
  );
}

/** `2000 (1900 to 2100) tok/s`; why it is unknown is said below. */
function rateText(rate: Quantity): string {
  return isKnown(rate) ? `${figureText(rate)} tok/s` : 'unknown';
}

function shareText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  const interval =
    low === null || high === null ? '' : ` (${percentText(low)} to ${percentText(high)})`;
  return `${percentText(value)}${interval}`;
}

function timeLines({ results }: ShownTokenCosts): string[] {
  const {
    gpuSecondsPerRequest: seconds,
    requestsPerSecond: rate,
    cacheSavingShare: saving,
  } = results;
  if (!isKnown(seconds)) return [];
  const saved =
    isKnown(saving) && saving.value > 0
      ? ` The cache saves ${shareText(saving)} of a request's cost.`
      : '';
  const most = isKnown(rate) ? `: at most ${figureText(rate)} requests/s` : '';
  return wrapText(
    `A request keeps the deployment busy for ${figureText(seconds)} s${most}.${saved}`,
    WIDTH,
  );
}

/** The split view adds up; said with the figures, so that a reader can see it. */
function checkLines({ inputs, results }: ShownTokenCosts): string[] {
  const { inputTokens, outputTokens } = inputs;
  const { inputUsdPerMtok, outputUsdPerMtok, usdPerRequest } = results;
  if (!isKnown(inputUsdPerMtok) || !isKnown(outputUsdPerMtok) || !isKnown(usdPerRequest)) return [];
  return wrapText(
    `The split adds up: ${valueText(inputTokens)} × ${valueText(inputUsdPerMtok)} + ${valueText(outputTokens)} × ` +
      `${valueText(outputUsdPerMtok)} per million is $${valueText(usdPerRequest)}. The all-on views pay the same ` +
      'bill by themselves: do not add them.',
    WIDTH,
  );
}

function tornadoSection({ tornado }: ShownTokenCosts): string[] {
  if (tornado.length === 0) return [];
  return ['', ...tornadoLines(tornado, (input) => INPUT_NAMES[input], 'USD/request')];
}

function unknownLines(title: string, quantity: Quantity): string[] {
  return isKnown(quantity)
    ? []
    : wrapText(`Unknown: ${title}: ${plainText(quantity.reason)}.`, WIDTH);
}

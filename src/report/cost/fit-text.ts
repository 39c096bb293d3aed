import type { FitRow } from '../../economics/fit/fit-row.ts';
import { isKnown, isUncertain, type Quantity } from '../../economics/quantity.ts';
import { formatNumber, plainText } from '../format.ts';
import { type GridColumn, textGrid, wrapText } from '../text-grid.ts';
import { percentText, usdText } from './figure.ts';
import { expertReads, type ShownFit } from './fit-json.ts';

const WIDTH = 100;

interface Column extends GridColumn {
  cell: (row: FitRow) => string;
}

/** What `mtok cost fit` prints: what was asked, a row for each variant and context, what the rows assume. */
export function renderFit(shown: ShownFit): string {
  const columns = columnsOf(shown);
  const lines = [
    ...wrapText(modelText(shown), WIDTH),
    ...wrapText(gpuText(shown), WIDTH),
    '',
    ...textGrid(
      columns,
      shown.rows.map((row) => columns.map(({ cell }) => cell(row))),
    ),
    '',
    ...missingLines(shown),
    ...expertLines(shown),
    ...notes(shown).flatMap((note) => wrapText(note, WIDTH)),
  ];
  return `${lines.join('\n')}\n`;
}

function modelText({ model: { name, parameters, basis } }: ShownFit): string {
  const size = parameters === null ? '' : `, ${formatNumber(parameters / 1e9)} G parameters`;
  return `Model: ${plainText(name)}${size}. Weights: ${basis}.`;
}

function gpuText({ gpu, question }: ShownFit): string {
  const { memoryBytes, usableShare, activationBytes } = question.gpu;
  const activations =
    activationBytes === 0 ? '' : `, ${gigabytes(activationBytes)} GB of it for activations`;
  const price = isKnown(gpu.usdPerGpuHour)
    ? `; ${usdText(gpu.usdPerGpuHour)} an hour (${plainText(gpu.priceSource)})`
    : '';
  const given =
    question.gpus === null
      ? ''
      : ` Deployment: ${question.gpus} GPU${question.gpus === 1 ? '' : 's'}.`;
  return (
    `GPU: ${plainText(gpu.name)} with ${gigabytes(memoryBytes)} GB (${plainText(gpu.memorySource)}), ` +
    `${percentText(usableShare)} usable${activations}${price}.${given}`
  );
}

function columnsOf({ question, rows }: ShownFit): Column[] {
  const hasPrice = isKnown(question.usdPerGpuHour);
  const hasFloor = hasPrice && isKnown(question.bandwidthBytesPerSecond);
  const hasRate = hasPrice && isKnown(question.sequenceTps);
  const left = (cell: Column['cell'], ...heading: string[]): Column => ({
    heading,
    align: 'left',
    cell,
  });
  const right = (cell: Column['cell'], ...heading: string[]): Column => ({
    heading,
    align: 'right',
    cell,
  });
  const hasMissing = rows.some(({ isFitting }) => !isFitting);
  return [
    left(({ weights }) => weights, 'format'),
    left(({ kv }) => kv, 'KV'),
    right(({ contextTokens }) => `${contextTokens}`, 'context', 'tokens'),
    right(({ weightsBytes }) => gigabytes(weightsBytes), 'weights', 'GB'),
    right(({ kvBytesPerToken }) => formatNumber(kvBytesPerToken / 2 ** 10), 'KV/token', 'KiB'),
    right(({ kvBytesPerSequence }) => gigabytes(kvBytesPerSequence), 'KV/seq', 'GB'),
    right(({ gpusNeeded }) => `${gpusNeeded ?? 'never'}`, 'GPUs', 'needed'),
    right(({ largestBatch }) => `${largestBatch ?? 'none'}`, 'largest', 'batch'),
    ...(hasMissing
      ? [
          right(
            ({ isFitting, missingBytes }) => (isFitting ? '' : gigabytes(missingBytes)),
            'missing',
            'GB',
          ),
        ]
      : []),
    ...(hasPrice ? [right(({ usdPerHour }) => amount(usdPerHour), 'USD/h')] : []),
    ...(hasFloor
      ? [right(({ leastOutputUsdPerMtok: usd }) => amount(usd), 'floor', 'USD/Mtok')]
      : []),
    ...(hasRate ? [right(({ outputUsdPerMtok: usd }) => amount(usd), 'at rate', 'USD/Mtok')] : []),
  ];
}

function missingLines({ rows, question: { gpus, batch } }: ShownFit): string[] {
  const lacking = rows.filter(({ isFitting }) => !isFitting).length;
  if (lacking === 0) return [];
  const where = gpus === null ? 'any number of GPUs' : gpus === 1 ? '1 GPU' : `${gpus} GPUs`;
  const what = batch === 1 ? 'a sequence' : `${batch} sequences`;
  return wrapText(
    `Does not fit on ${where}: ${lacking} of ${rows.length} rows; missing are the GB that ${what} of the whole ` +
      'context would need beyond what is usable.',
    WIDTH,
  );
}

function expertLines(shown: ShownFit): string[] {
  const reads = expertReads(shown);
  if (reads === null) return [];
  const { experts, activeExperts, byBatch, expertParameterShare: inExperts } = reads;
  const shares = byBatch.map(
    ({ batch, expertsReadShare: share }) => `${sharePercent(share)} at batch ${batch}`,
  );
  return wrapText(
    `Experts: ${activeExperts} of ${experts} for a token, with ${percentText(inExperts)} of the parameters in them. A ` +
      `decode step reads ${shares.join(', ')} of the experts' weights: computing with few of them saves compute, ` +
      'not the memory traffic of a batch, and all of them must fit.',
    WIDTH,
  );
}

/** `99.99 %`: shares near one need their digits. */
function sharePercent(share: number): string {
  return share > 0.99 ? `${(100 * share).toFixed(2)} %` : percentText(share);
}

function notes({ question, gpu, withScales, rows }: ShownFit): string[] {
  const scales = withScales
    ? 'int8 and int4 have an f16 scale for 32 weights (8.5 and 4.5 bits), int8 caches an f32 scale for a head.'
    : 'Scales of quantised blocks are not counted.';
  const shared = rows.some(({ gpus }) => (gpus ?? 1) > 1)
    ? [
        'Over several GPUs (tensor parallel) weights are divided evenly and the cache by whole heads; engines often ' +
          'take only numbers that divide the attention heads: round up to 2, 4 or 8.',
      ]
    : [];
  const floor =
    isKnown(question.usdPerGpuHour) && isKnown(question.bandwidthBytesPerSecond)
      ? [
          `Floor: USD per million output tokens, all memory read once a step at the peak of ${formatNumber(question.bandwidthBytesPerSecond.value / 1e12)} ` +
            'TB/s a GPU, at the largest batch; no engine reaches it. It is all on output: it has no prefill in it.',
        ]
      : [];
  const rate = isKnown(question.sequenceTps) ? rateNotes(rows, question.sequenceTps.value) : [];
  const price = isKnown(gpu.usdPerGpuHour)
    ? []
    : [`Costs are unknown: ${plainText(gpu.usdPerGpuHour.reason)}.`];
  const ranges = isUncertain(question.usdPerGpuHour) || isUncertain(question.sequenceTps);
  return [
    ...price,
    ...(ranges
      ? ['Costs are those of the middle of the given ranges; --json has their intervals.']
      : []),
    'Batch: sequences that all have the whole context. GB are 10⁹ bytes.',
    scales,
    ...shared,
    ...floor,
    ...rate,
  ];
}

/** A rate that is read off a smaller batch cannot be had at a larger one: said where memory forbids it. */
function rateNotes(rows: readonly FitRow[], sequenceTps: number): string[] {
  const tooFast = rows.filter(
    ({ largestBatch, mostDecodeTps }) =>
      isKnown(mostDecodeTps) && (largestBatch ?? 0) * sequenceTps > mostDecodeTps.value,
  ).length;
  return [
    `At rate: every sequence of the largest batch makes ${formatNumber(sequenceTps)} tokens a second.`,
    ...(tooFast === 0
      ? []
      : [
          `In ${tooFast} of ${rows.length} rows that is faster than memory allows: below the floor.`,
        ]),
  ];
}

function amount(quantity: Quantity): string {
  return isKnown(quantity) ? formatNumber(quantity.value) : '-';
}

function gigabytes(bytes: number): string {
  return formatNumber(bytes / 1e9);
}

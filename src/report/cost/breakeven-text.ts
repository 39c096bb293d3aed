import type { BreakEven } from '../../economics/business/break-even.ts';
import { peakToMean, type VolumeCosts } from '../../economics/business/volume-costs.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { formatNumber, plainText } from '../format.ts';
import { wrapText } from '../text-grid.ts';
import type { ShownBreakEven } from './breakeven-json.ts';
import { cheapestOf, dollarsText, mtokText, volumeTable } from './breakeven-volumes.ts';
import { figureText, percentText, usdText, valueText } from './figure.ts';

const WIDTH = 100;

/** Self-host or API, for a terminal or a memo: both sides, the answer, a table of volumes, how to read it. */
export function renderBreakEven(shown: ShownBreakEven): string {
  const texts = [
    `Self-host or API${mixText(shown)}?`,
    selfText(shown),
    apiText(shown),
    null,
    answerText(shown),
    ...shown.volumes
      .filter(({ mtokPerMonth }) => shown.asked.includes(mtokPerMonth))
      .map(askedText),
    stepText(shown.breakEven),
  ];
  const lines = [
    ...texts.flatMap((text) =>
      text === null ? [''] : text === '' ? [] : wrapText(text, WIDTH, '  '),
    ),
    ...volumeTable(shown.volumes),
    '',
    ...notes(shown).flatMap((text) => wrapText(text, WIDTH)),
  ];
  return `${lines.join('\n')}\n`;
}

function mixText({ inputs, isRequest }: ShownBreakEven): string {
  const { inputTokens, outputTokens, cacheHit } = inputs;
  if (!isKnown(inputTokens) || !isKnown(outputTokens)) return '';
  const cached = cacheHit.value === 0 ? '' : `, ${shareText(cacheHit)} of the input cached`;
  if (!isRequest)
    return ` at ${valueText(inputTokens)}:${valueText(outputTokens)} input to output tokens${cached}`;
  return ` for requests of ${figureText(inputTokens)} tokens in, ${figureText(outputTokens)} out${cached}`;
}

function selfText({
  inputs,
  breakEven,
  record,
  gpuPriceSource,
  rateSource,
  profile,
}: ShownBreakEven): string {
  const { gpus, usdPerGpuHour, hoursPerMonth, maxUtilization, selfUsdPerMtok } = inputs;
  const { usdPerMonth, capacityMtok, servableMtok, capacityTps } = breakEven.results;
  const number = gpus.value === 1 ? '1 GPU' : `${valueText(gpus)} GPUs`;
  const share = maxUtilization.value === 1 ? '' : `, used to ${shareText(maxUtilization)}`;
  const byToken = selfUsdPerMtok.value === 0 ? '' : `, and ${usdText(selfUsdPerMtok)} per Mtok`;
  const from =
    record === null
      ? `${rateSource}, as given`
      : `${plainText(record.name)} on ${plainText(record.device)}, record ${record.id.slice(0, 8)}`;
  const peaks =
    profile.length > 1 && isKnown(servableMtok)
      ? `; ${mtokText(servableMtok.value)} Mtok of this load with its peaks`
      : '';
  const serves = isKnown(capacityMtok)
    ? `It serves ${volumeText(capacityMtok)} Mtok a month: ${figureText(capacityTps)} tok/s${share} (${from})${peaks}.`
    : `What it serves is unknown: ${plainText(capacityMtok.reason)}.`;
  return (
    `Self-host: ${number} at ${usdText(usdPerGpuHour)} an hour each (${plainText(gpuPriceSource)}): ` +
    `${monthText(usdPerMonth)} a month of ${valueText(hoursPerMonth)} h, used or not${byToken}. ${serves}`
  );
}

function apiText({ breakEven, inputs, apiSource }: ShownBreakEven): string {
  const { cacheHit, apiUsdPerRequest: fee } = inputs;
  const prices: [Quantity, string][] = [
    [inputs.apiInputUsdPerMtok, 'input'],
    // What no token costs would not explain the price.
    ...(cacheHit.value === 0
      ? []
      : [[inputs.apiCachedUsdPerMtok, 'cached input'] as [Quantity, string]]),
    [inputs.apiOutputUsdPerMtok, 'output'],
    ...(fee.value === 0 ? [] : [[fee, 'a request'] as [Quantity, string]]),
  ];
  const parts = prices.every(([price]) => isKnown(price))
    ? `; ${prices.map(([price, what]) => `${usdText(price)} ${what}`).join(', ')}`
    : '';
  const { apiUsdPerMtok: mixed } = breakEven.results;
  const price = isKnown(mixed)
    ? `${usdText(mixed)} per Mtok at this mix`
    : `price at this mix unknown, ${plainText(mixed.reason)}`;
  return `API: ${price} (${plainText(apiSource)}${parts}).`;
}

function answerText({ breakEven, volumes }: ShownBreakEven): string {
  const { verdict, reason, mtokPerMonth, utilization, probabilityNever, results } = breakEven;
  if (verdict === 'unknown') {
    const volume = isKnown(mtokPerMonth)
      ? `Break-even is ${volumeText(mtokPerMonth)} Mtok a month; whether it can serve that is not known`
      : 'There is no break-even to be had';
    return `Answer: unknown. ${volume}: ${plainText(reason ?? '')}.`;
  }
  const never =
    probabilityNever !== null && probabilityNever > 0
      ? `Never in ${percentText(probabilityNever)} of the draws.`
      : '';
  if (verdict === 'never') {
    const { servableMtok } = results;
    const volume =
      isKnown(mtokPerMonth) && isKnown(servableMtok)
        ? ` Break-even would be ${volumeText(mtokPerMonth)} Mtok a month, ` +
          `${formatNumber(mtokPerMonth.value / servableMtok.value)} times the ${volumeText(servableMtok)} it serves.`
        : '';
    const mixed = volumes.some((one) => cheapestOf(one) === 'hybrid')
      ? ' A mix with the API pays: see hybrid.'
      : '';
    return `Answer: never. Here ${plainText(reason ?? '')}.${volume}${mixed} ${never}`.trim();
  }
  return (
    `Answer: self-hosting is cheaper from ${volumeText(mtokPerMonth)} Mtok a month on, ` +
    `${utilizationText(utilization)} of what it serves. ${never}`
  ).trim();
}

const CHEAPEST = { API: 'the API', 'self-host': 'self-hosting', hybrid: 'a mix' } as const;

function askedText(volume: VolumeCosts): string {
  const { apiUsd, selfUsd, hybridUsd } = volume.results;
  const at = `At ${mtokText(volume.mtokPerMonth)} Mtok a month`;
  const cheapest = cheapestOf(volume);
  if (cheapest === null || !isKnown(apiUsd) || !isKnown(selfUsd) || !isKnown(hybridUsd)) {
    return `${at} the cheapest is unknown.`;
  }
  const probability = volume.probabilitySelfCheaper;
  const sure =
    probability === null
      ? ''
      : ` Self-hosting is cheaper than the API with probability ${probability.toFixed(2)}.`;
  const mixed = cheapest === 'hybrid' ? `, mixed ${dollarsText(hybridUsd.value)}` : '';
  return (
    `${at} ${CHEAPEST[cheapest]} is cheapest: API ` +
    `${dollarsText(apiUsd.value)}, self-host ${dollarsText(selfUsd.value)}${mixed}.${sure}`
  );
}

/** Deployments come whole: above as many as are full, self-hosting alone may be dearer again. */
function stepText({ verdict, mtokPerMonth, results: { servableMtok } }: BreakEven): string {
  if (verdict !== 'at' || !isKnown(mtokPerMonth) || !isKnown(servableMtok)) return '';
  const [pays, full] = [mtokPerMonth.value, servableMtok.value];
  if (2 * pays <= full) return '';
  const again =
    `Above ${mtokText(full)} Mtok a second deployment is needed: self-hosting alone costs more than the ` +
    `API again up to ${mtokText(2 * pays)} Mtok`;
  // The n-th is needed above (n − 1) full ones, and pays from n times the volume at which one does.
  const last = Math.ceil(full / (full - pays)) - 1;
  if (last <= 2) return `${again}.`;
  const until = Number.isFinite(last) ? `, the last time up to ${mtokText(last * pays)} Mtok` : '';
  return `${again}, and so above each further full one${until}.`;
}

function notes(shown: ShownBreakEven): string[] {
  const { breakEven, profile, volumes, flags, seed } = shown;
  const { saturatedUsdPerMtok } = breakEven.results;
  const full = isKnown(saturatedUsdPerMtok) ? `, ${usdText(saturatedUsdPerMtok)} per Mtok,` : '';
  return [
    `Self-hosting bears its whole bill, idle time included (allocation basis). The price at full load${full} is the ` +
      'usage basis: no price to hold against an API.',
    ...(volumes.length === 0
      ? []
      : [
          'hybrid: base load on whole deployments, what is above them to the API; the cheapest such mix.',
          profile.length === 1
            ? 'Load is taken as the same all month; with peaks more deployments are needed: give --profile.'
            : `Load: ${profile.length} equal parts of the time, the busiest at ${formatNumber(peakToMean(profile))} times the mean.`,
        ]),
    ...otherWorkload(shown),
    ...flags.map(({ message }) => `Note: ${plainText(message)}`),
    `Seed of the intervals: ${seed}.`,
  ];
}

/** Rates depend on how long requests are and how many are served at once: said where the record's were others. */
function otherWorkload({
  record,
  inputs: { inputTokens, outputTokens },
}: ShownBreakEven): string[] {
  if (record === null) return [];
  const { promptTokens, generatedTokens, batch } = record;
  if (inputTokens.value === promptTokens && outputTokens.value === generatedTokens) return [];
  const atOnce = batch === 1 ? 'one at a time' : `${batch} at once`;
  return [
    `The record measured ${promptTokens} tokens in, ${generatedTokens} out, ${atOnce}: that its rates hold for these ` +
      'requests is assumed.',
  ];
}

function shareText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  const interval =
    low === null || high === null ? '' : ` (${percentText(low)} to ${percentText(high)})`;
  return `${percentText(value)}${interval}`;
}

function utilizationText(quantity: Quantity): string {
  if (!isKnown(quantity)) return 'an unknown share';
  const { value, low, high } = quantity;
  // Bounds above all of it are bounds at which it never pays.
  const bound = (share: number) => (share > 1 ? 'never' : percentText(share));
  return low === null || high === null
    ? percentText(value)
    : `${percentText(value)} (${bound(low)} to ${bound(high)})`;
}

function volumeText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  return low === null || high === null
    ? mtokText(value)
    : `${mtokText(value)} (${mtokText(low)} to ${mtokText(high)})`;
}

function monthText(quantity: Quantity): string {
  if (!isKnown(quantity)) return figureText(quantity);
  const { value, low, high } = quantity;
  return low === null || high === null
    ? dollarsText(value)
    : `${dollarsText(value)} (${dollarsText(low)} to ${dollarsText(high)})`;
}

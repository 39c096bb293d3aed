import type { BenchRecord } from '../../core/record.ts';
import type { BreakEvenBasis, BreakEvenInput } from '../../economics/business/break-even.ts';
import { ratesOf } from '../../economics/prices/api-call.ts';
import { apiName, findApiPrice } from '../../economics/prices/lookup.ts';
import type { ApiPrice, PriceBook } from '../../economics/prices/price-book.ts';
import type { Inputs } from '../../economics/propagate.ts';
import { exact, type Known, type Quantity, unknown } from '../../economics/quantity.ts';
import { recordRates } from '../../economics/tokens/record-rates.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { type CostBreakevenArguments, parseHoursPerMonth } from './breakeven-options.ts';
import { parseDay } from './day-option.ts';
import { gpuPrice } from './gpu-option.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Both sides of a comparison, and where their prices and rates come from. */
export interface BreakEvenSubject {
  inputs: Inputs<BreakEvenInput>;
  basis: Omit<BreakEvenBasis, 'peakToMean'>;
  /** False for a mix of which only the ratio is known. */
  isRequest: boolean;
  gpuPriceSource: string;
  rateSource: string;
  apiSource: string;
}

type Part<K extends BreakEvenInput> = Record<K, Quantity>;
type MixPart = Part<'inputTokens' | 'outputTokens'>;
type RatePart = Part<'capacityTps' | 'prefillTps' | 'decodeTps'>;
type ApiPart = Part<
  | 'apiUsdPerMtok'
  | 'apiInputUsdPerMtok'
  | 'apiCachedUsdPerMtok'
  | 'apiOutputUsdPerMtok'
  | 'apiUsdPerRequest'
>;

const MOST_RATE = 1e12;
const MOST_USD = 1e9;

/** The two sides of a command line. `book` is asked for only where a price is named. Throws `usage`. */
export async function breakEvenSubject(
  argv: CostBreakevenArguments,
  record: BenchRecord | null,
  book: () => Promise<PriceBook>,
): Promise<BreakEvenSubject> {
  const mix = mixOf(argv, record);
  const rates = ratesPart(argv, record);
  const price = await gpuPricePart(argv, record, book);
  const api = await apiPart(argv, mix, book);
  const basis = { capacity: rates.basis, api: api.basis };
  if (mix === null && (basis.capacity === 'phases' || basis.api === 'split')) {
    throw usageError(
      'cost breakeven got no mix of input and output tokens',
      'Give a request with --input and --output, or a ratio with --mix 3:1.',
    );
  }
  const noMix = unknown('no mix of input and output tokens was given');
  return {
    basis,
    isRequest: mix?.isRequest ?? false,
    gpuPriceSource: price.source,
    rateSource: rates.source,
    apiSource: api.source,
    inputs: {
      ...rates.part,
      ...api.part,
      inputTokens: mix?.part.inputTokens ?? noMix,
      outputTokens: mix?.part.outputTokens ?? noMix,
      usdPerGpuHour: price.usdPerGpuHour,
      gpus: exact(parseInteger(argv.gpus, { option: '--gpus', min: 1, max: 1e6 }) ?? 1),
      hoursPerMonth: exact(parseHoursPerMonth(argv.hoursPerMonth)),
      maxUtilization: share(argv.maxUtilization, '--max-utilization', false),
      cacheHit: share(argv.cacheHit, '--cache-hit', true),
      selfUsdPerMtok: usd(argv.selfUsdPerMtok, '--self-usd-per-mtok') ?? exact(0),
    },
  };
}

function usd(text: string | undefined, option: string): Known | null {
  return parseQuantity(text, { option, min: 0, max: MOST_USD });
}

function share(text: string, option: string, isMinAllowed: boolean): Known {
  const known = parseShare(text, { option, min: 0, max: 1, isMinAllowed });
  return known ?? exact(1);
}

function rate(text: string | undefined, option: string): Known | null {
  return parseQuantity(text, { option, min: 0, max: MOST_RATE, isMinAllowed: false });
}

function mixOf(
  argv: CostBreakevenArguments,
  record: BenchRecord | null,
): { part: MixPart; isRequest: boolean } | null {
  const tokens = (text: string | undefined, option: string) =>
    parseQuantity(text, { option, min: 0, max: 1e9 });
  const { promptTokens, generatedTokens } = record?.cell.workload ?? {};
  const input = tokens(argv.input, '--input');
  const output = tokens(argv.output, '--output');
  if (argv.mix !== undefined) {
    if (input !== null || output !== null) {
      throw usageError('Give either --mix or --input and --output, not both');
    }
    return { part: parseMix(argv.mix), isRequest: false };
  }
  const inputTokens = input ?? (promptTokens === undefined ? null : exact(promptTokens));
  const outputTokens = output ?? (generatedTokens === undefined ? null : exact(generatedTokens));
  if (inputTokens === null && outputTokens === null) return null;
  if (inputTokens === null || outputTokens === null) {
    throw usageError('Give both --input and --output: a mix has two sides');
  }
  if ((inputTokens.low ?? inputTokens.value) + (outputTokens.low ?? outputTokens.value) === 0) {
    throw usageError('A request of no tokens has no cost', 'Give --input or --output above 0.');
  }
  return { part: { inputTokens, outputTokens }, isRequest: true };
}

function parseMix(text: string): MixPart {
  const [, input, output] = /^(\d{1,9}(?:\.\d{1,9})?):(\d{1,9}(?:\.\d{1,9})?)$/.exec(text) ?? [];
  if (input === undefined || output === undefined || Number(input) + Number(output) === 0) {
    const shown = JSON.stringify(text.slice(0, 40));
    throw usageError(`--mix got ${shown}, expected input to output tokens such as 3:1`);
  }
  return { inputTokens: exact(Number(input)), outputTokens: exact(Number(output)) };
}

function ratesPart(
  argv: CostBreakevenArguments,
  record: BenchRecord | null,
): { part: RatePart; basis: BreakEvenBasis['capacity']; source: string } {
  const capacity = rate(argv.capacityTps, '--capacity-tps');
  const prefill = rate(argv.prefillTps, '--prefill-tps');
  const decode = rate(argv.decodeTps, '--decode-tps');
  const hasPhases = prefill !== null || decode !== null;
  if (Number(record !== null) + Number(capacity !== null) + Number(hasPhases) > 1) {
    throw usageError('Give one of --record, --capacity-tps, or --prefill-tps with --decode-tps');
  }
  const absent = (option: string) => unknown(`${option} was not given`);
  const noTotal = absent('--capacity-tps');
  if (record !== null) {
    const { prefill: prefillTps, decode: decodeTps } = recordRates(record);
    const part = { capacityTps: noTotal, prefillTps, decodeTps };
    return { part, basis: 'phases', source: `record ${record.id}` };
  }
  const prefillTps = prefill ?? absent('--prefill-tps');
  const decodeTps = decode ?? absent('--decode-tps');
  if (hasPhases) {
    const part = { capacityTps: noTotal, prefillTps, decodeTps };
    return { part, basis: 'phases', source: '--prefill-tps and --decode-tps' };
  }
  const none = unknown(
    'no rates were given: --record, --capacity-tps, --prefill-tps, --decode-tps',
  );
  const part = { capacityTps: capacity ?? none, prefillTps, decodeTps };
  return { part, basis: 'total', source: '--capacity-tps' };
}

async function gpuPricePart(
  argv: CostBreakevenArguments,
  record: BenchRecord | null,
  book: () => Promise<PriceBook>,
): Promise<{ usdPerGpuHour: Quantity; source: string }> {
  const rule = { option: '--gpu-price', min: 0, max: 1e6, isMinAllowed: false };
  const given = parseQuantity(argv.gpuPrice, rule);
  if (given !== null && argv.gpu !== undefined) {
    throw usageError('Give either --gpu-price or --gpu, not both');
  }
  if (given !== null) return { usdPerGpuHour: given, source: '--gpu-price' };
  if (argv.gpu !== undefined) {
    const day = parseDay(argv.day, '--day');
    return gpuPrice(await book(), { gpu: argv.gpu, kind: argv.gpuKind, day });
  }
  const cost = record?.cost ?? null;
  if (cost === null) {
    throw usageError(
      'cost breakeven got no price of a GPU',
      'Give USD per GPU-hour with --gpu-price 2.85, or its name with --gpu H100.',
    );
  }
  const { gpu, source, standIn } = cost.price;
  const stand = standIn ? ', standing in for a machine without a GPU' : '';
  return { usdPerGpuHour: exact(cost.usdPerHour), source: `${gpu}: ${source}${stand}` };
}

async function apiPart(
  argv: CostBreakevenArguments,
  mix: { part: MixPart; isRequest: boolean } | null,
  book: () => Promise<PriceBook>,
): Promise<{ part: ApiPart; basis: BreakEvenBasis['api']; source: string }> {
  const blended = usd(argv.apiUsdPerMtok, '--api-usd-per-mtok');
  const input = usd(argv.apiInput, '--api-input');
  const output = usd(argv.apiOutput, '--api-output');
  const cached = usd(argv.apiCached, '--api-cached');
  const hasSplit = input !== null || output !== null || cached !== null;
  const ways = [blended !== null, hasSplit, argv.api !== undefined].filter(Boolean).length;
  if (ways !== 1) {
    throw usageError(
      ways === 0 ? 'cost breakeven got no price of an API' : 'Give one price of the API',
      'Give --api provider/model, or --api-input and --api-output, or --api-usd-per-mtok.',
    );
  }
  const absent = (option: string) => unknown(`${option} was not given`);
  const given: ApiPart = {
    apiUsdPerMtok: blended ?? absent('--api-usd-per-mtok'),
    apiInputUsdPerMtok: input ?? absent('--api-input'),
    apiOutputUsdPerMtok: output ?? absent('--api-output'),
    apiCachedUsdPerMtok: cached ?? absent('--api-cached'),
    apiUsdPerRequest: exact(0),
  };
  if (blended !== null) return { part: given, basis: 'blended', source: '--api-usd-per-mtok' };
  if (argv.api === undefined) {
    return { part: given, basis: 'split', source: '--api-input and --api-output' };
  }
  const day = parseDay(argv.day, '--day');
  const prices = await book();
  const price = findApiPrice(prices, argv.api, day);
  const promptTokens = mix?.isRequest ? (mix.part.inputTokens.value ?? 0) : 0;
  const rates = ratesOf(price, promptTokens, false);
  const fee = price.usdPerRequest;
  const part: ApiPart = {
    apiUsdPerMtok: absent('--api-usd-per-mtok'),
    apiInputUsdPerMtok: rates.input,
    apiOutputUsdPerMtok: rates.output,
    apiCachedUsdPerMtok: rates.cacheRead,
    apiUsdPerRequest:
      fee.value === 0 || mix?.isRequest
        ? fee
        : unknown(`${apiName(price)} charges requests: give --input and --output for --mix`),
  };
  const from = price.from === null ? '' : `, since ${price.from}`;
  const source = `${apiName(price)} on ${day}${tierText(price, promptTokens)}: ${price.source}${from}; price book ${prices.sha256.slice(0, 12)}`;
  return { part, basis: 'split', source };
}

/** Which prompts the rates are for, where others cost more: a mix has no length, and a range may reach both. */
function tierText({ tiers }: ApiPrice, promptTokens: number): string {
  const starts = tiers.map(({ aboveInputTokens }) => aboveInputTokens);
  const above = Math.max(...starts.filter((start) => promptTokens > start));
  const upTo = Math.min(...starts.filter((start) => promptTokens <= start));
  const parts = [
    ...(Number.isFinite(above) ? [`above ${above}`] : []),
    ...(Number.isFinite(upTo) ? [`up to ${upTo}`] : []),
  ];
  return parts.length === 0 ? '' : `, prompts ${parts.join(' and ')} tokens`;
}

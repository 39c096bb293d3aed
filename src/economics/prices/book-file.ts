import { BenchError } from '../../core/errors.ts';
import { pathText, plainProblem, schemaProblem } from '../files/problem-text.ts';
import { MAX_YAML_CHARACTERS, readYaml } from '../files/yaml-document.ts';
import { isKnown, type Known, type Quantity } from '../quantity.ts';
import { withOwnDraws } from '../read-quantity.ts';
import type { UsdPerGpuHour } from '../units.ts';
import { NO_REQUEST_FEE } from './api-call.ts';
import { apiRates, RATE_KINDS } from './api-rates.ts';
import {
  type ApiEntry,
  bookSchema,
  type GpuEntry,
  RATE_FIELDS,
  type RatesEntry,
} from './book-schema.ts';
import type { ApiPrice, ApiRates, GpuOffer, PriceOrigin } from './price-book.ts';
import { API_ROW, distinct, GPU_ROW, inOrder, type Prices } from './price-rows.ts';

/**
 * The prices of a price book: YAML, or JSON, with lists `gpus` and `apis`; the fields are those of book-schema.
 * Throws `usage` with file, line and field for what does not fit, and for two prices of one thing on one day.
 */
export function readBookFile(text: string, file: string): Prices {
  const { gpus = [], apis = [] } =
    writtenBook(text) ??
    (text.length <= MAX_YAML_CHARACTERS
      ? readYaml(text, file, bookSchema)
      : readLargeJson(text, file));
  return {
    gpus: distinct(GPU_ROW, gpus.map(gpuOffer), file),
    apis: distinct(API_ROW, apis.map(apiPrice), file),
  };
}

/** Prices as the text of a book file, JSON with a line for each; reading it again gives the same prices. */
export function bookFileText(prices: Prices): string {
  const { gpus, apis } = inOrder(prices);
  const lists = [
    `"gpus": [${lines(gpus.map(gpuEntry))}]`,
    `"apis": [${lines(apis.map(apiEntry))}]`,
  ];
  return `{\n${lists.join(',\n')}\n}\n`;
}

function lines(entries: readonly object[]): string {
  const texts = entries.map((entry) => `\n  ${JSON.stringify(entry)}`);
  return texts.length === 0 ? '' : `${texts.join(',')}\n`;
}

/** How `bookFileText` begins: such books are long and every command reads them, so that a slow parser would show. */
const WRITTEN = '{\n"gpus": [';

/** A book that `bookFileText` wrote; null for any other, and for one that someone broke. */
function writtenBook(text: string) {
  if (!text.startsWith(WRITTEN)) return null;
  try {
    const parsed = bookSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Too long for a parser that keeps lines. */
function readLargeJson(text: string, file: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? plainProblem(cause.message) : 'unreadable';
    throw new BenchError('usage', `${file}: not valid JSON: ${why}`, {
      hint: `A book of more than ${MAX_YAML_CHARACTERS} characters must be JSON.`,
      cause,
    });
  }
  const parsed = bookSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BenchError(
    'usage',
    `${file}: ${pathText(issue?.path ?? [])}: ${schemaProblem(issue?.message ?? 'is no price book')}`,
  );
}

function origin({ source, from, until, readOn }: GpuEntry | ApiEntry): PriceOrigin {
  return { source, from: from ?? null, until: until ?? null, readOn: readOn ?? null };
}

function gpuOffer(entry: GpuEntry): GpuOffer {
  const { gpu, provider, region, instance, kind, usdPerGpuHour, memoryBytes } = entry;
  return {
    gpu,
    provider,
    region: region ?? null,
    instance: instance ?? null,
    kind,
    usdPerGpuHour: withOwnDraws(
      usdPerGpuHour,
      [gpu, kind, provider, region, instance].join('/'),
    ) as Known<UsdPerGpuHour>,
    memoryBytes: memoryBytes ?? null,
    ...origin(entry),
  };
}

function apiPrice(entry: ApiEntry): ApiPrice {
  const { provider, model, aliases, tiers = [], batch, usdPerRequest } = entry;
  const where = `${entry.source} (${provider}/${model})`;
  return {
    provider,
    model,
    ...(aliases === undefined ? {} : { aliases }),
    rates: ratesOf(entry, where),
    tiers: tiers.map((tier) => ({
      aboveInputTokens: tier.aboveInputTokens,
      rates: ratesOf(tier, `${where}, above ${tier.aboveInputTokens} input tokens,`),
    })),
    batch: batch === undefined ? null : ratesOf(batch, `${where}, batch,`),
    usdPerRequest: usdPerRequest ?? NO_REQUEST_FEE,
    ...origin(entry),
  };
}

function ratesOf(entry: RatesEntry, where: string): ApiRates {
  const listed = RATE_KINDS.map((kind) => {
    const rate = entry[RATE_FIELDS[kind]];
    return [kind, rate && withOwnDraws(rate, `${where} ${kind}`)];
  });
  return apiRates(Object.fromEntries(listed), where);
}

/** Fields in one order, however the price came, so that an unchanged book is the same file. */
function gpuEntry(offer: GpuOffer) {
  const { gpu, provider, region, instance, kind, usdPerGpuHour, memoryBytes } = offer;
  return present({
    gpu,
    provider,
    region,
    instance,
    kind,
    usdPerGpuHour: written(usdPerGpuHour),
    memoryBytes,
    ...originEntry(offer),
  });
}

function apiEntry(price: ApiPrice) {
  const { provider, model, aliases = [], rates, tiers, batch, usdPerRequest } = price;
  const above = tiers.map((tier) => ({
    aboveInputTokens: tier.aboveInputTokens,
    ...ratesEntry(tier.rates),
  }));
  return present({
    provider,
    model,
    aliases: aliases.length === 0 ? null : aliases,
    ...ratesEntry(rates),
    tiers: above.length === 0 ? null : above,
    batch: batch && ratesEntry(batch),
    usdPerRequest: usdPerRequest.value === 0 ? null : written(usdPerRequest),
    ...originEntry(price),
  });
}

function originEntry({ from, until, readOn, source }: PriceOrigin): PriceOrigin {
  return { from, until, readOn, source };
}

function ratesEntry(rates: ApiRates) {
  return present(
    Object.fromEntries(RATE_KINDS.map((kind) => [RATE_FIELDS[kind], written(rates[kind])])),
  );
}

/** A figure as `readQuantity` takes it; null for an unknown one, which is left out of the file. */
function written(quantity: Quantity): number | string | null {
  if (!isKnown(quantity)) return null;
  const { value, low, high, draws } = quantity;
  if (low === null || high === null) return value;
  const isRange = draws !== undefined && value === (low + high) / 2;
  return isRange ? `${low}..${high}` : `${value}@${low}..${high}`;
}

function present<T extends object>(entry: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== null),
  ) as Partial<T>;
}

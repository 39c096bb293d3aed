import { IDLE_RULES, type IdleRule } from '../../economics/business/share-idle.ts';
import {
  bookPrices,
  flatPrice,
  namedPrices,
  type PriceOfUsage,
} from '../../economics/business/usage-prices.ts';
import type { CacheConvention } from '../../economics/prices/api-call.ts';
import { apiRates } from '../../economics/prices/api-rates.ts';
import type { ApiRates, PriceBook } from '../../economics/prices/price-book.ts';
import type { Known } from '../../economics/quantity.ts';
import { withOwnDraws } from '../../economics/read-quantity.ts';
import { usageError } from '../failure.ts';
import { parseDecimal } from '../numbers.ts';
import { parseQuantity, parseShare } from './quantity-option.ts';

/** Options of `mtok cost margin` as typed. */
export interface CostMarginArguments {
  by?: string;
  plans?: string;
  inputUsdPerMtok?: string;
  outputUsdPerMtok?: string;
  cachedUsdPerMtok?: string;
  modelPrice?: string[];
  prices?: string[];
  day?: string;
  cacheTokens?: string;
  targetMargin: string;
  postedUsdPerRequest?: string;
  idleUsd?: string;
  idleShare: string;
  cloudUsd?: string;
  cerBefore?: string;
  top: string;
  csv?: string;
  seed?: string;
  json?: true;
}

const MOST_USD_PER_MTOK = 1e9;
const MOST_TARGETS = 9;
const CONVENTIONS: readonly CacheConvention[] = ['inclusive', 'exclusive'];

/** Prices of rows, and where they come from as a sentence says it. */
export interface UsagePricing {
  priceOf: PriceOfUsage;
  source: string;
}

/** Idle dollars to put on the groups, and how; null for none. Throws `usage`. */
export function parseIdle({
  idleUsd,
  idleShare,
}: CostMarginArguments): { usd: number; rule: IdleRule } | null {
  const rule = IDLE_RULES.find((name) => name === idleShare);
  if (rule === undefined) {
    const shown = JSON.stringify(idleShare.slice(0, 40));
    throw usageError(`--idle-share got ${shown}, expected one of ${IDLE_RULES.join(', ')}`);
  }
  const usd = parseDecimal(idleUsd, { option: '--idle-usd', min: 0, max: 1e12 });
  return usd === null ? null : { usd, rule };
}

/** Given prices first; `book` is asked only where no price is given for every model. Throws `usage`. */
export async function usagePricing(
  argv: CostMarginArguments,
  book: () => Promise<PriceBook>,
): Promise<UsagePricing> {
  const named = namedRates(argv.modelPrice ?? []);
  const flat = flatRates(argv);
  const sources = named.size > 0 ? [`--model-price for ${[...named.keys()].join(', ')}`] : [];
  if (flat !== null) {
    const source = [...sources, '--input-usd-per-mtok and --output-usd-per-mtok'].join('; ');
    return { priceOf: namedPrices(named, flatPrice(flat)), source };
  }
  const prices = await book();
  const source = [...sources, `the price book ${prices.sha256.slice(0, 12)}`].join('; ');
  return { priceOf: namedPrices(named, bookPrices(prices)), source };
}

function flatRates(argv: CostMarginArguments): ApiRates | null {
  const input = usdPerMtok(argv.inputUsdPerMtok, '--input-usd-per-mtok');
  const output = usdPerMtok(argv.outputUsdPerMtok, '--output-usd-per-mtok');
  const cached = usdPerMtok(argv.cachedUsdPerMtok, '--cached-usd-per-mtok');
  if (input === null && output === null && cached === null) return null;
  if (input === null || output === null) {
    throw usageError(
      'Give both --input-usd-per-mtok and --output-usd-per-mtok',
      'Or give neither, and let the price book price each model.',
    );
  }
  return ratesOf(input, output, cached, 'the given prices');
}

function namedRates(texts: readonly string[]): Map<string, ApiRates> {
  const named = new Map<string, ApiRates>();
  for (const text of texts) {
    const at = text.lastIndexOf('=');
    const [model, prices] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).split('/')];
    const [input, output, cached] = prices.map((price) =>
      usdPerMtok(price, `--model-price ${model}`),
    );
    if (model === '' || !input || !output || prices.length > 3) {
      const shown = JSON.stringify(text.slice(0, 60));
      throw usageError(
        `--model-price got ${shown}, expected a model and its prices such as own-8b=0.04/0.40`,
      );
    }
    if (named.has(model)) throw usageError(`--model-price names ${JSON.stringify(model)} twice`);
    named.set(model, ratesOf(input, output, cached ?? null, `--model-price ${model}`));
  }
  return named;
}

/** Ranges that are typed alike still vary on their own. */
function ratesOf(input: Known, output: Known, cached: Known | null, where: string): ApiRates {
  return apiRates(
    {
      input: withOwnDraws(input, `${where} input`),
      output: withOwnDraws(output, `${where} output`),
      cacheRead: cached === null ? undefined : withOwnDraws(cached, `${where} cached`),
    },
    where,
  );
}

function usdPerMtok(text: string | undefined, option: string): Known | null {
  return parseQuantity(text, { option, min: 0, max: MOST_USD_PER_MTOK });
}

/** `50%,60%` or `0.5,0.6`. Throws `usage`. */
export function parseTargets(text: string): number[] {
  const targets = text.split(',').map((part) => {
    const target = parseShare(part.trim(), { option: '--target-margin', min: 0, max: 0.9999 });
    return target?.value ?? Number.NaN;
  });
  if (targets.length > MOST_TARGETS) {
    throw usageError(
      `--target-margin got ${targets.length} margins, expected ${MOST_TARGETS} at most`,
    );
  }
  return [...new Set(targets)];
}

/** Columns of `--by`; null when not given. Throws `usage` for one that is empty or there twice. */
export function parseBy(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const columns = text.split(',').map((column) => column.trim());
  if (columns.includes('') || new Set(columns).size < columns.length || columns.length > 5) {
    const shown = JSON.stringify(text.slice(0, 60));
    throw usageError(`--by got ${shown}, expected 1 to 5 different columns such as plan,customer`);
  }
  return columns;
}

/** Null when not given. Throws `usage`. */
export function parseConvention(text: string | undefined): CacheConvention | null {
  const convention = CONVENTIONS.find((one) => one === text) ?? null;
  if (convention !== null || text === undefined) return convention;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(
    `--cache-tokens got ${shown}, expected inclusive or exclusive`,
    'OpenAI and Google count cache tokens in their input tokens (inclusive), Anthropic does not (exclusive).',
  );
}

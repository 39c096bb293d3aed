import { BenchError } from '../../core/errors.ts';
import { plainProblem, shownValue } from '../files/problem-text.ts';
import { exact } from '../quantity.ts';
import { TOKENS_PER_MTOK } from '../units.ts';
import { NO_REQUEST_FEE } from './api-call.ts';
import { apiRates } from './api-rates.ts';
import { isPlainText, MOST_USD_PER_MTOK } from './book-schema.ts';
import { type Catalogue, type CatalogueOrigin, SkippedRows } from './catalogue.ts';
import type { ApiPrice, ApiRates } from './price-book.ts';
import { API_ROW, distinct } from './price-rows.ts';

const SOURCE = "LiteLLM's model price map";
const NOT_MODELS = new Set(['sample_spec', 'fallback_generalizations']);
const MODES = new Set(['chat', 'completion', 'responses']);
const MOST_NAME_CHARACTERS = 200;

/** USD per token; the older name of cache reads is taken where the newer one is missing. */
const FIELDS = {
  input: ['input_cost_per_token'],
  output: ['output_cost_per_token'],
  cacheRead: ['cache_read_input_token_cost', 'input_cost_per_token_cache_hit'],
  cacheWrite: ['cache_creation_input_token_cost'],
} as const;

const TIER = /^(?:input|output)_cost_per_token_above_(\d{1,6})k_tokens$/;

type Entry = Readonly<Record<string, unknown>>;

/**
 * API prices of LiteLLM's map, `model_prices_and_context_window.json`. Its prices are per token: they become prices per
 * million. Rates above some number of tokens become tiers, those of batches the batch class; flexible and priority
 * classes, audio and searches have no place here. A price of 0 stands for one that was not entered, and is unknown.
 * Fields that it has besides are passed over, as its own schema says. Throws `usage` with the model and the field.
 */
export function readLiteLlm(text: string, { file, asOf }: CatalogueOrigin): Catalogue {
  const map = parseMap(text, file);
  const skipped = new SkippedRows();
  const apis: ApiPrice[] = [];
  for (const [key, entry] of Object.entries(map)) {
    if (NOT_MODELS.has(key)) continue;
    const reason = whyNot(entry);
    if (reason === null) {
      const name = nameOf(map, key, entry as Entry, file);
      apis.push({ ...modelPrice(entry as Entry, name, `${file}: ${shownValue(key)}`, asOf) });
    } else {
      skipped.add(reason);
    }
  }
  return { gpus: [], apis: distinct(API_ROW, apis, file), skipped: skipped.counts };
}

function parseMap(text: string, file: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? plainProblem(cause.message) : 'unreadable';
    throw new BenchError('usage', `${file}: not valid JSON: ${why}`, { cause });
  }
  if (isEntry(value)) return value;
  throw new BenchError('usage', `${file}: expected an object of models, got ${shownValue(value)}`, {
    hint: "Give LiteLLM's model_prices_and_context_window.json.",
  });
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why an entry has no place in a book; null for one that has. */
function whyNot(entry: unknown): string | null {
  if (!isEntry(entry)) return 'no object';
  const { mode, litellm_provider: provider } = entry;
  if (typeof mode !== 'string' || !MODES.has(mode)) {
    return `mode ${typeof mode === 'string' ? mode : 'not given'}`;
  }
  if (typeof provider !== 'string' || provider === '') return 'no provider';
  const hasPrice = [...FIELDS.input, ...FIELDS.output].some((field) => isListed(entry[field]));
  return hasPrice ? null : 'no price per token';
}

function isListed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 0;
}

/** `azure/gpt-4o` of azure is its `gpt-4o`, unless the map has a `gpt-4o` of azure besides. */
function nameOf(map: Entry, key: string, entry: Entry, file: string) {
  const provider = String(entry.litellm_provider);
  const isName = (text: string) =>
    text.trim() !== '' && text.length <= MOST_NAME_CHARACTERS && isPlainText(text);
  if (!isName(key) || !isName(provider)) {
    const expected = `expected a name of 1 to ${MOST_NAME_CHARACTERS} plain characters`;
    throw new BenchError('usage', `${file}: ${shownValue(key)}: ${expected}`);
  }
  const bare = key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key;
  const other = bare !== key && Object.hasOwn(map, bare) ? map[bare] : null;
  const isTaken = bare === '' || (isEntry(other) && other.litellm_provider === provider);
  return { provider, model: isTaken ? key : bare };
}

function modelPrice(
  entry: Entry,
  name: { provider: string; model: string },
  where: string,
  asOf: string,
): ApiPrice {
  const source = `${SOURCE} (${name.provider}/${name.model})`;
  const rates = (suffix: string): ApiRates => {
    const listed = Object.entries(FIELDS).map(([kind, fields]) => [
      kind,
      fields.map((field) => usdPerMtok(entry, `${field}${suffix}`, where)).find(isListed),
    ]);
    return apiRates(Object.fromEntries(listed), suffix === '' ? source : `${source}${suffix}`);
  };
  const hasBatch = Object.keys(entry).some((field) => /_cost_per_token_batches$/.test(field));
  const fee = costField(entry, 'input_cost_per_request', where);
  return {
    ...name,
    rates: rates(''),
    tiers: tierThousands(entry).map((thousands) => ({
      aboveInputTokens: 1000 * thousands,
      rates: rates(`_above_${thousands}k_tokens`),
    })),
    batch: hasBatch ? rates('_batches') : null,
    usdPerRequest: fee === undefined ? NO_REQUEST_FEE : exact(fee),
    source: SOURCE,
    from: null,
    until: null,
    readOn: asOf,
  };
}

function tierThousands(entry: Entry): number[] {
  const thousands = Object.keys(entry).flatMap((field) => TIER.exec(field)?.slice(1) ?? []);
  return [...new Set(thousands.map(Number))].sort((a, b) => a - b);
}

/** The decimal point moved by six places: 2.8e-7 a token is 0.28 a million, without the noise of the product. */
function usdPerMtok(entry: Entry, field: string, where: string): number | undefined {
  const perToken = costField(entry, field, where);
  if (perToken === undefined) return undefined;
  const perMtok = Number((perToken * TOKENS_PER_MTOK).toPrecision(12));
  if (perMtok <= MOST_USD_PER_MTOK) return perMtok;
  throw new BenchError(
    'usage',
    `${where}: ${field} is ${perMtok} USD per million tokens, expected at most ${MOST_USD_PER_MTOK}`,
    { hint: 'Its prices are per token.' },
  );
}

function costField(entry: Entry, field: string, where: string): number | undefined {
  const value = Object.hasOwn(entry, field) ? entry[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new BenchError(
    'usage',
    `${where}: ${field} must be a number of 0 or more, got ${shownValue(value)}`,
  );
}

import { BenchError } from '../../core/errors.ts';
import { shownValue } from '../files/problem-text.ts';
import { isKnown } from '../quantity.ts';
import { nearNames, plainName } from './near-names.ts';
import { byStart, holdsOn, periodText } from './periods.ts';
import type { ApiPrice, GpuOffer, GpuPriceKind, PriceBook } from './price-book.ts';

/** Messages stand in reports too, where a line has 100 columns. */
const LONGEST_NAME = 90;

/** `openai/gpt-4o`. */
export function apiName({ provider, model }: Pick<ApiPrice, 'provider' | 'model'>): string {
  return `${provider}/${model}`;
}

/**
 * The price of a model on a day (YYYY-MM-DD), by `provider/model`, or by `model` where one provider has it. What held
 * on that day, whatever came later. Throws `usage` for a model that the book does not have, with the names near it, for
 * one that several providers have, and for a day on which no price of it is known.
 */
export function findApiPrice(book: Pick<PriceBook, 'apis'>, name: string, day: string): ApiPrice {
  const prices = pricesOfModel(book.apis, name);
  const price = prices.find((one) => holdsOn(one, day));
  if (price !== undefined) return price;
  throw new BenchError(
    'usage',
    `The price book has no price of ${shownValue(name, LONGEST_NAME)} on ${day}`,
    {
      hint: `It has prices ${prices.map(periodText).join('; ')}.`,
    },
  );
}

/**
 * All prices of one model, earliest first: the one of this name, else of this other name, else the one whose name is
 * written a little otherwise. A name that begins with a provider is that provider's wherever it has such a model:
 * resellers list `anthropic/claude-sonnet-4` too, at prices of their own. Throws `usage` as findApiPrice does for names.
 */
export function pricesOfModel(apis: readonly ApiPrice[], name: string): ApiPrice[] {
  const bare: NameOf = ({ model }) => model;
  for (const nameOf of [apiName, bare]) {
    for (const matches of [isNamed, isAlsoNamed, isNamedAlike]) {
      const found = apis.filter((price) => matches(price, name, nameOf));
      const names = [...new Set(found.map(apiName))];
      if (names.length > 1) throw ambiguous(name, names);
      if (found.length > 0) return found.sort(byStart);
    }
  }
  const near = nearNames(name, apis.map(apiName));
  throw new BenchError(
    'usage',
    `The price book has no API model ${shownValue(name, LONGEST_NAME)}`,
    {
      hint:
        near.length > 0
          ? `Near it: ${near.join(', ')}.`
          : 'List what it has with mtok prices list --api, or add a book with --prices.',
    },
  );
}

/** Of a price, under which name its model is looked for: with or without the provider. */
type NameOf = (price: Pick<ApiPrice, 'provider' | 'model'>) => string;

function isNamed(price: ApiPrice, name: string, nameOf: NameOf): boolean {
  return nameOf(price) === name;
}

function isAlsoNamed(price: ApiPrice, name: string, nameOf: NameOf): boolean {
  return (price.aliases ?? []).some((alias) => {
    const also = nameOf({ provider: price.provider, model: alias }).toLowerCase();
    const wanted = name.toLowerCase();
    return also.endsWith('*') ? wanted.startsWith(also.slice(0, -1)) : wanted === also;
  });
}

function isNamedAlike(price: ApiPrice, name: string, nameOf: NameOf): boolean {
  return plainName(nameOf(price)) === plainName(name);
}

function ambiguous(name: string, names: readonly string[]): BenchError {
  const shown = names.slice(0, 8).join(', ');
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return new BenchError(
    'usage',
    `${shownValue(name, LONGEST_NAME)} is a model of ${names.length} providers`,
    {
      hint: `Name one: ${shown}${more}.`,
    },
  );
}

export interface GpuQuery {
  /** Short name, in any spelling of case, spaces and dashes. */
  gpu: string;
  kind?: GpuPriceKind;
  provider?: string;
  region?: string;
  /** Instance type. */
  instance?: string;
  /** YYYY-MM-DD. */
  day: string;
}

/**
 * The offers of a GPU that hold on a day, cheapest first, unknown prices last; at least one.
 * Throws `usage` for a GPU that the book does not have, with the names near it, and where the rest of the query leaves
 * nothing, with what there is.
 */
export function findGpuOffers(book: Pick<PriceBook, 'gpus'>, query: GpuQuery): GpuOffer[] {
  const want = plainName(query.gpu);
  const offers = book.gpus.filter(({ gpu }) => plainName(gpu) === want);
  if (offers.length === 0) throw noGpu(book, query.gpu);
  const found = offers.filter(
    (offer) =>
      holdsOn(offer, query.day) &&
      (query.kind === undefined || offer.kind === query.kind) &&
      isWanted(offer.provider, query.provider) &&
      isWanted(offer.region, query.region) &&
      isWanted(offer.instance, query.instance),
  );
  if (found.length === 0) throw noOffer(offers, query);
  return found.sort((a, b) => usdOf(a) - usdOf(b));
}

/** `H100 rented at nebius (eu-north1)`. */
export function offerText({ gpu, kind, provider, region, instance }: GpuOffer): string {
  const place = [region, instance].filter((part) => part !== null).join(', ');
  return `${gpu} ${kind} at ${provider}${place === '' ? '' : ` (${place})`}`;
}

/** `nebius/eu-north1/gpu-h100-sxm_8gpu`: as far as an offer says. */
export function offerPlace({ provider, region, instance }: GpuOffer): string {
  // An instance without a region still comes third.
  const parts = [provider, region ?? (instance === null ? null : ''), instance];
  return parts.filter((part) => part !== null).join('/');
}

function isWanted(value: string | null, wanted: string | undefined): boolean {
  return wanted === undefined || (value !== null && plainName(value) === plainName(wanted));
}

function usdOf({ usdPerGpuHour }: GpuOffer): number {
  return isKnown(usdPerGpuHour) ? usdPerGpuHour.value : Number.MAX_VALUE;
}

function noGpu({ gpus }: Pick<PriceBook, 'gpus'>, name: string): BenchError {
  const names = gpus.map(({ gpu }) => gpu);
  const near = nearNames(name, names);
  const some = near.length > 0 ? near : [...new Set(names)].sort().slice(0, 12);
  return new BenchError('usage', `The price book has no GPU ${shownValue(name, LONGEST_NAME)}`, {
    hint: some.length === 0 ? 'It has none.' : `It has ${some.join(', ')}.`,
  });
}

function noOffer(offers: readonly GpuOffer[], query: GpuQuery): BenchError {
  const { gpu, day, ...rest } = query;
  const asked = Object.values(rest).filter((part) => part !== undefined);
  const what = `${shownValue(gpu)}${asked.length > 0 ? ` (${asked.map((one) => shownValue(one)).join(', ')})` : ''}`;
  const has = [...new Set(offers.map((offer) => `${offerText(offer)} ${periodText(offer)}`))];
  return new BenchError('usage', `The price book has no offer of ${what} on ${day}`, {
    hint: `It has ${has.slice(0, 6).join('; ')}${has.length > 6 ? `; and ${has.length - 6} more` : ''}.`,
  });
}

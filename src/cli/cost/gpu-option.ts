import {
  findGpuOffers,
  type GpuQuery,
  offerPlace,
  offerText,
} from '../../economics/prices/lookup.ts';
import {
  GPU_PRICE_KINDS,
  type GpuOffer,
  type GpuPriceKind,
  type PriceBook,
} from '../../economics/prices/price-book.ts';
import type { Quantity } from '../../economics/quantity.ts';
import type { UsdPerGpuHour } from '../../economics/units.ts';
import { usdText } from '../../report/cost/figure.ts';
import { usageError } from '../failure.ts';

/** The price of a GPU with where it comes from: for a result that says both. */
export interface BookPrice {
  usdPerGpuHour: Quantity<UsdPerGpuHour>;
  /** `H100 rented at nebius: source, read 2026-11-21; price book 1a2b3c4d5e6f`. */
  source: string;
  offer: GpuOffer;
}

/**
 * The price of `--gpu H100@provider` on a day. Throws `usage` for names that the book does not have, and where offers
 * with different prices are left, with what tells them apart.
 */
export function gpuPrice(
  book: PriceBook,
  { gpu, kind, day }: { gpu: string; kind: string; day: string },
): BookPrice {
  const query = { ...parseGpu(gpu), kind: parseKind(kind), day };
  const [offer, ...others] = findGpuOffers(book, query);
  if (offer === undefined) throw usageError(`--gpu ${gpu} has no offer on ${day}`);
  const rivals = others.filter((other) => priceOf(other) !== priceOf(offer));
  if (rivals.length > 0) throw undecided(gpu, [offer, ...others]);
  const { usdPerGpuHour, source, readOn } = offer;
  const read = readOn === null ? '' : `, read ${readOn}`;
  const from = `${offerText(offer)}: ${source}${read}; price book ${book.sha256.slice(0, 12)}`;
  return { usdPerGpuHour, source: from, offer };
}

/** `H100`, `H100@nebius`, `H100@nebius/eu-north1`, `H100@nebius/eu-north1/gpu-h100-sxm_8gpu`. */
function parseGpu(text: string): Omit<GpuQuery, 'day'> {
  const [, gpu, place] = /^([^@]+)(?:@(.+))?$/.exec(text.trim()) ?? [];
  const [provider, region, ...instance] = place?.split('/') ?? [];
  if (gpu === undefined || text.length > 500 || provider === '') {
    throw usageError(
      `--gpu got ${JSON.stringify(text.slice(0, 60))}, expected a name such as H100 or H100@nebius`,
    );
  }
  return {
    gpu,
    ...(provider === undefined ? {} : { provider }),
    ...(region === undefined || region === '' ? {} : { region }),
    ...(instance.length === 0 ? {} : { instance: instance.join('/') }),
  };
}

export function parseKind(text: string): GpuPriceKind {
  const kind = GPU_PRICE_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  const shown = JSON.stringify(text.slice(0, 40));
  throw usageError(`--gpu-kind got ${shown}, expected ${GPU_PRICE_KINDS.join(', ')}`);
}

function priceOf({ usdPerGpuHour }: GpuOffer): number | null {
  return usdPerGpuHour.value;
}

/** One offer of each price, by the place that says most: a shorter one could still mean several. */
function undecided(gpu: string, offers: readonly GpuOffer[]): Error {
  const byPrice = new Map<number | null, GpuOffer>();
  for (const offer of offers) {
    const other = byPrice.get(priceOf(offer));
    if (other === undefined || offerPlace(other).length < offerPlace(offer).length) {
      byPrice.set(priceOf(offer), offer);
    }
  }
  const shown = [...byPrice.values()]
    .slice(0, 6)
    .map((offer) => `${offer.gpu}@${offerPlace(offer)} ${usdText(offer.usdPerGpuHour)}`);
  const more = byPrice.size > shown.length ? ` and ${byPrice.size - shown.length} more` : '';
  return usageError(
    `--gpu ${JSON.stringify(gpu)} has offers with ${byPrice.size} different prices`,
    `Name one: ${shown.join(', ')}${more}.`,
  );
}

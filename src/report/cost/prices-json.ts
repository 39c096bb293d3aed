import { RATE_FIELDS } from '../../economics/prices/book-schema.ts';
import type { ApiPrice, ApiRates, GpuOffer, PriceBook } from '../../economics/prices/price-book.ts';
import { figureJson } from './figure.ts';

/** Prices of a book that a command shows. */
export interface ShownPrices extends PriceBook {
  /** The day on which they hold; null: all days. */
  day: string | null;
}

export function pricesJson({ day, sha256, gpus, apis }: ShownPrices) {
  return { day, sha256, gpus: gpus.map(gpuJson), apis: apis.map(apiJson) };
}

function gpuJson({ usdPerGpuHour, ...offer }: GpuOffer) {
  return { ...offer, usdPerGpuHour: figureJson(usdPerGpuHour) };
}

function apiJson({ rates, tiers, batch, usdPerRequest, ...price }: ApiPrice) {
  return {
    ...price,
    ...ratesJson(rates),
    tiers: tiers.map(({ aboveInputTokens, rates: above }) => ({
      aboveInputTokens,
      ...ratesJson(above),
    })),
    batch: batch && ratesJson(batch),
    usdPerRequest: figureJson(usdPerRequest),
  };
}

/** By the names that a book file has for them. */
function ratesJson(rates: ApiRates) {
  return {
    [RATE_FIELDS.input]: figureJson(rates.input),
    [RATE_FIELDS.output]: figureJson(rates.output),
    [RATE_FIELDS.cacheRead]: figureJson(rates.cacheRead),
    [RATE_FIELDS.cacheWrite]: figureJson(rates.cacheWrite),
  };
}

import type { Quantity } from '../quantity.ts';
import type { UsdPerGpuHour, UsdPerMtok } from '../units.ts';

/** Where a price was read, and from when to when it holds. */
export interface PriceOrigin {
  /** A catalogue, page or file, with its version where it has one. */
  source: string;
  /** First day on which it holds, YYYY-MM-DD; null: not known. */
  from: string | null;
  /** First day on which it no longer holds; null: still. */
  until: string | null;
  /** Day on which the source was read; null: not known. */
  readOn: string | null;
}

export const GPU_PRICE_KINDS = ['rented', 'spot', 'owned'] as const;
export type GpuPriceKind = (typeof GPU_PRICE_KINDS)[number];

/** What an hour of one GPU costs. */
export interface GpuOffer extends PriceOrigin {
  /** Short name: `H100`, `RTX 4090`. */
  gpu: string;
  provider: string;
  region: string | null;
  /** Instance type whose share this is; null where the price is the same in all, or there is none. */
  instance: string | null;
  kind: GpuPriceKind;
  /** Of one GPU, whatever the instance holds; all-in (power, hosting) for rented ones. */
  usdPerGpuHour: Quantity<UsdPerGpuHour>;
  /** Memory of one GPU; null where the source does not say. */
  memoryBytes: number | null;
}

/** Prices per million tokens of one tier or service class. A price that is not known is unknown, never 0. */
export interface ApiRates {
  input: Quantity<UsdPerMtok>;
  output: Quantity<UsdPerMtok>;
  /** Input tokens read from the provider's prefix cache. */
  cacheRead: Quantity<UsdPerMtok>;
  /** Input tokens written to it. */
  cacheWrite: Quantity<UsdPerMtok>;
}

/** What a model costs at an API, per million tokens. */
export interface ApiPrice extends PriceOrigin {
  provider: string;
  model: string;
  /** Other names of it; one that ends in `*` stands for all names that begin so. */
  aliases?: readonly string[];
  rates: ApiRates;
  /** Rates of longer prompts: they hold for the whole request once its input has more tokens than this. */
  tiers: readonly { aboveInputTokens: number; rates: ApiRates }[];
  /** Rates when answers may take hours; null where the provider has no such class or the source does not say. */
  batch: ApiRates | null;
  /** USD for a request itself; 0 where there is no such charge. */
  usdPerRequest: Quantity;
}

/** Dated prices with the hash of what they say: a result names it, and the same hash gives the same dollars. */
export interface PriceBook {
  gpus: readonly GpuOffer[];
  apis: readonly ApiPrice[];
  /** SHA-256 of the prices in a canonical form. */
  sha256: string;
}

import type { ApiPrice, ApiRates, GpuOffer } from '../../src/economics/prices/price-book.ts';
import { exact, unknown } from '../../src/economics/quantity.ts';
import { usdPerGpuHour, usdPerMtok } from '../../src/economics/units.ts';

type Rates = Partial<Record<keyof ApiRates, number>>;

/** Rates of which those not named are unknown. */
export function ratesFrom(rates: Rates): ApiRates {
  const rate = (value: number | undefined) =>
    value === undefined ? unknown('not listed') : exact(usdPerMtok(value));
  return {
    input: rate(rates.input),
    output: rate(rates.output),
    cacheRead: rate(rates.cacheRead),
    cacheWrite: rate(rates.cacheWrite),
  };
}

export function apiPrice(rates: Rates, others: Partial<ApiPrice> = {}): ApiPrice {
  return {
    provider: 'acme',
    model: 'large',
    rates: ratesFrom(rates),
    tiers: [],
    batch: null,
    usdPerRequest: exact(0),
    source: 'a test',
    from: null,
    until: null,
    readOn: null,
    ...others,
  };
}

export function gpuOffer(usd: number, others: Partial<GpuOffer> = {}): GpuOffer {
  return {
    gpu: 'H100',
    provider: 'acme',
    region: null,
    instance: null,
    kind: 'rented',
    usdPerGpuHour: exact(usdPerGpuHour(usd)),
    memoryBytes: null,
    source: 'a test',
    from: null,
    until: null,
    readOn: null,
    ...others,
  };
}

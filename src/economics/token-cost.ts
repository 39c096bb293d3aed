import type { DeviceInfo } from '../core/device.ts';
import { invariant } from '../core/errors.ts';
import type { Cost, Estimate, Flag } from '../core/record.ts';
import { findGpuPrice, STAND_IN_GPU } from './prices/gpu-prices.ts';

/** Tokens per second of the whole batch while it does only this; null where it was not measured. */
export interface PhaseRates {
  prefill: Estimate | null;
  decode: Estimate | null;
}

/** An hourly price and where it comes from. */
export interface PriceQuote {
  usdPerHour: number;
  price: Cost['price'];
}

/**
 * USD per million tokens of one phase: 1e6·r / (3600·rate). Cost falls as the rate rises, so the bounds of
 * its interval change places; a missing bound stays missing.
 */
export function usdPerMtok(rate: Estimate, usdPerHour: number): Estimate {
  invariant(rate.median > 0, `a rate of ${rate.median} tokens/s has no price`);
  const price = (tokensPerSecond: number) => (1e6 * usdPerHour) / (3600 * tokensPerSecond);
  return {
    median: price(rate.median),
    low: rate.high === null ? null : price(rate.high),
    high: rate.low === null || rate.low === 0 ? null : price(rate.low),
  };
}

/**
 * The `split` view: each phase is charged the GPU time it takes, so that
 * inputTokens·in + outputTokens·out is the bill of the hours that made them.
 */
export function splitCost(rates: PhaseRates, quote: PriceQuote): Cost {
  return {
    usdPerHour: quote.usdPerHour,
    view: 'split',
    inputUsdPerMtok: rates.prefill && usdPerMtok(rates.prefill, quote.usdPerHour),
    outputUsdPerMtok: rates.decode && usdPerMtok(rates.decode, quote.usdPerHour),
    price: quote.price,
  };
}

/**
 * The price to charge for a device: the user's, else the listed one of that GPU, else an H100's as a
 * stand-in where no GPU computed. null, with a flag that says why, for a GPU the list does not know.
 */
export function quotePrice(
  device: DeviceInfo,
  givenUsdPerHour: number | null,
): { quote: PriceQuote | null; flags: Flag[] } {
  if (givenUsdPerHour !== null) {
    const price = { gpu: device.name, source: '--gpu-price', date: null, standIn: false };
    return { quote: { usdPerHour: givenUsdPerHour, price }, flags: [] };
  }
  const standIn = device.kind !== 'gpu';
  const listed = findGpuPrice(standIn ? STAND_IN_GPU : device.name);
  if (listed === null) {
    const flag = {
      code: 'price-unknown',
      field: 'cost',
      message: `No hourly price is listed for ${device.name}.`,
      hint: 'Give one in USD per hour with --gpu-price.',
    };
    return { quote: null, flags: [flag] };
  }
  const { gpu, source, date, usdPerHour } = listed;
  const quote = { usdPerHour, price: { gpu, source, date, standIn } };
  return { quote, flags: standIn ? [standInFlag(device, quote)] : [] };
}

function standInFlag(device: DeviceInfo, quote: PriceQuote): Flag {
  const what = device.kind === 'software' ? 'a software adapter' : 'a processor';
  return {
    code: 'price-stand-in',
    field: 'cost',
    message:
      `${device.name} is ${what}; the cost charges it an ${quote.price.gpu}'s price ` +
      `(${quote.usdPerHour} USD/h) and says nothing about an ${quote.price.gpu}.`,
    hint: 'Give the price of this machine with --gpu-price.',
  };
}

/** The cost of what was measured on a device, with flags for what is missing or stands in. */
export function chargeRates(
  device: DeviceInfo,
  rates: PhaseRates,
  givenUsdPerHour: number | null,
): { cost: Cost | null; flags: Flag[] } {
  const { quote, flags } = quotePrice(device, givenUsdPerHour);
  return { cost: quote && splitCost(rates, quote), flags };
}

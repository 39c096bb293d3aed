import { moneyText } from './margin-money.ts';

/** `$1,000,000`: whole dollars from a thousand on. */
export function wholeMoney(usd: number | null): string {
  if (usd === null) return 'unknown';
  return Math.abs(usd) < 1000 ? moneyText(usd) : moneyText(Math.round(usd)).replace(/\.00$/, '');
}

/** A difference: `+$12.50`. */
export function signedMoney(usd: number | null): string {
  return usd !== null && usd > 0 ? `+${wholeMoney(usd)}` : wholeMoney(usd);
}

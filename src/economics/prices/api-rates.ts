import { exact, type Known, type Quantity, unknown } from '../quantity.ts';
import { type UsdPerMtok, usdPerMtok } from '../units.ts';
import type { ApiRates } from './price-book.ts';

/** What each rate is called where it is missing. */
export const RATE_NAMES: Readonly<Record<keyof ApiRates, string>> = {
  input: 'input',
  output: 'output',
  cacheRead: 'cached-input',
  cacheWrite: 'cache-write',
};

export const RATE_KINDS = Object.keys(RATE_NAMES) as readonly (keyof ApiRates)[];

/** Prices per million tokens, as figures or as plain numbers; undefined where there is none. */
export type ListedRates = { readonly [K in keyof ApiRates]?: Known | number | undefined };

/** Rates of a source. What it does not list is unknown for that reason: `where` names the source and the model. */
export function apiRates(listed: ListedRates, where: string): ApiRates {
  const rate = (kind: keyof ApiRates): Quantity<UsdPerMtok> => {
    const value = listed[kind];
    if (value === undefined) return unknown(`${where} lists no ${RATE_NAMES[kind]} price`);
    return typeof value === 'number'
      ? exact(usdPerMtok(value))
      : (value as Known as Known<UsdPerMtok>);
  };
  return {
    input: rate('input'),
    output: rate('output'),
    cacheRead: rate('cacheRead'),
    cacheWrite: rate('cacheWrite'),
  };
}

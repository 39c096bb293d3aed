import type { Tokens, Usd, UsdPerMtok } from './units.ts';
import { TOKENS_PER_MTOK, usd } from './units.ts';

/**
 * Prices per million tokens in the three views that are in use. Each pays one and the same bill by itself; prices of
 * different views, or two all-on prices, must never be added: they would pay it twice. They are objects, so that `+`
 * does not compile, and `billOf` takes the tokens that its view needs.
 */
export interface SplitPrice {
  readonly view: 'split';
  /** Of every input token of the request, those found in a prefix cache included. */
  readonly inputUsdPerMtok: UsdPerMtok;
  readonly outputUsdPerMtok: UsdPerMtok;
}

/** The whole bill on the generated tokens; input tokens are free. */
export interface AllOnOutputPrice {
  readonly view: 'all-on-output';
  readonly usdPerMtok: UsdPerMtok;
}

/** The whole bill on all tokens alike. */
export interface AllOnTotalPrice {
  readonly view: 'all-on-total';
  readonly usdPerMtok: UsdPerMtok;
}

export type TokenPrice = SplitPrice | AllOnOutputPrice | AllOnTotalPrice;
export type CostView = TokenPrice['view'];

/** Tokens of some requests; `input` holds those found in a cache too. */
export interface TokenCounts {
  input: Tokens;
  output: Tokens;
}

/** What tokens cost at a price, in whatever view it is. */
export function billOf(price: TokenPrice, { input, output }: TokenCounts): Usd {
  switch (price.view) {
    case 'split':
      return usd(
        (input * price.inputUsdPerMtok + output * price.outputUsdPerMtok) / TOKENS_PER_MTOK,
      );
    case 'all-on-output':
      return usd((output * price.usdPerMtok) / TOKENS_PER_MTOK);
    case 'all-on-total':
      return usd(((input + output) * price.usdPerMtok) / TOKENS_PER_MTOK);
  }
}

/** Bills of one view; a bill of another does not compile. Dollars of different views are sums of the same money. */
export interface Bill<V extends CostView> {
  readonly view: V;
  readonly usd: Usd;
}

export function addBills<V extends CostView>(a: Bill<V>, b: Bill<NoInfer<V>>): Bill<V> {
  return { view: a.view, usd: usd(a.usd + b.usd) };
}

import type { Quantity } from '../quantity.ts';

/** What a claimed cost of a unit leaves unexplained. */
export interface Residual {
  readonly claimedUsd: Quantity;
  /** Claimed less what the steps cost; less the known part, hence at most this, where some are unknown. */
  readonly unexplainedUsd: Quantity;
  /** Of the claim. */
  readonly unexplainedShare: Quantity;
  /**
   * What each call of the steps that could explain it would have to cost to reach the claim: those of unknown price,
   * or all but the LLM calls where every price is known. Null where there are no such calls.
   */
  readonly neededPerCall: NeededPerCall | null;
}

export interface NeededPerCall {
  readonly steps: readonly string[];
  /** At average numbers of calls. */
  readonly usd: Quantity;
  /** In a unit of the most explained dollars and the most such calls. */
  readonly lowUsd: number;
  /** In a unit of the least explained dollars and the fewest such calls; null where there may be none. */
  readonly highUsd: number | null;
}

import type { ApiRates } from '../prices/price-book.ts';
import type { Quantity } from '../quantity.ts';

/** What a model's calls cost, whatever the file said it by. */
export type ModelPrice = DeploymentPrice | TokenPrices;

/** Time of GPUs that serve it: only tokens that no prefix cache holds take any. */
export interface DeploymentPrice {
  readonly kind: 'deployment';
  readonly prefillTps: Quantity;
  readonly decodeTps: Quantity;
  readonly usdPerGpuHour: Quantity;
  readonly gpus: Quantity;
  readonly utilization: Quantity;
  /** Prompt that the rates were measured with, in tokens; null for given rates. */
  readonly measuredPromptTokens: number | null;
  /** Where rates and price come from, for a reader. */
  readonly source: string;
}

/** Per token and per call. */
export interface TokenPrices {
  readonly kind: 'per-token';
  readonly rates: ApiRates;
  /** Rates of longer prompts, lowest first, which hold for the whole call. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rates: ApiRates }[];
  readonly usdPerCall: Quantity;
  readonly source: string;
}

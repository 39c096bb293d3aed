import type { Lever } from '../levers/lever.ts';
import type { Known, Quantity } from '../quantity.ts';
import type { Amount } from './amount.ts';

/** A unit of AI work (a conversation, a resolved ticket, a report …) as its file describes it. */
export interface UnitFile {
  /** What one unit is: `support ticket`. */
  readonly unit: string;
  /** The price at which one model call is quoted, for the multiplier. */
  readonly postedCallUsd: Quantity | null;
  /** What somebody says a unit costs, for the residual. */
  readonly claimedUsd: Known | null;
  /** Share of the units whose calls all came back that are resolved. */
  readonly successRate: Known;
  /** By name. People who take over are here too, at a price per call. */
  readonly models: Readonly<Record<string, ModelSpec>>;
  readonly steps: readonly UnitStep[];
  /** Changes that are meant to make it cheaper. */
  readonly levers: readonly Lever[];
}

/** A model, service or person that answers calls, as the file names it: one way of pricing and one policy. */
export type ModelSpec = ModelPolicy & (RecordSpec | RatesSpec | ApiSpec | PricedSpec);
export type ModelKind = ModelSpec['kind'];

/** What happens when a call fails; a step may say otherwise for its own calls. */
export interface ModelPolicy {
  /** Probability that one attempt succeeds. */
  readonly successProbability: Known;
  /** Attempts before giving up. */
  readonly maxAttempts: number;
  /** Who takes a call over that failed every time; null: nobody. */
  readonly escalateTo: string | null;
}

/** How many GPUs serve, and for how much of the paid time. */
export interface Deployment {
  readonly gpus: Known;
  readonly utilization: Known;
}

/** Self-hosted, at the rates of a measured record. */
export interface RecordSpec extends Deployment {
  readonly kind: 'record';
  /** Id or its beginning, or `latest`. */
  readonly record: string;
  /** Null: the price in the record. */
  readonly usdPerGpuHour: Quantity | null;
}

/** Self-hosted, at given rates. */
export interface RatesSpec extends Deployment {
  readonly kind: 'rates';
  readonly prefillTps: Quantity;
  readonly decodeTps: Quantity;
  readonly usdPerGpuHour: Quantity;
}

/** At an API's price from the price book. */
export interface ApiSpec {
  readonly kind: 'api';
  /** `provider/model`. */
  readonly api: string;
  readonly isBatch: boolean;
}

/** At prices in the file, per token or per call. */
export interface PricedSpec {
  readonly kind: 'priced';
  readonly inputUsdPerMtok: Quantity;
  readonly outputUsdPerMtok: Quantity;
  readonly cacheReadUsdPerMtok: Quantity;
  /** Null: written tokens cost what other input does. */
  readonly cacheWriteUsdPerMtok: Quantity | null;
  readonly usdPerCall: Quantity;
}

export const STEP_KINDS = [
  'llm',
  'embedding',
  'lookup',
  'moderation',
  'tool',
  'storage',
  'logs',
  'egress',
  'other',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** One kind of operation in a unit. A call costs its model's tokens, its own price and its gigabytes together. */
export interface UnitStep {
  readonly name: string;
  readonly kind: StepKind;
  /** In one unit. Of a conversation: how many of them. */
  readonly calls: Amount;
  /** Share of the calls that a cache of responses answers, for nothing. */
  readonly responseCacheShare: Known;
  /** Name in `models`; null: the step has a price of its own. */
  readonly model: string | null;
  readonly tokens: CallTokens | ConversationTokens | null;
  /** Of the tokens where no model prices them; null: it does, or there are none. */
  readonly usdPerMtok: Quantity | null;
  /** What a call costs apart from its tokens and gigabytes; null: nothing. */
  readonly usdPerCall: Quantity | null;
  readonly gigabytes: { readonly perCall: Amount; readonly usdPerGb: Quantity } | null;
  /** Null where the model's policy holds. */
  readonly successProbability: Known | null;
  readonly maxAttempts: number | null;
  readonly escalateTo: string | null;
}

/** Tokens of one call. */
export interface CallTokens {
  readonly kind: 'call';
  /** Cached ones included. */
  readonly input: Amount;
  readonly output: Amount;
  /** Share of the input that the model's prefix cache holds. */
  readonly cachedShare: Known;
}

/** How much of a conversation so far a prefix cache holds when the next turn comes. */
export const PREFIX_CACHES = ['none', 'inputs', 'inputs-and-answers'] as const;
export type PrefixCache = (typeof PREFIX_CACHES)[number];

/** A conversation that sends all that was said before with every turn: a call is a turn. */
export interface ConversationTokens {
  readonly kind: 'conversation';
  readonly turns: Amount;
  readonly system: Amount;
  readonly user: Amount;
  readonly answer: Amount;
  readonly prefixCache: PrefixCache;
}

export const LIMITS = {
  /** Of the file: a thousand steps of 500 each. */
  characters: 512 * 1024,
  steps: 1000,
  models: 100,
  nameLength: 80,
  calls: 10_000,
  turns: 1000,
  tokens: 1e8,
  gigabytes: 1e9,
  attempts: 100,
  escalations: 8,
} as const;

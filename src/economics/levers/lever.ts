import type { Known } from '../quantity.ts';

export const LEVER_KINDS = [
  'context-trimmed',
  'response-cache',
  'prefix-cache',
  'quantisation',
  'smaller-model',
  'batching',
  'fewer-steps',
] as const;
export type LeverKind = (typeof LEVER_KINDS)[number];

/** What a lever's figures rest on. */
export type LeverBasis =
  /** Records measured before and after it. */
  | { readonly kind: 'measured'; readonly record: string }
  /** The price of a model that the unit's file describes. */
  | { readonly kind: 'model'; readonly model: string }
  /** Something that the file names: `A/B test of 2026-10`. */
  | { readonly kind: 'stated'; readonly source: string }
  | { readonly kind: 'assumed' };

interface LeverCommon {
  readonly name: string;
  readonly basis: LeverBasis;
  /** The unit's success rate with this lever alone; null: as it was. */
  readonly successRate: Known | null;
}

/** Which steps it acts on; null: all of those that it can. */
interface OfSteps {
  readonly steps: readonly string[] | null;
}

/** How much a faster deployment of the same model saves. */
export type DeploymentChange =
  /** Tokens cost this times what they did. */
  | { readonly kind: 'factor'; readonly costFactor: Known }
  /** The price of the hour stays, rates go from those of one record to another's. Null: the model's own record. */
  | { readonly kind: 'records'; readonly record: string; readonly fromRecord: string | null };

/** One change of a unit of work that is meant to make it cheaper. */
export type Lever = LeverCommon &
  (
    | ({
        readonly kind: 'context-trimmed';
        /** Share of the input tokens that stay. */
        readonly inputShare: Known;
      } & OfSteps)
    | ({
        readonly kind: 'response-cache';
        /** Share of the calls so far made that it answers. */
        readonly answeredShare: Known;
      } & OfSteps)
    | ({
        readonly kind: 'prefix-cache';
        /** Share of the input of a call that it holds; conversations keep all that was said before. */
        readonly cachedShare: Known | null;
      } & OfSteps)
    | ({
        readonly kind: 'fewer-steps';
        /** Share of the calls that stay. */
        readonly callsShare: Known;
      } & OfSteps)
    | ({
        readonly kind: 'smaller-model';
        readonly model: string;
        /** Answers in its place; one of the file's models. */
        readonly to: string;
      } & OfSteps)
    | {
        readonly kind: 'quantisation' | 'batching';
        readonly model: string;
        readonly change: DeploymentChange;
      }
  );

export const MOST_LEVERS = 20;

import { invariant } from '../../core/errors.ts';
import type { Amount } from './amount.ts';
import { meanOf } from './amount-moments.ts';
import type { Bind } from './bind.ts';
import type { ModelPrice } from './model-price.ts';
import { type PlainPrice, plainPrice } from './plain-price.ts';
import type { PrefixCache, StepKind, UnitFile, UnitStep } from './unit-file.ts';

/** An amount whose mean is a number. */
export interface PlainAmount {
  readonly amount: Amount;
  readonly mean: number;
}

/** Who answers a call: the step's own model first, then those that take over. */
export interface PlainLevel {
  /** Name that its tokens are counted under; null for calls without tokens. */
  readonly model: string | null;
  readonly price: PlainPrice;
  readonly successProbability: number;
  readonly maxAttempts: number;
}

export type PlainTokens =
  | {
      readonly kind: 'call';
      readonly input: PlainAmount;
      readonly output: PlainAmount;
      readonly cachedShare: number;
    }
  | {
      readonly kind: 'conversation';
      readonly turns: PlainAmount;
      readonly system: PlainAmount;
      readonly user: PlainAmount;
      readonly answer: PlainAmount;
      readonly prefixCache: PrefixCache;
    };

/** A step with a number for every figure. */
export interface PlainStep {
  readonly name: string;
  readonly kind: StepKind;
  readonly calls: PlainAmount;
  readonly responseCacheShare: number;
  readonly tokens: PlainTokens | null;
  /** Of each attempt at the first level, beside its tokens. */
  readonly usdPerCall: number;
  readonly gigabytes: { readonly perCall: PlainAmount; readonly usdPerGb: number } | null;
  readonly levels: readonly [PlainLevel, ...PlainLevel[]];
}

export interface PlainUnit {
  readonly steps: readonly PlainStep[];
  readonly successRate: number;
}

/** The unit in plain numbers, each figure asked of `bind` by its key in the file. */
export function plainUnit(
  { steps, successRate, models }: UnitFile,
  prices: Readonly<Record<string, ModelPrice>>,
  bind: Bind,
): PlainUnit {
  const bound = new Map<string, BoundModel>();
  for (const [name, spec] of Object.entries(models)) {
    const key = `models.${name}`;
    const price = prices[name];
    invariant(price !== undefined, `no price was looked up for the model ${name}`);
    bound.set(name, {
      price: plainPrice(price, key, bind),
      successProbability: asShare(bind(`${key}.successProbability`, spec.successProbability)),
      maxAttempts: spec.maxAttempts,
      escalateTo: spec.escalateTo,
    });
  }
  return {
    steps: steps.map((step) => plainStep(step, bound, bind)),
    successRate: asShare(bind('successRate', successRate)),
  };
}

interface BoundModel {
  price: PlainPrice;
  successProbability: number;
  maxAttempts: number;
  escalateTo: string | null;
}

function plainStep(step: UnitStep, models: Map<string, BoundModel>, bind: Bind): PlainStep {
  const key = `steps.${step.name}`;
  const amount = (field: string, amount: Amount): PlainAmount => ({
    amount,
    mean:
      amount.kind === 'fixed' ? Math.max(0, bind(`${key}.${field}`, amount.mean)) : meanOf(amount),
  });
  return {
    name: step.name,
    kind: step.kind,
    calls: amount('calls', step.calls),
    responseCacheShare: asShare(bind(`${key}.responseCacheShare`, step.responseCacheShare)),
    tokens: plainTokens(step.tokens, key, amount, bind),
    usdPerCall: step.usdPerCall === null ? 0 : bind(`${key}.usdPerCall`, step.usdPerCall),
    gigabytes: step.gigabytes && {
      perCall: amount('gb', step.gigabytes.perCall),
      usdPerGb: bind(`${key}.usdPerGb`, step.gigabytes.usdPerGb),
    },
    levels: levelsOf(step, models, bind),
  };
}

function plainTokens(
  tokens: UnitStep['tokens'],
  key: string,
  amount: (field: string, amount: Amount) => PlainAmount,
  bind: Bind,
): PlainTokens | null {
  if (tokens === null) return null;
  if (tokens.kind === 'call') {
    return {
      kind: 'call',
      input: amount('inputTokens', tokens.input),
      output: amount('outputTokens', tokens.output),
      cachedShare: asShare(bind(`${key}.cachedShare`, tokens.cachedShare)),
    };
  }
  return {
    kind: 'conversation',
    turns: amount('turns', tokens.turns),
    system: amount('systemTokens', tokens.system),
    user: amount('userTokens', tokens.user),
    answer: amount('answerTokens', tokens.answer),
    prefixCache: tokens.prefixCache,
  };
}

function levelsOf(
  step: UnitStep,
  models: Map<string, BoundModel>,
  bind: Bind,
): [PlainLevel, ...PlainLevel[]] {
  const key = `steps.${step.name}`;
  const own = step.model === null ? undefined : models.get(step.model);
  const first: PlainLevel = {
    model: step.model ?? (step.tokens === null ? null : step.name),
    price: own?.price ?? ownPrice(step, key, bind),
    successProbability:
      step.successProbability === null
        ? (own?.successProbability ?? 1)
        : asShare(bind(`${key}.successProbability`, step.successProbability)),
    maxAttempts: step.maxAttempts ?? own?.maxAttempts ?? 1,
  };
  const levels: [PlainLevel, ...PlainLevel[]] = [first];
  const seen = new Set<string>(step.model === null ? [] : [step.model]);
  let next = step.escalateTo ?? own?.escalateTo ?? null;
  while (next !== null && !seen.has(next)) {
    const model = models.get(next);
    if (model === undefined) break;
    levels.push({ ...model, model: next });
    seen.add(next);
    next = model.escalateTo;
  }
  return levels;
}

/** A step without a model: its tokens at a price of its own, or none. */
function ownPrice({ usdPerMtok }: UnitStep, key: string, bind: Bind): PlainPrice {
  const price = usdPerMtok === null ? 0 : bind(`${key}.usdPerMtok`, usdPerMtok);
  const rates = { input: price, output: price, cacheRead: price, cacheWrite: price };
  return { tiers: [{ aboveInputTokens: 0, rates }], usdPerCall: 0 };
}

/** The tails of an interval that was drawn may pass the bounds that a share has. */
function asShare(drawn: number): number {
  return Math.min(1, Math.max(0, drawn));
}

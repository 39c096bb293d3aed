import type { Bind } from '../task/bind.ts';
import type { ModelPrice } from '../task/model-price.ts';
import type { PlainPrice, PlainRates } from '../task/plain-price.ts';
import { type PlainStep, type PlainUnit, plainUnit } from '../task/plain-unit.ts';
import type { UnitFile, UnitStep } from '../task/unit-file.ts';
import type { RecordRates } from '../tokens/record-rates.ts';
import type { Lever } from './lever.ts';

/** Rates of a deployment before and after a lever. `from` null: those in the model's price. */
export interface LeverRates {
  readonly from: RecordRates | null;
  readonly to: RecordRates;
}

/** What levers are applied to: a unit and everything that its file refers to. */
export interface LeveredUnit {
  readonly unit: UnitFile;
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** By name of the lever, for those with records. */
  readonly rates: Readonly<Record<string, LeverRates>>;
}

/**
 * The unit in plain numbers with these levers, one after the other. Every figure is asked of `bind` under the same key
 * with and without them, so that a draw of the one belongs to the draw of the other.
 */
export function leveredUnit(levered: LeveredUnit, levers: readonly Lever[], bind: Bind): PlainUnit {
  const unit = levers.reduce(restructured, levered.unit);
  const plain = plainUnit(unit, levered.prices, bind);
  return levers.reduce((so, lever) => adjusted(so, lever, levered, bind), plain);
}

/** What a lever changes about the shape of a unit: who answers, and what a conversation keeps. */
function restructured(unit: UnitFile, lever: Lever): UnitFile {
  const change = (of: (step: UnitStep) => UnitStep): UnitFile => ({
    ...unit,
    steps: unit.steps.map((step) => (actsOn(lever, step.name) ? of(step) : step)),
  });
  if (lever.kind === 'smaller-model') {
    return change((step) => (step.model === lever.model ? { ...step, model: lever.to } : step));
  }
  if (lever.kind === 'prefix-cache') {
    return change((step) =>
      step.tokens?.kind === 'conversation'
        ? { ...step, tokens: { ...step.tokens, prefixCache: 'inputs-and-answers' } }
        : step,
    );
  }
  return unit;
}

function actsOn(lever: Lever, step: string): boolean {
  return !('steps' in lever) || lever.steps === null || lever.steps.includes(step);
}

/** What a lever changes about the numbers. */
function adjusted(plain: PlainUnit, lever: Lever, levered: LeveredUnit, bind: Bind): PlainUnit {
  const change = stepChange(lever, levered, bind);
  const quality =
    lever.successRate === null
      ? 1
      : bind(`levers.${lever.name}.successRate`, lever.successRate) /
        bind('successRate', levered.unit.successRate);
  return {
    steps: plain.steps.map((step) => (actsOn(lever, step.name) ? change(step) : step)),
    successRate: Math.min(1, plain.successRate * quality),
  };
}

function stepChange(
  lever: Lever,
  levered: LeveredUnit,
  bind: Bind,
): (step: PlainStep) => PlainStep {
  const key = `levers.${lever.name}`;
  switch (lever.kind) {
    case 'context-trimmed': {
      const kept = bind(`${key}.inputShare`, lever.inputShare);
      return (step) =>
        withPrices(
          step,
          () => true,
          (price) => trimmed(price, kept),
        );
    }
    case 'response-cache':
      return thinned(1 - bind(`${key}.answeredShare`, lever.answeredShare));
    case 'fewer-steps':
      return thinned(bind(`${key}.callsShare`, lever.callsShare));
    case 'prefix-cache': {
      const held = lever.cachedShare && bind(`${key}.cachedShare`, lever.cachedShare);
      return (step) =>
        held === null || step.tokens?.kind !== 'call'
          ? step
          : { ...step, tokens: { ...step.tokens, cachedShare: inUnitRange(held) } };
    }
    case 'smaller-model':
      return (step) => step;
    default: {
      const factors = rateFactors(lever, levered, bind);
      return (step) =>
        withPrices(
          step,
          (model) => model === lever.model,
          (price) => scaled(price, factors),
        );
    }
  }
}

/** Calls that are not made, or answered for nothing, whatever their number: each stays with this probability. */
function thinned(share: number): (step: PlainStep) => PlainStep {
  const kept = inUnitRange(share);
  return (step) => ({ ...step, responseCacheShare: 1 - (1 - step.responseCacheShare) * kept });
}

function withPrices(
  step: PlainStep,
  isMeant: (model: string | null) => boolean,
  change: (price: PlainPrice) => PlainPrice,
): PlainStep {
  const [first, ...others] = step.levels.map((level) =>
    isMeant(level.model) ? { ...level, price: change(level.price) } : level,
  );
  return first === undefined ? step : { ...step, levels: [first, ...others] };
}

/** A prompt of a share of the tokens costs what the whole would at that share of the price, tiers moved along. */
function trimmed({ tiers, usdPerCall }: PlainPrice, kept: number): PlainPrice {
  return {
    usdPerCall,
    tiers: tiers.map(({ aboveInputTokens, rates }) => ({
      aboveInputTokens: aboveInputTokens / kept,
      rates: ratesTimes(rates, { input: kept, output: 1 }),
    })),
  };
}

interface Factors {
  input: number;
  output: number;
}

function scaled({ tiers, usdPerCall }: PlainPrice, factors: Factors): PlainPrice {
  return {
    usdPerCall,
    tiers: tiers.map((tier) => ({ ...tier, rates: ratesTimes(tier.rates, factors) })),
  };
}

function ratesTimes(rates: PlainRates, { input, output }: Factors): PlainRates {
  return {
    input: rates.input * input,
    output: rates.output * output,
    cacheRead: rates.cacheRead * input,
    cacheWrite: rates.cacheWrite * input,
  };
}

/** At the same price of an hour, tokens cost as much less as they are computed faster. */
function rateFactors(
  lever: Extract<Lever, { kind: 'quantisation' | 'batching' }>,
  { prices, rates }: LeveredUnit,
  bind: Bind,
): Factors {
  const key = `levers.${lever.name}`;
  const { change, model } = lever;
  if (change.kind === 'factor') {
    const factor = bind(`${key}.costFactor`, change.costFactor);
    return { input: factor, output: factor };
  }
  const measured = rates[lever.name];
  const price = prices[model];
  if (measured === undefined) return { input: Number.NaN, output: Number.NaN };
  const ratio = (phase: keyof RecordRates, field: 'prefillTps' | 'decodeTps') => {
    const to = bind(`${key}.${field}`, measured.to[phase]);
    if (measured.from !== null) return bind(`${key}.from.${field}`, measured.from[phase]) / to;
    // The key of the model's own rate: the same draw of it makes the unit's cost before.
    return price?.kind === 'deployment' ? bind(`models.${model}.${field}`, price[field]) / to : NaN;
  };
  return { input: ratio('prefill', 'prefillTps'), output: ratio('decode', 'decodeTps') };
}

/** The tails of an interval that was drawn may pass the bounds that a share has. */
function inUnitRange(drawn: number): number {
  return Math.min(1, Math.max(0, drawn));
}

import { DRAWS, type PropagateOptions, propagate } from '../propagate.ts';
import { isKnown, isUncertain, type Quantity } from '../quantity.ts';
import type { Bind } from '../task/bind.ts';
import { unitResults } from '../task/unit-results.ts';
import { type LeveredUnit, leveredUnit } from './apply-lever.ts';
import type { Lever } from './lever.ts';

/** What one lever does to a unit. */
export interface LeverEffect {
  readonly lever: Lever;
  /** With this lever alone. */
  readonly usdPerResolved: Quantity;
  readonly resolvedShare: Quantity;
  /** `usdPerResolved` over the one without levers: below 1 saves. */
  readonly factor: Quantity;
  /** The unit's cost times the factors of this lever and all before it. */
  readonly stackedUsdPerResolved: Quantity;
}

export interface LeverEffects {
  /** Without any of them. */
  readonly usdPerResolved: Quantity;
  readonly resolvedShare: Quantity;
  readonly effects: readonly LeverEffect[];
  /** Product of the factors: what they save if each saves its share of what the others leave. */
  readonly stackedFactor: Quantity;
  /** The unit with all of them at once, in the order of the file. */
  readonly together: {
    readonly usdPerResolved: Quantity;
    readonly factor: Quantity;
    readonly resolvedShare: Quantity;
  };
  /** `together` over `stackedFactor`: above 1, levers save in part the same thing; below, they help each other. */
  readonly interaction: Quantity;
}

/** Evaluations of the unit while intervals are drawn. */
const MOST_EVALUATIONS = 25_000;
const LEAST_DRAWS = 1000;

/**
 * What levers do to the cost of a resolved unit: each alone, stacked as a product of their factors, and all at once.
 * One Monte Carlo for all of it: a draw of the unit without levers belongs to the same draw of it with them, so that
 * what they do not change leaves no doubt in a factor.
 */
export function leverEffects(
  levered: LeveredUnit,
  levers: readonly Lever[],
  { seed = 0, draws = DRAWS }: PropagateOptions = {},
): LeverEffects {
  const results = (bind: Bind) => evaluate(levered, levers, bind);
  const figures: Record<string, Quantity> = {};
  results((key, figure) => {
    if (isUncertain(figure) || !isKnown(figure)) figures[key] = figure;
    return figure.value ?? Number.NaN;
  });
  const affordable = Math.floor(MOST_EVALUATIONS / (levers.length + 2));
  const drawn = propagate<string, string>(
    figures,
    (numbers) => results((key, figure) => numbers[key] ?? figure.value ?? Number.NaN),
    { seed, draws: Math.min(draws, Math.max(LEAST_DRAWS, affordable)) },
  );
  const figure = (name: string) => drawn[name] as Quantity;
  return {
    usdPerResolved: figure('usd'),
    resolvedShare: figure('resolvedShare'),
    effects: levers.map((lever, i) => ({
      lever,
      usdPerResolved: figure(`${i}.usd`),
      resolvedShare: figure(`${i}.resolvedShare`),
      factor: figure(`${i}.factor`),
      stackedUsdPerResolved: figure(`${i}.stackedUsd`),
    })),
    stackedFactor: figure('stackedFactor'),
    together: {
      usdPerResolved: figure('together.usd'),
      factor: figure('together.factor'),
      resolvedShare: figure('together.resolvedShare'),
    },
    interaction: figure('interaction'),
  };
}

/** All figures of the levers in plain numbers, by the names under which `leverEffects` reads them. */
function evaluate(
  levered: LeveredUnit,
  levers: readonly Lever[],
  bind: Bind,
): Record<string, number> {
  const cost = (applied: readonly Lever[]) => {
    const plain = leveredUnit(levered, applied, bind);
    const all = unitResults({ plain, postedCallUsd: null, claimedUsd: null });
    const { usdPerResolved: usd = Number.NaN, resolvedShare = Number.NaN } = all;
    return { usd, resolvedShare };
  };
  const without = cost([]);
  const { usd } = without;
  const results: Record<string, number> = { ...without };
  let stackedFactor = 1;
  levers.forEach((lever, i) => {
    const alone = cost([lever]);
    const factor = alone.usd / usd;
    stackedFactor *= factor;
    results[`${i}.usd`] = alone.usd;
    results[`${i}.resolvedShare`] = alone.resolvedShare;
    results[`${i}.factor`] = factor;
    results[`${i}.stackedUsd`] = usd * stackedFactor;
  });
  const together = cost(levers);
  const factor = together.usd / usd;
  return {
    ...results,
    stackedFactor,
    'together.usd': together.usd,
    'together.resolvedShare': together.resolvedShare,
    'together.factor': factor,
    interaction: factor / stackedFactor,
  };
}

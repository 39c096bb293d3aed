import { DRAWS, type Inputs, type PropagateOptions, propagate, tornado } from '../propagate.ts';
import { isKnown, isUncertain, type Quantity, unknown } from '../quantity.ts';
import type { Bind } from './bind.ts';
import { expectStep, type StepExpectation } from './expectation.ts';
import type { ModelPrice } from './model-price.ts';
import { lengthNotes, tierNotes } from './notes.ts';
import { type PlainUnit, plainUnit } from './plain-unit.ts';
import { residualOf } from './residual.ts';
import { callsPerUnit, percentilesOf, simulateUnits, unitsWithin } from './simulate.ts';
import type { ModelUse, Spread, StepCost, UnitCost } from './unit-cost-types.ts';
import type { UnitFile, UnitStep } from './unit-file.ts';
import { modelNames, unitResults } from './unit-results.ts';
import { joinedReasons, stepReasons } from './unknown-reasons.ts';

export interface UnitCostOptions extends PropagateOptions {
  /** Units to simulate for the spread; fewer are where a unit has many calls. */
  units?: number;
}

/** Numbers kept while intervals are drawn; with more results there are fewer draws. */
const MOST_DRAWN = 4_000_000;
const LEAST_DRAWS = 1000;

/**
 * What a unit of work costs at these prices, one for every model of the file: the sum over its steps of calls ×
 * attempts × cost of a call. Intervals are doubt about that average, from uncertain inputs; `spread` is how single
 * units differ. Same inputs and seed, same result.
 */
export function unitCost(
  unit: UnitFile,
  prices: Readonly<Record<string, ModelPrice>>,
  { seed = 0, draws = DRAWS, units = DRAWS }: UnitCostOptions = {},
): UnitCost {
  const bound = (bind: Bind) => ({
    plain: plainUnit(unit, prices, bind),
    postedCallUsd: unit.postedCallUsd && bind('postedCallUsd', unit.postedCallUsd),
    claimedUsd: unit.claimedUsd && bind('claimedUsd', unit.claimedUsd),
  });
  const uncertain = uncertainFigures(bound);
  const formula = (numbers: Readonly<Record<string, number>>) =>
    unitResults(bound((key, figure) => numbers[key] ?? numberOf(figure)));
  const affordable = Math.max(LEAST_DRAWS, MOST_DRAWN / Object.keys(formula({})).length);
  const drawn = propagate(uncertain, formula, {
    seed,
    draws: Math.min(draws, Math.floor(affordable)),
  });

  const { plain } = bound((_, figure) => numberOf(figure));
  const expected = plain.steps.map(expectStep);
  const reasons = stepReasons(unit, prices, expected);
  const all = (name: string) => known(drawn[name], name, reasons);
  const models = modelNames(plain)
    .map((model) => modelUse(model, drawn, reasons))
    .filter(({ attempts }) => attempts.value !== 0);
  const tornadoOf = isKnown(all('usdPerResolved')) ? 'usdPerResolved' : 'knownUsdPerUnit';
  return {
    usdPerAttempt: all('usdPerAttempt'),
    usdPerUnit: all('usdPerUnit'),
    resolvedShare: all('resolvedShare'),
    usdPerResolved: all('usdPerResolved'),
    knownUsdPerUnit: all('knownUsdPerUnit'),
    multipliers: unit.postedCallUsd && {
      unit: multiplier(unit.postedCallUsd, all('multiplierOfUnit')),
      resolved: multiplier(unit.postedCallUsd, all('multiplierOfResolved')),
    },
    steps: unit.steps.map((step, i) => stepCost(step, drawn, `steps.${i}`, reasons[i] ?? null)),
    models,
    residual: residualOf(unit, expected, all),
    spread: spreadOf(
      plain,
      expected,
      unitsWithin(units, callsPerUnit(plain.steps, expected)),
      seed,
    ),
    tornado: tornado<string, string>(uncertain, formula, tornadoOf).filter(
      ({ atLow, atHigh }) => atLow !== atHigh,
    ),
    tornadoOf,
    notes: [...tierNotes(plain), ...lengthNotes(models, prices)],
  };
}

type Results = Readonly<Record<string, Quantity>>;
type Bound = (bind: Bind) => Parameters<typeof unitResults>[0];

function numberOf(figure: Quantity): number {
  return figure.value ?? Number.NaN;
}

/** The figures that intervals come from, by key: those that are exact or unknown are the same in every draw. */
function uncertainFigures(bound: Bound): Inputs<string> {
  const figures: Record<string, Quantity> = {};
  bound((key, figure) => {
    if (isKnown(figure) && isUncertain(figure)) figures[key] = figure;
    return numberOf(figure);
  });
  return figures;
}

/** A total, with the reasons of the steps that make it unknown. */
function known(figure: Quantity | undefined, name: string, reasons: readonly (string | null)[]) {
  if (figure !== undefined && isKnown(figure)) return figure;
  const joined = joinedReasons(reasons);
  if (joined !== '') return unknown(joined);
  return unknown(
    name === 'usdPerResolved' || name === 'multiplierOfResolved'
      ? 'no unit is resolved: some call never comes back'
      : `${name} is not defined for these figures`,
  );
}

function multiplier(posted: Quantity, result: Quantity): Quantity {
  if (!isKnown(posted)) return posted;
  return posted.value === 0 ? unknown('postedCallUsd is 0') : result;
}

function stepCost(
  { name, kind }: UnitStep,
  results: Results,
  key: string,
  reason: string | null,
): StepCost {
  const figure = (result: string) => known(results[`${key}.${result}`], result, [reason]);
  return {
    name,
    kind,
    usd: figure('usd'),
    share: figure('share'),
    calls: figure('calls'),
    attempts: figure('attempts'),
    callSuccess: figure('callSuccess'),
  };
}

function modelUse(model: string, results: Results, reasons: readonly (string | null)[]): ModelUse {
  const figure = (result: string) => known(results[`models.${model}.${result}`], result, reasons);
  return {
    model,
    attempts: figure('attempts'),
    inputTokens: figure('inputTokens'),
    cachedTokens: figure('cachedTokens'),
    outputTokens: figure('outputTokens'),
    usd: figure('usd'),
  };
}

function spreadOf(
  plain: PlainUnit,
  expected: readonly StepExpectation[],
  units: number,
  seed: number,
): Spread {
  const isStepKnown = expected.map(({ usd }) => !Number.isNaN(usd));
  const { usd, allBackShare } = simulateUnits(plain, isStepKnown, units, seed);
  return {
    units,
    ...percentilesOf(usd),
    resolvedShare: allBackShare * plain.successRate,
    isOfKnownPart: isStepKnown.includes(false),
  };
}

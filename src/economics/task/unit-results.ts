import { expectStep, type StepExpectation } from './expectation.ts';
import type { PlainUnit } from './plain-unit.ts';
import { openSteps } from './residual.ts';

/** Everything that results depend on, in plain numbers; null where the file does not say. */
export interface BoundUnit {
  plain: PlainUnit;
  postedCallUsd: number | null;
  claimedUsd: number | null;
}

/** What one model is asked by a unit, by the names that its results have. */
export const MODEL_RESULTS = [
  'attempts',
  'inputTokens',
  'cachedTokens',
  'outputTokens',
  'usd',
] as const;
export const STEP_RESULTS = ['usd', 'share', 'calls', 'attempts', 'callSuccess'] as const;

/**
 * All figures of a unit by name, NaN where they depend on a price that is unknown. Those of step i begin with
 * `steps.i.`, those of a model with `models.name.`.
 */
export function unitResults({
  plain,
  postedCallUsd,
  claimedUsd,
}: BoundUnit): Record<string, number> {
  const steps = plain.steps.map(expectStep);
  const sum = (of: (step: StepExpectation) => number) =>
    steps.reduce((total, step) => total + of(step), 0);
  const usdPerUnit = sum(({ usd }) => usd);
  const knownUsdPerUnit = sum(({ usd }) => (Number.isNaN(usd) ? 0 : usd));
  const resolvedShare = steps.reduce((share, { allBack }) => share * allBack, plain.successRate);
  const usdPerResolved = resolvedShare === 0 ? Number.NaN : usdPerUnit / resolvedShare;
  const results: Record<string, number> = {
    usdPerAttempt: sum(({ usdOnce }) => usdOnce),
    usdPerUnit,
    resolvedShare,
    usdPerResolved,
    knownUsdPerUnit,
    multiplierOfUnit: over(usdPerUnit, postedCallUsd),
    multiplierOfResolved: over(usdPerResolved, postedCallUsd),
    ...claimResults(claimedUsd, knownUsdPerUnit, plain, steps),
  };
  steps.forEach((step, i) => {
    const share = knownUsdPerUnit === 0 ? 0 * step.usd : step.usd / knownUsdPerUnit;
    const figures = { ...step, share };
    for (const name of STEP_RESULTS) results[`steps.${i}.${name}`] = figures[name];
  });
  for (const model of modelNames(plain)) {
    const uses = steps.flatMap((step) => step.uses).filter((use) => use.model === model);
    for (const name of MODEL_RESULTS) {
      results[`models.${model}.${name}`] = uses.reduce((total, use) => total + use[name], 0);
    }
  }
  return results;
}

/** Models that may be asked, in the order in which they are. */
export function modelNames({ steps }: PlainUnit): string[] {
  const names = steps.flatMap(({ levels }) => levels.map(({ model }) => model));
  return [...new Set(names.filter((name) => name !== null))];
}

function claimResults(
  claimedUsd: number | null,
  knownUsdPerUnit: number,
  { steps: plainSteps }: PlainUnit,
  steps: readonly StepExpectation[],
): Record<string, number> {
  if (claimedUsd === null) return {};
  const unexplainedUsd = claimedUsd - knownUsdPerUnit;
  const open = openSteps(plainSteps, steps);
  const openCalls = open.reduce((total, i) => total + (steps[i]?.calls ?? 0), 0);
  const openUsd = open.reduce((total, i) => total + (steps[i]?.usd || 0), 0);
  return {
    unexplainedUsd,
    unexplainedShare: over(unexplainedUsd, claimedUsd),
    neededUsdPerCall: over(unexplainedUsd + openUsd, openCalls),
  };
}

function over(usd: number, by: number | null): number {
  return by === null || by === 0 ? Number.NaN : usd / by;
}

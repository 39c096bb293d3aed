import type { Quantity } from '../quantity.ts';
import { boundsOfAmount, meanOf } from './amount-moments.ts';
import type { StepExpectation } from './expectation.ts';
import type { StepKind, UnitFile, UnitStep } from './unit-file.ts';

/** What a claimed cost of a unit leaves unexplained. */
export interface Residual {
  readonly claimedUsd: Quantity;
  /** Claimed less what the steps cost; less the known part, hence at most this, where some are unknown. */
  readonly unexplainedUsd: Quantity;
  /** Of the claim. */
  readonly unexplainedShare: Quantity;
  /**
   * What each call of the steps that could explain it would have to cost to reach the claim: those of unknown cost,
   * or all but the LLM calls where every cost is known. Null where there are none, or nothing is left to explain.
   */
  readonly neededPerCall: NeededPerCall | null;
}

export interface NeededPerCall {
  readonly steps: readonly string[];
  /** At average numbers of calls. */
  readonly usd: Quantity;
  /** Where a unit makes the most calls and turns, all of them at their average cost; null where counts have no most. */
  readonly lowUsd: number | null;
  /** Where a unit makes the fewest; null where it may make none of those that could explain the claim. */
  readonly highUsd: number | null;
}

/** Places of the steps that may explain what is left of a claim. */
export function openSteps(
  steps: readonly { readonly kind: StepKind }[],
  expected: readonly StepExpectation[],
): number[] {
  const places = steps.map((_, i) => i);
  const unpriced = places.filter((i) => Number.isNaN(expected[i]?.usd ?? 0));
  return unpriced.length > 0 ? unpriced : places.filter((i) => steps[i]?.kind !== 'llm');
}

/** @param result a figure of the unit by its name */
export function residualOf(
  { steps, claimedUsd }: UnitFile,
  expected: readonly StepExpectation[],
  result: (name: string) => Quantity,
): Residual | null {
  if (claimedUsd === null) return null;
  const open = openSteps(steps, expected);
  const unexplainedUsd = result('unexplainedUsd');
  const usd = result('neededUsdPerCall');
  const least = claimedUsd.low ?? claimedUsd.value;
  const most = claimedUsd.high ?? claimedUsd.value;
  return {
    claimedUsd,
    unexplainedUsd,
    unexplainedShare: result('unexplainedShare'),
    neededPerCall:
      (unexplainedUsd.value ?? 0) <= 0 || usd.value === null
        ? null
        : {
            steps: open.map((i) => steps[i]?.name ?? ''),
            usd,
            lowUsd: neededAt('high', least, steps, expected, open),
            highUsd: neededAt('low', most, steps, expected, open),
          },
  };
}

/** What a call must cost where every step makes its fewest (`low`) or most (`high`) calls and turns. */
function neededAt(
  bound: 'low' | 'high',
  claimedUsd: number,
  steps: readonly UnitStep[],
  expected: readonly StepExpectation[],
  open: readonly number[],
): number | null {
  let [explainedUsd, openCalls] = [0, 0];
  for (const [i, step] of steps.entries()) {
    const { calls = 0, usd = 0 } = expected[i] ?? {};
    // A conversation is one call in the file and a call a turn here.
    const counts =
      step.tokens?.kind === 'conversation' ? [step.calls, step.tokens.turns] : [step.calls];
    let made = calls;
    for (const count of counts) {
      const extreme = boundsOfAmount(count)[bound];
      if (extreme === null) return null;
      made *= calls === 0 ? 0 : extreme / meanOf(count);
    }
    if (open.includes(i)) openCalls += made;
    else explainedUsd += calls === 0 ? 0 : (made * usd) / calls;
  }
  return openCalls === 0 ? null : (claimedUsd - explainedUsd) / openCalls;
}

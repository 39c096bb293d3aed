import type { Results } from '../../economics/propagate.ts';
import type { Quantity } from '../../economics/quantity.ts';
import type { MonthlyResult } from '../../economics/tokens/monthly-bill.ts';
import type { AllocationMethod, SplitAllocation } from '../../economics/tokens/split-methods.ts';
import type { StepFit } from '../../economics/tokens/split-steps.ts';
import type { TokenEnergy } from '../../economics/tokens/token-energy.ts';
import { figureJson, figuresJson } from './figure.ts';

/** By what a bill is split, and what was asked for beyond the prices; null or empty where it was not. */
export interface TokenExtras {
  /** What the split view rests on. */
  allocationMethod: AllocationMethod;
  allocations: readonly SplitAllocation[];
  /** Sequences that decode at once, for the rules that count them; null: not known. */
  batch: number | null;
  /** The line through a server's steps that the rates come from. */
  stepFit: StepFit | null;
  monthly: { requests: Quantity; figures: Results<MonthlyResult> } | null;
  energy: TokenEnergy | null;
}

/** The keys of what was asked for, and no others; by what the bill is split, always. */
export function tokenExtrasJson(extras: TokenExtras) {
  const { allocationMethod, allocations, batch, stepFit, monthly, energy } = extras;
  return {
    allocationMethod,
    ...(allocations.length === 0
      ? {}
      : {
          batch,
          allocation: allocations.map(({ allocationMethod, figures }) => ({
            allocationMethod,
            ...figuresJson(figures),
          })),
        }),
    ...(stepFit === null ? {} : { stepFit }),
    ...(monthly === null
      ? {}
      : { monthly: { requests: figureJson(monthly.requests), ...figuresJson(monthly.figures) } }),
    ...(energy === null
      ? {}
      : {
          energy: {
            source: energy.source,
            joulesPerInputToken: figureJson(energy.figures.joulesPerInputToken),
            joulesPerOutputToken: figureJson(energy.figures.joulesPerOutputToken),
            joulesPerRequest: figureJson(energy.figures.joulesPerRequest),
            outputKilowattHoursPerMtok: figureJson(energy.figures.outputKilowattHoursPerMtok),
          },
        }),
  };
}

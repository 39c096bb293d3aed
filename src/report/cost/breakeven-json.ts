import type { Flag } from '../../core/record.ts';
import type { BreakEven, BreakEvenInput } from '../../economics/business/break-even.ts';
import type { VolumeCosts } from '../../economics/business/volume-costs.ts';
import type { Inputs } from '../../economics/propagate.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { figureJson, figuresJson } from './figure.ts';

/** The record that rates come from, and the requests that it measured. */
export interface MeasuredRates {
  id: string;
  name: string;
  device: string;
  promptTokens: number;
  generatedTokens: number;
  batch: number;
}

/** The answer of `mtok cost breakeven` with what it was made from. */
export interface ShownBreakEven {
  /** Null where the rates were given. */
  record: MeasuredRates | null;
  inputs: Inputs<BreakEvenInput>;
  /** False where only the ratio of input to output tokens is known. */
  isRequest: boolean;
  gpuPriceSource: string;
  rateSource: string;
  apiSource: string;
  breakEven: BreakEven;
  /** Smallest first. */
  volumes: readonly VolumeCosts[];
  /** Those that were asked for, in Mtok a month. */
  asked: readonly number[];
  /** Load of equal parts of the time. */
  profile: readonly number[];
  /** Flags of the record that a reader of its costs must know. */
  flags: readonly Flag[];
  seed: number;
}

export function breakEvenJson(shown: ShownBreakEven) {
  const { breakEven, volumes, inputs, asked: _, ...rest } = shown;
  const { verdict, reason, mtokPerMonth, utilization, probabilityNever, results } = breakEven;
  const {
    breakEvenPerMtok: _perMtok,
    capacityPerBreakEven: _capacity,
    servablePerBreakEven: _servable,
    ...figures
  } = results;
  const known = Object.entries<Quantity>(inputs).filter(([, quantity]) => isKnown(quantity));
  return {
    verdict,
    reason,
    breakEvenMtokPerMonth: boundedJson(mtokPerMonth),
    breakEvenUtilization: boundedJson(utilization),
    probabilityNever,
    ...figuresJson(figures),
    basis: 'allocation',
    volumes: volumes.map((volume) => ({
      mtokPerMonth: volume.mtokPerMonth,
      probabilitySelfCheaper: volume.probabilitySelfCheaper,
      ...figuresJson(volume.results),
    })),
    inputs: figuresJson(Object.fromEntries(known)),
    ...rest,
  };
}

/** JSON has no infinity: a bound that is never reached says so. */
function boundedJson(quantity: Quantity) {
  const figure = figureJson(quantity);
  if (figure.high !== Number.POSITIVE_INFINITY) return figure;
  return { ...figure, high: null, highIsNever: true };
}

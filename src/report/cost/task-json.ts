import type { Flag } from '../../core/record.ts';
import type { ModelPrice } from '../../economics/task/model-price.ts';
import type { Residual } from '../../economics/task/residual.ts';
import type { UnitCost } from '../../economics/task/unit-cost-types.ts';
import type { UnitFile } from '../../economics/task/unit-file.ts';
import { figureJson, figuresJson } from './figure.ts';
import { leversJson, type ShownLevers } from './levers-lines.ts';

/** One answer of `mtok cost task` with what it was made from. */
export interface ShownTask {
  unit: UnitFile;
  prices: Readonly<Record<string, ModelPrice>>;
  cost: UnitCost;
  /** Null where the file has none. */
  levers: ShownLevers | null;
  /** Flags of the records that a reader of the costs must know. */
  flags: readonly Flag[];
  /** Of the prices of API models; null where there are none. */
  book: { sha256: string; day: string } | null;
  seed: number;
}

/**
 * `low` and `high` of a figure are the 95 % interval of the average, from uncertain inputs; `spread` holds percentiles
 * of single units.
 */
export function taskJson({ unit, prices, cost, levers, flags, book, seed }: ShownTask) {
  const { multipliers, steps, models, residual, spread, tornado, tornadoOf, notes, ...totals } =
    cost;
  return {
    unit: unit.unit,
    ...figuresJson(totals),
    multipliers: multipliers && figuresJson({ ...multipliers }),
    steps: steps.map(({ name, kind, ...figures }) => ({ name, kind, ...figuresJson(figures) })),
    models: models.map(({ model, ...figures }) => ({
      model,
      source: prices[model]?.source ?? 'the price in its step',
      ...figuresJson(figures),
    })),
    residual: residual && residualJson(residual),
    levers: levers && leversJson(levers),
    spread,
    tornado: { of: tornadoOf, bars: tornado },
    notes,
    flags,
    priceBook: book,
    seed,
  };
}

function residualJson({ neededPerCall, ...figures }: Residual) {
  return {
    ...figuresJson(figures),
    neededPerCall: neededPerCall && { ...neededPerCall, usd: figureJson(neededPerCall.usd) },
  };
}

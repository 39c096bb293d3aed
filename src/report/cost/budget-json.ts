import type { BudgetResult } from '../../economics/scenario/budget.ts';
import { bandOf } from '../../economics/scenario/budget-variance.ts';
import { figuresJson } from './figure.ts';

/** One answer of `mtok cost budget`. */
export interface ShownBudget {
  title: string;
  result: BudgetResult;
  /** Whether any line says its units, so that price, volume and mix are told apart. */
  hasUnits: boolean;
  /** The limit of --fail-over, and whether it was passed; null where none was given. */
  failOver: { share: number; isOver: boolean } | null;
}

export function budgetJson({ title, result, failOver }: ShownBudget) {
  const { periods, toDate, open, budgetUsd, forecast, ...rest } = result;
  return {
    of: title,
    budgetUsd,
    toDate: { ...toDate, band: toDate.share === null ? null : bandOf(toDate.share) },
    forecast: figuresJson(forecast),
    ...rest,
    failOver,
    periods: periods.map(({ period, variance, band }) => ({ period, ...variance, band })),
    open,
  };
}

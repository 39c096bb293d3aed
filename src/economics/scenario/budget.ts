import { exact, type Quantity, unknown } from '../quantity.ts';
import type { BudgetSeries } from './budget-file.ts';
import {
  bandOf,
  totalVariance,
  type Variance,
  type VarianceBand,
  varianceOf,
} from './budget-variance.ts';
import { skippedPeriods } from './period-names.ts';
import {
  alertedSince,
  type BudgetStatus,
  budgetStatus,
  runRateForecast,
  trendForecast,
} from './spend-forecast.ts';

export interface PeriodVariance {
  period: string;
  variance: Variance;
  /** Null where nothing was budgeted. */
  band: VarianceBand | null;
}

export interface BudgetResult {
  periods: PeriodVariance[];
  toDate: Variance;
  open: BudgetSeries['open'];
  /** Without a row between others that have one: in no sum, mean or forecast. */
  skipped: string[];
  /** Of all periods. */
  budgetUsd: number;
  /** What will have been spent at the end. */
  forecast: {
    runRateUsd: Quantity;
    trendUsd: Quantity;
    /** Where the rest is over or under its budget as the periods so far: for budgets that differ by period. */
    budgetPaceUsd: Quantity;
  };
  status: BudgetStatus;
  /** First of the periods after which it was seen to go over, without a break until now. */
  alertedSince: string | null;
  /** Period in which the budget is used up at the run rate; null where it lasts. */
  usedUpIn: string | null;
}

/** Actual against budget, period by period and to date, and where it ends. At least one period is over. */
export function budgetResult({ spent, open }: BudgetSeries): BudgetResult {
  const periods = spent.map(({ period, lines }) => {
    const variance = varianceOf(lines);
    return { period, variance, band: variance.share === null ? null : bandOf(variance.share) };
  });
  const toDate = totalVariance(periods.map(({ variance }) => variance));
  const actuals = periods.map(({ variance }) => variance.actualUsd);
  const rest = open.reduce((sum, { budgetUsd }) => sum + budgetUsd, 0);
  const budgetUsd = toDate.budgetUsd + rest;
  const alerted = alertedSince(actuals, open.length, budgetUsd);
  return {
    periods,
    toDate,
    open,
    skipped: skippedPeriods([...spent, ...open].map(({ period }) => period)),
    budgetUsd,
    forecast: {
      runRateUsd: runRateForecast(actuals, open.length),
      trendUsd: trendForecast(actuals, open.length),
      budgetPaceUsd:
        toDate.budgetUsd === 0
          ? unknown('nothing was budgeted so far')
          : exact(toDate.actualUsd * (1 + rest / toDate.budgetUsd)),
    },
    status: budgetStatus(actuals, open.length, budgetUsd),
    alertedSince: alerted === null ? null : (spent[alerted]?.period ?? null),
    usedUpIn: usedUpIn(
      [...spent, ...open].map(({ period }) => period),
      actuals,
      budgetUsd,
    ),
  };
}

function usedUpIn(
  names: readonly string[],
  actuals: readonly number[],
  budgetUsd: number,
): string | null {
  const mean = actuals.reduce((sum, actual) => sum + actual, 0) / actuals.length;
  let left = budgetUsd;
  const at = names.findIndex((_, i) => {
    left -= actuals[i] ?? mean;
    // Equal sums that were added up otherwise differ by rounding.
    return left < -1e-9 * budgetUsd;
  });
  return names[at] ?? null;
}

/**
 * Whether a budget is missed by more than a share of it: what was spent so far against its budget, or the end, where
 * even the lower bound of the run rate is over by more.
 */
export function isOverBy(share: number, { toDate, budgetUsd, forecast }: BudgetResult): boolean {
  if (toDate.usd > share * toDate.budgetUsd) return true;
  const { low } = forecast.runRateUsd;
  return low !== null && low - budgetUsd > share * budgetUsd;
}

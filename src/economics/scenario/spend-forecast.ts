import { studentT975 } from '../../core/student-t.ts';
import { between, exact, type Quantity, unknown } from '../quantity.ts';

/** Fewer leave one degree of freedom, and an interval that says nothing. */
const LEAST_FOR_RATE = 3;
const LEAST_FOR_TREND = 4;

/**
 * What will have been spent after `open` more periods like those so far: spent + open · mean, with the 95 % prediction
 * interval of a sum of m normal values after n, mean·m ± t_{n−1}·s·√(m + m²/n). No interval from fewer than 3 periods;
 * never less than was spent.
 */
export function runRateForecast(actuals: readonly number[], open: number): Quantity {
  const n = actuals.length;
  const spent = total(actuals);
  if (n === 0) return unknown('no period has an actual');
  if (open === 0) return exact(spent);
  const value = spent + (open * spent) / n;
  if (n < LEAST_FOR_RATE) return exact(value);
  const squares = total(actuals.map((actual) => (actual - spent / n) ** 2));
  const deviation = Math.sqrt(squares / (n - 1));
  const half = studentT975(n - 1) * deviation * Math.sqrt(open + open ** 2 / n);
  return bounded(value, half, spent);
}

/**
 * The same along the line of least squares through the periods so far, with the prediction interval of the sum of m
 * values on it: t_{n−2}·s·√(m + m²/n + D²/Sxx), D the sum of their distances from the mean period. Unknown from fewer
 * than 4 periods. No period costs less than nothing.
 */
export function trendForecast(actuals: readonly number[], open: number): Quantity {
  const n = actuals.length;
  const spent = total(actuals);
  if (n < LEAST_FOR_TREND)
    return unknown(`a trend takes ${LEAST_FOR_TREND} periods, there are ${n}`);
  if (open === 0) return exact(spent);
  const [middle, mean] = [(n - 1) / 2, spent / n];
  const spread = total(actuals.map((_, i) => (i - middle) ** 2));
  const slope = total(actuals.map((actual, i) => (i - middle) * (actual - mean))) / spread;
  const residuals = actuals.map((actual, i) => actual - mean - slope * (i - middle));
  const deviation = Math.sqrt(total(residuals.map((residual) => residual ** 2)) / (n - 2));
  const ahead = Array.from({ length: open }, (_, i) => n + i - middle);
  const distance = total(ahead);
  const more = total(ahead.map((x) => Math.max(0, mean + slope * x)));
  const scatter = Math.sqrt(open + open ** 2 / n + distance ** 2 / spread);
  return bounded(spent + more, studentT975(n - 2) * deviation * scatter, spent);
}

function bounded(value: number, half: number, least: number): Quantity {
  // Equal periods scatter by what rounding makes of them.
  if (half <= 1e-12 * value) return exact(value);
  return between(value, Math.max(least, value - half), value + half);
}

export type BudgetStatus = 'within' | 'watch' | 'over' | 'spent';

/**
 * Where a budget is heading: `spent` already; `over` where even the lower bound of the run rate is; `watch` where the
 * run rate is, but its interval reaches the budget or there is none.
 */
export function budgetStatus(
  actuals: readonly number[],
  open: number,
  budgetUsd: number,
): BudgetStatus {
  if (total(actuals) > budgetUsd) return 'spent';
  const { value, low } = runRateForecast(actuals, open);
  if (low !== null && low > budgetUsd) return 'over';
  return value !== null && value > budgetUsd ? 'watch' : 'within';
}

/**
 * Index of the period after which the budget was last seen heading over, having been within before; null where it is
 * within now. Each period is judged by what was known then.
 */
export function alertedSince(
  actuals: readonly number[],
  open: number,
  budgetUsd: number,
): number | null {
  let since: number | null = null;
  for (let i = actuals.length - 1; i >= 0; i--) {
    const left = open + actuals.length - 1 - i;
    if (budgetStatus(actuals.slice(0, i + 1), left, budgetUsd) === 'within') break;
    since = i;
  }
  return since;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

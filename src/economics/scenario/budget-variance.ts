import type { BudgetLine } from './budget-file.ts';

/** Why an actual is not the budget; the parts sum to the variance. */
export interface VarianceParts {
  /** Units cost other than budgeted: Σ (actual − actual units · budgeted price). */
  priceUsd: number;
  /** More or fewer units in all, at the budgeted mean price. */
  volumeUsd: number;
  /** Units moved between lines that cost more and less, at budgeted prices. */
  mixUsd: number;
  /** Of lines without units, or that were not budgeted any. */
  otherUsd: number;
}

export interface Variance {
  budgetUsd: number;
  actualUsd: number;
  /** actual − budget: above zero is over budget. */
  usd: number;
  /** By budget; null where nothing was budgeted. */
  share: number | null;
  parts: VarianceParts;
}

/**
 * Actual against budget of one period, in price, volume and mix, as controlling has them: with V and P the units and
 * prices of a line i, b budgeted and a actual, volume = (ΣVa − ΣVb)·(Σbudget / ΣVb), mix = Σ (Va_i − ΣVa·Vb_i/ΣVb)·Pb_i,
 * price = Σ (actual_i − Va_i·Pb_i).
 */
export function varianceOf(lines: readonly BudgetLine[]): Variance {
  const measured = lines.flatMap((line) => {
    const { budgetUnits, actualUnits } = line;
    return budgetUnits === null || budgetUnits === 0 || actualUnits === null
      ? []
      : [{ ...line, budgetUnits, actualUnits, budgetPrice: line.budgetUsd / budgetUnits }];
  });
  const budgetUsd = sum(lines, ({ budgetUsd: usd }) => usd);
  const actualUsd = sum(lines, ({ actualUsd: usd }) => usd);
  const budgetUnits = sum(measured, (line) => line.budgetUnits);
  const actualUnits = sum(measured, (line) => line.actualUnits);
  const meanPrice =
    measured.length === 0 ? 0 : sum(measured, (line) => line.budgetUsd) / budgetUnits;
  const parts = {
    priceUsd: sum(measured, (line) => line.actualUsd - line.actualUnits * line.budgetPrice),
    volumeUsd: (actualUnits - budgetUnits) * meanPrice,
    mixUsd: sum(
      measured,
      (line) =>
        (line.actualUnits - (actualUnits * line.budgetUnits) / budgetUnits) * line.budgetPrice,
    ),
  };
  const explained = sum(measured, (line) => line.actualUsd - line.budgetUsd);
  return {
    budgetUsd,
    actualUsd,
    ...differenceOf(budgetUsd, actualUsd),
    parts: { ...parts, otherUsd: actualUsd - budgetUsd - explained },
  };
}

/** Variances of several periods together: each part summed, so that they still sum to the variance. */
export function totalVariance(variances: readonly Variance[]): Variance {
  const budgetUsd = sum(variances, (variance) => variance.budgetUsd);
  const actualUsd = sum(variances, (variance) => variance.actualUsd);
  const part = (name: keyof VarianceParts) => sum(variances, ({ parts }) => parts[name]);
  return {
    budgetUsd,
    actualUsd,
    ...differenceOf(budgetUsd, actualUsd),
    parts: {
      priceUsd: part('priceUsd'),
      volumeUsd: part('volumeUsd'),
      mixUsd: part('mixUsd'),
      otherUsd: part('otherUsd'),
    },
  };
}

function differenceOf(budgetUsd: number, actualUsd: number): Pick<Variance, 'usd' | 'share'> {
  const usd = actualUsd - budgetUsd;
  return { usd, share: budgetUsd === 0 ? null : usd / budgetUsd };
}

export type VarianceBand = 'under 11 %' | '11 to 25 %' | '25 to 50 %' | '50 % or more';

/**
 * How far off, either way. The bands are those that surveys report: 54 % of companies 11 to 25 % off their AI budget,
 * one in five about 50 %.
 */
export function bandOf(share: number): VarianceBand {
  const size = Math.abs(share);
  if (size < 0.11) return 'under 11 %';
  if (size <= 0.25) return '11 to 25 %';
  return size < 0.5 ? '25 to 50 %' : '50 % or more';
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

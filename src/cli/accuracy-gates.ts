import type { Variant } from '../core/cell.ts';
import type { ComparisonSummary } from '../quality/comparison.ts';
import { formatNumber } from '../report/format.ts';
import { DEFAULT_MAX_NMSE, type Gates } from './accuracy-options.ts';

/** What a row was held against. */
export interface Comparisons {
  engine: ComparisonSummary | null;
  weights: ComparisonSummary | null;
  baseline: ComparisonSummary | null;
}

const NAMES = { engine: 'the reference', weights: 'float weights', baseline: 'the baseline' };

/** The gates that a row does not pass, in words. */
export function gateProblems(
  comparisons: Comparisons,
  variant: Variant,
  { maxNmse, maxKl }: Gates,
): string[] {
  const problems: string[] = [];
  const most = maxNmse ?? DEFAULT_MAX_NMSE[variant.activations];
  const nmse = comparisons.engine?.nmse ?? 0;
  if (!(nmse <= most)) {
    problems.push(
      `NMSE to the reference is ${formatNumber(nmse)}, more than ${formatNumber(most)}`,
    );
  }
  if (maxKl === null) return problems;
  for (const name of ['engine', 'weights', 'baseline'] as const) {
    const mean = comparisons[name]?.kl.mean ?? 0;
    if (mean <= maxKl) continue;
    problems.push(
      `mean KL to ${NAMES[name]} is ${formatNumber(mean)}, more than ${formatNumber(maxKl)}`,
    );
  }
  return problems;
}

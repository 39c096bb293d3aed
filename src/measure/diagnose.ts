import { lag1Autocorrelation } from '../core/autocorrelation.ts';
import { bestSplit, bimodalityTest } from '../core/bimodality.ts';
import type { PhaseDiagnostics } from '../core/diagnostics.ts';
import { tukeyOutliers } from '../core/outliers.ts';
import { median, medianAbsoluteDeviation, quantile } from '../core/quantile.ts';
import type { Rng } from '../core/rng.ts';
import type { LaunchSamples } from '../core/statistics.ts';
import { mannKendall, type OrderedSeries, theilSen } from '../core/trend.ts';

/** Fewer launches have no direction: five in order have a two-sided p of 1.7 %. */
const MIN_LAUNCHES = 6;
const FAST_END = 0.1;

/**
 * How times[launch][repetition], in the order in which they were taken, scattered. `quantumMs` is the
 * clock's step. Launches differ by nature; what is asked of repetitions is asked of their ratio to their launch's
 * median. Null when a launch's median is 0.
 */
export function diagnosePhase(
  times: LaunchSamples,
  quantumMs: number,
  rng: Rng,
): PhaseDiagnostics | null {
  const medians = times.map(median);
  if (medians.some((value) => value <= 0)) return null;
  const ratios = times.map((launch, i) => launch.map((time) => time / (medians[i] ?? 1)));
  const pooled = ratios.flat();
  const modes = bimodalityTest(overFastest(times), quantumMs / median(medians), rng);
  return {
    samples: pooled.length,
    launchCv: coefficientOfVariation(medians),
    repetitionCv: pooled.length > times.length ? coefficientOfVariation(pooled) : null,
    madShare: pooled.length > times.length ? medianAbsoluteDeviation(pooled) : null,
    lag1: lag1Autocorrelation(ratios)?.lag1 ?? null,
    driftInLaunches: drift(ratios, 1),
    driftOverLaunches: medians.length < MIN_LAUNCHES ? null : drift([medians], median(medians)),
    bimodality: modes && {
      pValue: modes.pValue,
      separation: modes.separation,
      minorShare: modes.minorShare,
    },
    launchGroups: medians.length < MIN_LAUNCHES ? null : launchGroups(medians),
    outliers: tukeyOutliers(pooled),
  };
}

/**
 * Times over the fast end of their launch. Over its median two modes would become four: which of them the median
 * of a few repetitions falls into is chance.
 */
function overFastest(times: LaunchSamples): number[] {
  return times.flatMap((launch) => {
    const fast = quantile(launch, FAST_END);
    return launch.map((time) => (fast > 0 ? time / fast : 0));
  });
}

/** The Theil–Sen line's rise over the longest series as a share of `centre`. */
function drift(series: OrderedSeries, centre: number): PhaseDiagnostics['driftOverLaunches'] {
  const slope = theilSen(series);
  if (slope === null) return null;
  const steps = Math.max(...series.map(({ length }) => length)) - 1;
  return { share: (slope.perSample * steps) / centre, pValue: mannKendall(series).pValue };
}

/** Two groups of launches where both have at least two; the gap is null between groups of equal times. */
function launchGroups(medians: readonly number[]): PhaseDiagnostics['launchGroups'] {
  const sorted = Float64Array.from(medians).sort();
  const { count, separation } = bestSplit(sorted);
  const [below, above] = [sorted.slice(0, count), sorted.slice(count)];
  if (below.length < 2 || above.length < 2) return null;
  const range = (group: Float64Array) => (group.at(-1) ?? 0) - (group[0] ?? 0);
  const widest = Math.max(range(below), range(above));
  const gap = (above[0] ?? 0) - (below.at(-1) ?? 0);
  return { gap: widest === 0 ? null : gap / widest, separation };
}

/** Sample standard deviation over mean; null for fewer than two. */
function coefficientOfVariation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / mean;
}

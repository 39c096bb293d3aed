import type { ImportCheck, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { check, digitsWith, distributionOf, printedDecimals } from './recompute.ts';

/** Old tags under the names that records of requests have. */
const RENAMED: Readonly<Record<string, string>> = {
  ttft: 'time_to_first_token',
  ttst: 'time_to_second_token',
};

/**
 * AIPerf's summary against its own requests: every mean, percentile, extreme and deviation of the summary that
 * has samples in the other file. Both runs as imported, their times in ms.
 */
export function checkSummary(summary: ImportedRun, requests: ImportedRun): ImportCheck[] {
  const decimals = printedDecimals(
    summary.metrics.flatMap(({ value, others }) => [value, ...Object.values(others)]),
  );
  return summary.metrics.flatMap((metric) => {
    const name = RENAMED[metric.name] ?? metric.name;
    const samples = requests.metrics.find((other) => other.name === name)?.samples;
    if (!samples || samples.length === 0) return [];
    return checkMetric(metric, samples, decimals);
  });
}

function checkMetric(
  metric: ImportedMetric,
  samples: readonly number[],
  decimals: number,
): ImportCheck[] {
  const distribution = distributionOf(samples);
  const figures: [string, number][] = [
    [metric.statistic, metric.value],
    ...Object.entries(metric.others),
  ];
  const checks = figures.flatMap(([statistic, stated]) => {
    const recomputed = statisticOf(distribution, statistic);
    if (recomputed === null) return [];
    return [
      check(`${metric.name} ${statistic}`, 'of the requests', {
        stated,
        recomputed,
        printedDigits: digitsWith(stated, decimals),
      }),
    ];
  });
  if (metric.spread === null) return checks;
  // Versions differ in whether they divide by n or by n − 1; whichever is nearer is the one it used.
  const stated = metric.spread.value;
  const [nearer] = [
    check(`${metric.name} sd`, 'sample sd of the requests', {
      stated,
      recomputed: distribution.sampleSd,
      printedDigits: digitsWith(stated, decimals),
    }),
    check(`${metric.name} sd`, 'population sd of the requests', {
      stated,
      recomputed: distribution.populationSd,
      printedDigits: digitsWith(stated, decimals),
    }),
  ].sort((a, b) => b.digits - a.digits);
  return nearer === undefined ? checks : [...checks, nearer];
}

function statisticOf(distribution: ReturnType<typeof distributionOf>, name: string): number | null {
  if (name === 'mean') return distribution.mean;
  if (name === 'min') return distribution.min;
  if (name === 'max') return distribution.max;
  if (name === 'median') return distribution.percentile(50);
  return /^p\d+$/.test(name) ? distribution.percentile(Number(name.slice(1))) : null;
}

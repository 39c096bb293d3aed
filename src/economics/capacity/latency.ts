/** Latencies that load tests report; `itl` is each gap between tokens, `tpot` a request's mean gap. */
export const LATENCY_METRICS = ['ttft', 'tpot', 'itl', 'e2e'] as const;
export type LatencyMetric = (typeof LATENCY_METRICS)[number];

/** Statistics over requests for which a limit may be set. */
export const LATENCY_STATISTICS = ['mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const;

/** `ttft-p99`: a metric and a statistic of it over the requests of a run. */
export type LatencyName = `${LatencyMetric}-${string}`;

const METRIC_WORDS: Readonly<Record<string, LatencyMetric>> = {
  ttft: 'ttft',
  tpot: 'tpot',
  itl: 'itl',
  e2e: 'e2e',
  e2el: 'e2e',
  latency: 'e2e',
};

const STATISTIC_WORDS: Readonly<Record<string, string>> = {
  mean: 'mean',
  avg: 'mean',
  average: 'mean',
  median: 'p50',
};

const MILLISECONDS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, seconds: 1e3 };

/** A column of latencies: which one, and milliseconds per unit of the column. */
export interface LatencyColumn {
  name: LatencyName;
  msPerUnit: number;
}

/**
 * `ttft_p99_ms`, `p99_ttft`, `Median TPOT (ms)`, `latency_p90_s`: a metric, a statistic and perhaps a unit, in any
 * order; milliseconds without one. Null for columns that are anything else.
 */
export function latencyColumn(column: string): LatencyColumn | null {
  const words = column
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .filter((word) => word !== '');
  let metric: LatencyMetric | null = null;
  let statistic: string | null = null;
  let msPerUnit: number | null = null;
  for (const word of words) {
    const found = own(METRIC_WORDS, word);
    const statisticFound = own(STATISTIC_WORDS, word) ?? percentileWord(word);
    const unit = own(MILLISECONDS, word);
    if (found !== undefined && metric === null) metric = found;
    else if (statisticFound !== undefined && statistic === null) statistic = statisticFound;
    else if (unit !== undefined && msPerUnit === null) msPerUnit = unit;
    else return null;
  }
  if (metric === null || statistic === null) return null;
  return { name: `${metric}-${statistic}`, msPerUnit: msPerUnit ?? 1 };
}

function percentileWord(word: string): string | undefined {
  return /^p\d{1,2}(\.\d{1,3})?$/.test(word) ? word : undefined;
}

function own<T>(words: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

/** `TTFT p99`. */
export function latencyLabel(name: LatencyName): string {
  const [metric = '', statistic = ''] = name.split('-');
  return `${metric === 'e2e' ? 'E2E' : metric.toUpperCase()} ${statistic}`;
}

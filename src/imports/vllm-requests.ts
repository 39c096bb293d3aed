import type { ImportCheck } from '../core/import-record.ts';
import { malformed } from './fields.ts';
import {
  check,
  type Distribution,
  digitsWith,
  distributionOf,
  printedDecimals,
  sum,
} from './recompute.ts';
import type { Latency, Stated, VllmResult } from './vllm-fields.ts';

/** Times in seconds of the requests that succeeded; `itl` has every gap of every one of them. */
export type RequestTimes = Record<Latency, number[]>;

/** The lists of a detailed result, or null where the file has none. Throws `record` when they differ in length. */
export function requestTimes(result: VllmResult, where: string): RequestTimes | null {
  const { ttfts, itls, output_lens: lengths, latencies, errors } = result;
  if (!ttfts || !itls || !lengths) return null;
  const lists = { itls, output_lens: lengths, latencies, errors };
  for (const [name, list] of Object.entries(lists)) {
    if (list && list.length !== ttfts.length) {
      throw malformed(`${where}: ${list.length} ${name}, but ${ttfts.length} ttfts`);
    }
  }
  const times: RequestTimes = { ttft: [], tpot: [], itl: [], e2el: [] };
  for (const [i, ttft] of ttfts.entries()) {
    const tokens = lengths[i] ?? 0;
    // A request that failed stands in the lists with zeros and counts nowhere.
    if (tokens === 0 || (errors?.[i] ?? '') !== '') continue;
    const gaps = itls[i] ?? [];
    const latency = latencies?.[i] ?? ttft + sum(gaps);
    times.ttft.push(ttft);
    times.e2el.push(latency);
    for (const gap of gaps) times.itl.push(gap);
    if (tokens > 1) times.tpot.push((latency - ttft) / (tokens - 1));
  }
  return times;
}

const HOW: Record<Latency, string> = {
  ttft: 'of ttfts',
  tpot: 'of (latency - ttft) / (output_len - 1) over requests',
  itl: 'of all gaps in itls',
  e2el: 'of ttft + sum of gaps over requests',
};

/** Every stated statistic computed once more from the requests; nothing where the file has no lists. */
export function checkRequests(
  stated: readonly Stated[],
  times: RequestTimes | null,
): ImportCheck[] {
  if (times === null) return [];
  const decimals = printedDecimals(stated.map(({ value }) => value));
  const distributions = new Map<Latency, Distribution>();
  return stated.flatMap(({ key, latency, statistic, value, unitMs }) => {
    const samples = times[latency];
    if (samples.length === 0) return [];
    const distribution = distributions.get(latency) ?? distributionOf(samples);
    distributions.set(latency, distribution);
    const recomputed = (statisticOf(distribution, statistic) * 1000) / unitMs;
    const printedDigits = digitsWith(value, decimals);
    return [
      check(key, `${statistic} ${HOW[latency]}`, { stated: value, recomputed, printedDigits }),
    ];
  });
}

function statisticOf(distribution: Distribution, name: string): number {
  if (name === 'mean') return distribution.mean;
  if (name === 'median') return distribution.percentile(50);
  if (name === 'std') return distribution.populationSd;
  return distribution.percentile(Number(name.slice(1)));
}

import { z } from 'zod';
import type { ImportCheck, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { amount, malformed, readAs } from './fields.ts';
import { check, digitsWith, printedDecimals, sum } from './recompute.ts';
import { type ServedMetric, scalarMetric, servedComparability } from './served-metrics.ts';
import { settingsOf } from './settings.ts';
import {
  LATENCIES,
  type Latency,
  resultSchema,
  type Stated,
  type VllmResult,
} from './vllm-fields.ts';
import { checkRequests, type RequestTimes, requestTimes } from './vllm-requests.ts';

/** `p99.9_ttft_ms`: a statistic, a metric, and in the one dialect the unit; without it seconds. */
const STATISTIC = /^(mean|median|std|p\d{1,2}(?:\.\d{1,3})?)_(ttft|tpot|itl|e2el)(_ms)?$/;

const SERVED: Record<Latency, ServedMetric> = {
  ttft: 'ttft',
  tpot: 'tpot',
  itl: 'chunk-gap',
  e2el: 'latency',
};

/** One result of vLLM's `bench serve`, with latencies in ms (`_ms`) or in seconds (no suffix). Throws `record`. */
export function importVllm(value: unknown, where: string): ImportedRun {
  const result = readAs(resultSchema, value, where);
  const fields = readAs(z.record(z.string(), z.unknown()), value, where);
  const stated = statedFigures(fields, where);
  const times = requestTimes(result, where);
  const concurrency = result.max_concurrency ?? null;
  const perRequest = (total: number) => (result.completed === 0 ? null : total / result.completed);
  return {
    format: 'vllm-serve',
    tool: { name: 'vLLM bench serve', version: null },
    model: result.model_id,
    backend: result.backend ?? result.endpoint_type ?? null,
    device: null,
    measuredAt: result.date ?? null,
    workload: {
      promptTokens: perRequest(result.total_input_tokens),
      generatedTokens: perRequest(result.total_output_tokens),
      depth: null,
      concurrency,
      requests: result.completed,
      failedRequests: result.failed ?? null,
    },
    settings: {
      ...settingsOf(fields, (name) => isKnown(name) || STATISTIC.test(name), where),
      'latencies in': dialectOf(stated),
    },
    metrics: [
      ...throughputs(result),
      ...LATENCIES.flatMap((latency) => latencyMetric(latency, stated, times, concurrency)),
    ],
    checks: [...checkRates(result), ...checkRequests(stated, times)],
  };
}

const isKnown = (name: string) => name in resultSchema.shape || name === 'generated_texts';

function dialectOf(stated: readonly Stated[]): string {
  const units = new Set(stated.map(({ unitMs }) => (unitMs === 1 ? 'ms (_ms keys)' : 'seconds')));
  return [...units].join(' and ') || 'none';
}

function statedFigures(fields: Record<string, unknown>, where: string): Stated[] {
  const figures: Stated[] = [];
  for (const [key, raw] of Object.entries(fields)) {
    const match = STATISTIC.exec(key);
    if (match === null || raw === null) continue;
    const [, statistic = '', latency, suffix] = match;
    if (figures.some((one) => one.latency === latency && one.statistic === statistic)) {
      throw malformed(`${where} tells ${statistic}_${latency} in ms and in seconds`);
    }
    figures.push({
      key,
      latency: latency as Latency,
      statistic,
      value: readAs(amount, raw, `${where}: ${key}`),
      unitMs: suffix === undefined ? 1000 : 1,
    });
  }
  return figures;
}

function throughputs(result: VllmResult): ImportedMetric[] {
  const rates: [keyof VllmResult & string, string, ServedMetric][] = [
    ['request_throughput', 'requests/s', 'request-rate'],
    ['input_throughput', 'tokens/s', 'input-rate'],
    ['output_throughput', 'tokens/s', 'output-rate'],
    ['total_token_throughput', 'tokens/s', 'total-rate'],
  ];
  return rates.flatMap(([name, unit, served]) => {
    const value = result[name];
    if (typeof value !== 'number') return [];
    return [scalarMetric(name, { unit, value, statistic: 'total / duration' }, served)];
  });
}

/** One latency in ms; nothing where the file tells none of its statistics. */
function latencyMetric(
  latency: Latency,
  stated: readonly Stated[],
  times: RequestTimes | null,
  concurrency: number | null,
): ImportedMetric[] {
  const own = stated.filter((figure) => figure.latency === latency);
  const inMs = new Map(own.map(({ statistic, value, unitMs }) => [statistic, value * unitMs]));
  const head = ['median', 'mean', ...inMs.keys()].find((name) => inMs.has(name) && name !== 'std');
  if (head === undefined) return [];
  const sd = inMs.get('std');
  const samples = times?.[latency].map((seconds) => seconds * 1000) ?? null;
  const others = [...inMs].filter(([name]) => name !== head && name !== 'std');
  return [
    {
      name: latency,
      unit: 'ms',
      value: inMs.get(head) ?? 0,
      statistic: head,
      spread: sd === undefined ? null : { kind: 'population sd', value: sd },
      others: Object.fromEntries(others),
      samples,
      sampleCount: samples?.length ?? null,
      isComputed: false,
      ...servedComparability(SERVED[latency], concurrency),
    },
  ];
}

/** Totals over lists and rates over the duration, computed once more. */
function checkRates(result: VllmResult): ImportCheck[] {
  const { duration, completed, total_input_tokens: input, total_output_tokens: output } = result;
  const figures: [string, string, number | null | undefined, number | null][] = [
    ['request_throughput', 'completed / duration', result.request_throughput, completed / duration],
    [
      'input_throughput',
      'total_input_tokens / duration',
      result.input_throughput,
      input / duration,
    ],
    [
      'output_throughput',
      'total_output_tokens / duration',
      result.output_throughput,
      output / duration,
    ],
    [
      'total_token_throughput',
      '(total_input_tokens + total_output_tokens) / duration',
      result.total_token_throughput,
      (input + output) / duration,
    ],
    ['total_input_tokens', 'sum of input_lens', input, total(result.input_lens, result)],
    ['total_output_tokens', 'sum of output_lens', output, total(result.output_lens, result)],
  ];
  const decimals = printedDecimals(
    figures.flatMap(([, , stated]) => (typeof stated === 'number' ? [stated] : [])),
  );
  const digitsOf = (figure: string, stated: number) =>
    digitsWith(stated, /_tokens$/.test(figure) ? 0 : decimals);
  return figures.flatMap(([figure, how, stated, recomputed]) =>
    stated === null || stated === undefined || recomputed === null
      ? []
      : [check(figure, how, { stated, recomputed, printedDigits: digitsOf(figure, stated) })],
  );
}

/** Sum of a list over the requests that succeeded: those that gave tokens. */
function total(list: number[] | null | undefined, { output_lens }: VllmResult): number | null {
  if (!list) return null;
  return sum(list.filter((_, i) => output_lens?.[i] !== 0));
}

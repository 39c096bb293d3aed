import { z } from 'zod';
import type { ImportCheck, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { assertPossible, isBookkeeping, tagMeaning, unitOf } from './aiperf-words.ts';
import { amount, count, label, malformed, printable, readAs, signed } from './fields.ts';
import { check, digitsWith, printedDecimals } from './recompute.ts';
import { servedComparability } from './served-metrics.ts';

const PERCENTILES = ['p1', 'p5', 'p10', 'p25', 'p75', 'p90', 'p95', 'p99', 'min', 'max'] as const;
const optional = signed.nullish();

const entrySchema = z.object({
  unit: label,
  avg: optional,
  p50: optional,
  std: amount.nullish(),
  count: count.nullish(),
  sum: optional,
  ...Object.fromEntries(PERCENTILES.map((name) => [name, optional])),
});
type Entry = z.infer<typeof entrySchema> &
  Partial<Record<(typeof PERCENTILES)[number], number | null>>;

const MAX_METRICS = 1000;

/** AIPerf's summary, of the early schema (metrics under `records`) or of 1.x (at the top). Throws `record`. */
export function importAiperfAggregate(value: unknown, where: string): ImportedRun {
  const top = readAs(z.record(z.string(), z.unknown()), value, where);
  const entries = entriesOf(top, where);
  const average = (tag: string) => entries.get(tag)?.avg ?? null;
  const concurrency = numberAt(top, ['input_config', 'loadgen', 'concurrency']);
  const metrics = [...entries].flatMap(([tag, entry]) => metricOf(tag, entry, concurrency));
  if (metrics.length === 0) throw malformed(`${where} has no metric with a value`);
  const version = textAt(top, ['aiperf_version'], where);
  return {
    format: 'aiperf-aggregate',
    tool: { name: 'AIPerf', version },
    model: textAt(top, ['input_config', 'endpoint', 'model_names', '0'], where),
    backend: textAt(top, ['input_config', 'endpoint', 'type'], where),
    device: deviceOf(top, where),
    measuredAt: textAt(top, ['start_time'], where),
    workload: {
      promptTokens: average('input_sequence_length'),
      generatedTokens: average('output_sequence_length'),
      depth: null,
      concurrency: concurrency === null ? null : Math.round(concurrency),
      requests: whole(average('request_count')),
      failedRequests: whole(average('error_request_count')),
    },
    settings: {
      ...(top.was_cancelled === true ? { 'was cancelled': true } : {}),
      ...schemaVersion(top, where),
    },
    metrics,
    checks: checkTotals(entries),
  };
}

function entriesOf(top: Record<string, unknown>, where: string): Map<string, Entry> {
  const holder = isObject(top.records) ? top.records : top;
  const entries = new Map<string, Entry>();
  for (const [tag, value] of Object.entries(holder)) {
    if (!isObject(value) || !('unit' in value)) continue;
    if (!/^[a-z][a-z0-9_]{0,99}$/.test(tag)) {
      throw malformed(`${where}: a metric is called ${JSON.stringify(printable(tag))}`);
    }
    const entry = readAs(entrySchema, value, `${where}: ${tag}`);
    const figures = Object.values(entry).filter((figure) => typeof figure === 'number');
    assertPossible(tag, figures, where);
    entries.set(tag, entry);
    if (entries.size > MAX_METRICS) throw malformed(`${where} has over ${MAX_METRICS} metrics`);
  }
  return entries;
}

function metricOf(tag: string, entry: Entry, concurrency: number | null): ImportedMetric[] {
  if (isBookkeeping(tag)) return [];
  const { unit, factor } = unitOf(entry.unit);
  const hasMedian = entry.p50 !== null && entry.p50 !== undefined;
  const value = hasMedian ? entry.p50 : entry.avg;
  if (value === null || value === undefined) return [];
  const named = PERCENTILES.map((name) => [name, entry[name]] as const);
  const others = [...(hasMedian ? [['mean', entry.avg] as const] : []), ...named].flatMap(
    ([name, other]) => (typeof other === 'number' ? [[name, other * factor] as const] : []),
  );
  return [
    {
      name: tag,
      unit,
      value: value * factor,
      statistic: hasMedian ? 'median' : singleStatistic(tag),
      spread: typeof entry.std === 'number' ? { kind: 'sd', value: entry.std * factor } : null,
      others: Object.fromEntries(others),
      samples: null,
      sampleCount: hasMedian ? (entry.count ?? null) : null,
      isComputed: false,
      ...servedComparability(tagMeaning(tag), concurrency),
    },
  ];
}

function singleStatistic(tag: string): string {
  return /throughput$/.test(tag) ? 'total / duration' : 'single value';
}

/** Rates over the duration and totals of lengths, computed once more. */
function checkTotals(entries: ReadonlyMap<string, Entry>): ImportCheck[] {
  const average = (tag: string) => entries.get(tag)?.avg ?? Number.NaN;
  const seconds = (average('benchmark_duration') * unitOf(unitAt(entries)).factor) / 1000;
  const summed = (tag: string) => average(tag) * (entries.get(tag)?.count ?? Number.NaN);
  const input = average('total_isl');
  const output = average('total_osl');
  const figures: [string, string, number][] = [
    [
      'request_throughput',
      'request_count / benchmark_duration',
      average('request_count') / seconds,
    ],
    ['output_token_throughput', 'total_osl / benchmark_duration', output / seconds],
    [
      'total_token_throughput',
      '(total_isl + total_osl) / benchmark_duration',
      (input + output) / seconds,
    ],
    ['total_isl', 'mean input_sequence_length x count', summed('input_sequence_length')],
    ['total_osl', 'mean output_sequence_length x count', summed('output_sequence_length')],
    ['total_output_tokens', 'mean output_token_count x count', summed('output_token_count')],
    [
      'total_reasoning_tokens',
      'mean reasoning_token_count x count',
      summed('reasoning_token_count'),
    ],
  ];
  const decimals = printedDecimals([...entries.values()].map(({ avg }) => avg ?? 0));
  return figures.flatMap(([figure, how, recomputed]) => {
    const stated = entries.get(figure)?.avg;
    if (typeof stated !== 'number' || !Number.isFinite(recomputed)) return [];
    const printedDigits = digitsWith(stated, /(tokens|isl|osl)$/.test(figure) ? 0 : decimals);
    return [check(figure, how, { stated, recomputed, printedDigits })];
  });
}

function unitAt(entries: ReadonlyMap<string, Entry>): string {
  return entries.get('benchmark_duration')?.unit ?? 'sec';
}

/** `4 x NVIDIA H100` where the file has telemetry of GPUs. */
function deviceOf(top: Record<string, unknown>, where: string): string | null {
  const endpoints = at(top, ['telemetry_data', 'endpoints']);
  if (!isObject(endpoints)) return null;
  const names = Object.values(endpoints).flatMap((endpoint) => {
    const gpus = at(endpoint, ['gpus']);
    return isObject(gpus) ? Object.values(gpus).map((gpu) => textAt(gpu, ['gpu_name'], where)) : [];
  });
  const kinds = [...new Set(names.filter((name) => name !== null))].slice(0, 8);
  const told = kinds.map((kind) => {
    const number = names.filter((name) => name === kind).length;
    return number === 1 ? kind : `${number} x ${kind}`;
  });
  return told.length === 0 ? null : readAs(label, told.join(', '), where);
}

function schemaVersion(top: Record<string, unknown>, where: string): Record<string, string> {
  const version = textAt(top, ['schema_version'], where);
  return version === null ? {} : { schema_version: version };
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What lies at a path of own keys; undefined where it ends early. */
function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return;
    current = Reflect.get(current, key);
  }
  return current;
}

function textAt(value: unknown, path: readonly string[], where: string): string | null {
  const found = at(value, path);
  if (typeof found !== 'string' || found === '') return null;
  return readAs(label, found, `${where}: ${path.join('.')}`);
}

function numberAt(value: unknown, path: readonly string[]): number | null {
  const found = at(value, path);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : null;
}

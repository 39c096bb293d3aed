import { z } from 'zod';
import type { ImportCheck, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { assertPossible, isBookkeeping, tagMeaning, unitOf } from './aiperf-words.ts';
import { amount, label, malformed, printable, readAs, samplesOf, signed } from './fields.ts';
import { check, digitsWith, distributionOf, printedDecimals, sum } from './recompute.ts';
import { scalarMetric, servedComparability } from './served-metrics.ts';

const lineSchema = z.object({
  metadata: z.object({
    request_start_ns: amount.nullish(),
    request_end_ns: amount.nullish(),
    benchmark_phase: label.nullish(),
    was_cancelled: z.boolean().nullish(),
  }),
  /** Null for requests that failed. */
  metrics: z
    .record(
      z.string(),
      z.object({ value: z.union([signed, samplesOf(signed)]).nullish(), unit: label }),
    )
    .nullish()
    .transform((metrics) => metrics ?? {}),
  error: z.unknown().optional(),
});
type Line = z.infer<typeof lineSchema>;

const MAX_METRICS = 1000;

/** AIPerf's records, one request a line: statistics over those that were timed and succeeded. Throws `record`. */
export function importAiperfRequests(
  values: readonly { value: unknown; line: number }[],
  where: string,
): ImportedRun {
  const all = values.map(({ value, line }) => readAs(lineSchema, value, `${where}:${line}`));
  const timed = all.filter(
    ({ metadata }) => (metadata.benchmark_phase ?? 'profiling') !== 'warmup',
  );
  const done = timed.filter(isDone);
  if (done.length === 0) throw malformed(`${where} has no request that was timed and succeeded`);
  const samples = samplesByTag(done, where);
  const lengths = (tag: string) => {
    const values = samples.get(tag)?.values;
    return values === undefined ? null : sum(values) / values.length;
  };
  return {
    format: 'aiperf-requests',
    tool: { name: 'AIPerf', version: null },
    model: null,
    backend: null,
    device: null,
    measuredAt: null,
    workload: {
      promptTokens: lengths('input_sequence_length'),
      generatedTokens: lengths('output_sequence_length'),
      depth: null,
      concurrency: null,
      requests: done.length,
      failedRequests: timed.length - done.length,
    },
    settings: all.length === timed.length ? {} : { 'warm-up requests': all.length - timed.length },
    metrics: [
      ...rates(done, samples),
      ...[...samples].flatMap(([tag, sample]) => metricOf(tag, sample)),
    ],
    checks: checkLines(done),
  };
}

function isDone({ error, metadata }: Line): boolean {
  return (error === null || error === undefined) && metadata.was_cancelled !== true;
}

interface Sample {
  unit: string;
  values: number[];
}

/** Values of each tag over requests, in the file's unit; lists (a gap for each chunk) are pooled. */
function samplesByTag(lines: readonly Line[], where: string): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const { metrics } of lines) {
    for (const [tag, { value, unit }] of Object.entries(metrics)) {
      if (value === null || value === undefined) continue;
      const sample = samples.get(tag) ?? { unit, values: [] };
      if (!/^[a-z][a-z0-9_]{0,99}$/.test(tag) || samples.size > MAX_METRICS) {
        throw malformed(`${where}: a metric is called ${JSON.stringify(printable(tag))}`);
      }
      if (sample.unit !== unit) throw malformed(`${where}: ${tag} has more than one unit`);
      const figures = typeof value === 'number' ? [value] : value;
      assertPossible(tag, figures, where);
      for (const figure of figures) sample.values.push(figure);
      samples.set(tag, sample);
    }
  }
  return samples;
}

function metricOf(tag: string, { unit: told, values }: Sample): ImportedMetric[] {
  if (values.length === 0 || isBookkeeping(tag)) return [];
  const { unit, factor } = unitOf(told);
  const samples = values.map((value) => value * factor);
  const { mean, min, max, sampleSd, percentile } = distributionOf(samples);
  const percents = [1, 5, 10, 25, 75, 90, 95, 99];
  const named = percents.map((percent) => [`p${percent}`, percentile(percent)]);
  return [
    {
      name: tag,
      unit,
      value: percentile(50),
      statistic: 'median',
      spread: { kind: 'sample sd', value: sampleSd },
      others: { mean, min, max, ...Object.fromEntries(named) },
      samples,
      sampleCount: samples.length,
      isComputed: true,
      ...servedComparability(tagMeaning(tag), null),
    },
  ];
}

/** Requests and output tokens over the time from the first start to the last end. */
function rates(lines: readonly Line[], samples: ReadonlyMap<string, Sample>): ImportedMetric[] {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const { metadata } of lines) {
    start = Math.min(start, metadata.request_start_ns ?? Number.POSITIVE_INFINITY);
    end = Math.max(end, metadata.request_end_ns ?? 0);
  }
  const seconds = (end - start) / 1e9;
  if (!(seconds > 0 && Number.isFinite(seconds))) return [];
  const scalar = (name: string, unit: string, total: number) =>
    scalarMetric(
      name,
      { unit, value: total / seconds, statistic: 'total / duration', isComputed: true },
      tagMeaning(name),
    );
  const output = samples.get('output_sequence_length');
  return [
    scalar('request_throughput', 'requests/s', lines.length),
    ...(output === undefined
      ? []
      : [scalar('output_token_throughput', 'tokens/s', sum(output.values))]),
  ];
}

/** What in each line follows from the rest of it; of every figure the request that agrees least. */
function checkLines(lines: readonly Line[]): ImportCheck[] {
  const worst = new Map<string, ImportCheck>();
  const decimals = printedDecimals(
    lines.flatMap(({ metrics }) =>
      Object.values(metrics).map(({ value }) => (typeof value === 'number' ? value : 0)),
    ),
  );
  const compare = (figure: string, how: string, stated: number, recomputed: number) => {
    if (!Number.isFinite(stated) || !Number.isFinite(recomputed)) return;
    const next = check(`${figure}, the worst of its requests`, how, {
      stated,
      recomputed,
      printedDigits: digitsWith(stated, decimals),
    });
    const known = worst.get(figure);
    const isWorse =
      known === undefined || (known.isEqual && (!next.isEqual || next.digits < known.digits));
    if (isWorse) worst.set(figure, next);
  };
  for (const { metrics } of lines) {
    const value = (tag: string) => {
      const metric = metrics[tag];
      return typeof metric?.value === 'number' ? metric.value : Number.NaN;
    };
    const inMs = (tag: string) => value(tag) * unitOf(metrics[tag]?.unit ?? '').factor;
    const ttft = 'time_to_first_token' in metrics ? inMs('time_to_first_token') : inMs('ttft');
    const tokens = value('output_sequence_length');
    compare(
      'inter_token_latency',
      '(request_latency - time_to_first_token) / (output_sequence_length - 1)',
      inMs('inter_token_latency'),
      (inMs('request_latency') - ttft) / (tokens - 1),
    );
    compare(
      'output_token_throughput_per_user',
      '1 / inter_token_latency',
      value('output_token_throughput_per_user'),
      1000 / inMs('inter_token_latency'),
    );
  }
  return [...worst.values()];
}

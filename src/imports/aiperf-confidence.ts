import { z } from 'zod';
import type { ImportCheck, ImportedMetric, ImportedRun } from '../core/import-record.ts';
import { studentT975 } from '../core/student-t.ts';
import { assertPossible, isBookkeeping, tagMeaning, unitOf } from './aiperf-words.ts';
import { amount, count, label, malformed, printable, readAs, signed } from './fields.ts';
import { check, digitsWith, printedDecimals } from './recompute.ts';
import { servedComparability } from './served-metrics.ts';

const entrySchema = z.object({
  unit: label,
  mean: signed,
  std: amount.nullish(),
  min: signed.nullish(),
  max: signed.nullish(),
  /** std / |mean|: a ratio; absent where the mean is 0. */
  cv: amount.nullish(),
  se: amount.nullish(),
  ci_low: signed.nullish(),
  ci_high: signed.nullish(),
  t_critical: amount.nullish(),
});
type Entry = z.infer<typeof entrySchema>;

const metadataSchema = z.object({
  aggregation_type: z.literal('confidence'),
  num_profile_runs: count.nullish(),
  num_successful_runs: count.min(2),
  failed_runs: z.array(z.unknown()).nullish(),
  confidence_level: z.number().gt(0).lt(1),
  cooldown_seconds: amount.nullish(),
});
type Metadata = z.infer<typeof metadataSchema>;

const fileSchema = z.object({
  metadata: metadataSchema,
  metrics: z.record(z.string(), entrySchema),
});

const MAX_METRICS = 1000;
/** Figures with as many decimals are whole doubles, not rounded for the eye. */
const UNROUNDED = 12;
/** Digits to which our own Student's t is right. */
const T_DIGITS = 4;
/** A figure's name, how it comes about, as stated, computed again, and the digits that both should share. */
type Derived = [string, string, number | null | undefined, number, number];

/** AIPerf's figures over repeated runs, each metric a mean with its interval. Throws `record`. */
export function importAiperfConfidence(value: unknown, where: string): ImportedRun {
  const { metadata, metrics } = readAs(fileSchema, value, where);
  const entries = Object.entries(metrics).map(([name, entry]) => {
    if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
      throw malformed(`${where}: a metric is called ${JSON.stringify(printable(name))}`);
    }
    const { tag } = nameParts(name);
    const { mean, min, max } = entry;
    assertPossible(
      tag,
      [mean, min, max].filter((figure) => typeof figure === 'number'),
      where,
    );
    return [name, entry] as const;
  });
  if (entries.length > MAX_METRICS) throw malformed(`${where} has over ${MAX_METRICS} metrics`);
  const imported = entries.flatMap(([name, entry]) => metricOf(name, entry, metadata));
  if (imported.length === 0) throw malformed(`${where} has no metric with a value`);
  const meanOf = (tag: string) => metrics[`${tag}_avg`]?.mean ?? metrics[tag]?.mean ?? null;
  return {
    format: 'aiperf-confidence',
    tool: { name: 'AIPerf', version: null },
    model: null,
    backend: null,
    device: null,
    measuredAt: null,
    workload: {
      promptTokens: meanOf('input_sequence_length'),
      generatedTokens: meanOf('output_sequence_length'),
      depth: null,
      concurrency: null,
      requests: null,
      failedRequests: null,
    },
    settings: settingsOf(metadata),
    metrics: imported,
    checks: checkEntries(entries, metadata),
  };
}

function settingsOf(metadata: Metadata): ImportedRun['settings'] {
  const { num_profile_runs, num_successful_runs, failed_runs, cooldown_seconds } = metadata;
  return {
    'confidence level': metadata.confidence_level,
    'successful runs': num_successful_runs,
    ...(typeof num_profile_runs === 'number' ? { runs: num_profile_runs } : {}),
    ...(failed_runs ? { 'failed runs': failed_runs.length } : {}),
    ...(typeof cooldown_seconds === 'number' ? { 'cooldown seconds': cooldown_seconds } : {}),
  };
}

/** `time_to_first_token_p99` is the tag and the statistic that each run gave; a unit may stand behind it. */
function nameParts(name: string): { tag: string; statistic: string | null } {
  const parts = /^(.+?)_(avg|p\d{1,2}|min|max|std)(?:_(?:ns|us|ms|s|sec))?$/.exec(name);
  const [, tag = name, statistic = null] = parts ?? [];
  return { tag, statistic };
}

function metricOf(name: string, entry: Entry, metadata: Metadata): ImportedMetric[] {
  const { tag, statistic } = nameParts(name);
  if (isBookkeeping(tag)) return [];
  const { unit, factor } = unitOf(entry.unit);
  const named = (['min', 'max', 'se', 'ci_low', 'ci_high'] as const).flatMap((key) => {
    const figure = entry[key];
    return typeof figure === 'number' ? [[key, figure * factor] as const] : [];
  });
  const served = servedComparability(tagMeaning(tag), null);
  const isOfRuns = statistic === null || statistic === 'avg';
  return [
    {
      name,
      unit,
      value: entry.mean * factor,
      statistic: `mean of ${isOfRuns ? '' : `${statistic} over `}${metadata.num_successful_runs} runs`,
      spread:
        typeof entry.std === 'number' ? { kind: 'sample sd', value: entry.std * factor } : null,
      others: Object.fromEntries(named),
      samples: null,
      sampleCount: metadata.num_successful_runs,
      isComputed: false,
      ...served,
      // A bill can be charged to an average rate, not to a percentile or a deviation of rates.
      rateOf: isOfRuns ? served.rateOf : null,
    },
  ];
}

/**
 * What follows from a metric's mean and deviation: cv = sd / |mean|, se = sd / √n, interval = mean ± t·se, and at
 * 95 % t itself. Where a file prints few decimals, as many digits fewer are compared as its rounding can spoil.
 */
function checkEntries(
  entries: readonly (readonly [string, Entry])[],
  { num_successful_runs: runs, confidence_level }: Metadata,
): ImportCheck[] {
  const decimals = printedDecimals(
    entries.flatMap(([, { mean, std, se, ci_low, ci_high }]) =>
      [mean, std, se, ci_low, ci_high].map((figure) => figure ?? 0),
    ),
  );
  const isRounded = decimals < UNROUNDED;
  return entries.flatMap(([name, { mean, std, cv, se, ci_low, ci_high, t_critical }]) => {
    const sd = std ?? Number.NaN;
    const t = t_critical ?? Number.NaN;
    const half = t * (se ?? Number.NaN);
    // The interval's rounding errors are those of the mean and of t times the standard error.
    const intervalDecimals = isRounded ? decimals - Math.ceil(Math.log10(1 + t)) : decimals;
    const ratioDigits = Math.min(digitsWith(mean, decimals), digitsWith(sd, decimals)) - 1;
    const cvDigits = digitsWith(cv ?? 0, printedDecimals([cv ?? 0]));
    const figures: Derived[] = [
      ['se', 'std / sqrt(runs)', se, sd / Math.sqrt(runs), digitsWith(se ?? 0, decimals)],
      ['ci_low', 'mean - t x se', ci_low, mean - half, digitsWith(ci_low ?? 0, intervalDecimals)],
      [
        'ci_high',
        'mean + t x se',
        ci_high,
        mean + half,
        digitsWith(ci_high ?? 0, intervalDecimals),
      ],
      [
        'cv',
        'std / |mean|',
        cv,
        sd / Math.abs(mean),
        isRounded ? Math.max(1, Math.min(ratioDigits, cvDigits)) : UNROUNDED,
      ],
    ];
    if (confidence_level === 0.95) {
      const how = `Student's t with ${runs - 1} degrees of freedom`;
      const digits = Math.min(T_DIGITS, digitsWith(t, printedDecimals([t_critical ?? 0])));
      figures.push(['t_critical', how, t_critical, studentT975(runs - 1), digits]);
    }
    return figures.flatMap(([figure, how, stated, recomputed, printedDigits]) => {
      if (typeof stated !== 'number' || !Number.isFinite(recomputed)) return [];
      return [check(`${name} ${figure}`, how, { stated, recomputed, printedDigits })];
    });
  });
}

import type {
  ImportCheck,
  ImportedMetric,
  ImportedRun,
  ImportFormat,
} from '../core/import-record.ts';
import { malformed, readAs } from './fields.ts';
import { checkSamples } from './llama-bench-checks.ts';
import { type LlamaBenchRow, rowSchema } from './llama-bench-fields.ts';
import { distributionOf } from './recompute.ts';
import { settingsOf } from './settings.ts';

/** One row of llama-bench, in whichever output it was found. Throws `record`. */
export function runOfRow(
  fields: Readonly<Record<string, unknown>>,
  format: ImportFormat,
  where: string,
): ImportedRun {
  const row = readAs(rowSchema, fields, where);
  if (row.n_prompt + row.n_gen === 0) throw malformed(`${where}: a test of no tokens`);
  const samplesNs = row.samples_ns ?? [];
  if (row.samples_ts && row.samples_ts.length !== samplesNs.length) {
    throw malformed(
      `${where}: ${row.samples_ts.length} samples_ts, but ${samplesNs.length} samples_ns`,
    );
  }
  const checks: ImportCheck[] = samplesNs.length === 0 ? [] : checkSamples(row, samplesNs);
  return {
    format,
    tool: { name: 'llama-bench', version: versionOf(row) },
    model: row.model_filename?.split(/[\\/]/).at(-1) || row.model_type || null,
    backend: row.backends || null,
    device: row.gpu_info || row.cpu_info || null,
    measuredAt: row.test_time || null,
    workload: {
      promptTokens: row.n_prompt,
      generatedTokens: row.n_gen,
      depth: row.n_depth ?? null,
      concurrency: 1,
      requests: null,
      failedRequests: null,
    },
    settings: settingsOf(fields, (name) => name in rowSchema.shape && name !== 'model_type', where),
    metrics: metricsOf(row, samplesNs),
    checks,
  };
}

function versionOf({ build_commit, build_number }: LlamaBenchRow): string | null {
  if (!build_commit) return null;
  return build_number === undefined || build_number === null || build_number === ''
    ? build_commit
    : `${build_commit} (${build_number})`;
}

function metricsOf(row: LlamaBenchRow, samplesNs: readonly number[]): ImportedMetric[] {
  const meanOfRates: ImportedMetric = {
    name: 'avg_ts',
    unit: 'tokens/s',
    value: row.avg_ts,
    statistic: 'mean of rates',
    spread:
      row.stddev_ts === null || row.stddev_ts === undefined
        ? null
        : { kind: 'sample sd', value: row.stddev_ts },
    others: {},
    samples: row.samples_ts ?? null,
    sampleCount: row.samples_ts?.length ?? null,
    isComputed: false,
    rateOf: null,
    comparability: {
      status: 'not comparable',
      why:
        'A mean of rates, one rate a repetition: never below tokens / mean time (Jensen). ' +
        'mtok inverts the median time.',
    },
  };
  const time = timeOf(row, samplesNs);
  return time === null ? [meanOfRates] : [meanOfRates, time, rateOfTime(row, time)];
}

/** Time of one repetition in ms: the samples' median where there are some, else the mean that the row tells. */
function timeOf(row: LlamaBenchRow, samplesNs: readonly number[]): ImportedMetric | null {
  const shared = { unit: 'ms', rateOf: null };
  if (samplesNs.length > 0) {
    const samples = samplesNs.map((ns) => ns / 1e6);
    const { mean, min, max, sampleSd, percentile } = distributionOf(samples);
    return {
      ...shared,
      name: 'samples_ns',
      value: percentile(50),
      statistic: 'median',
      spread: { kind: 'sample sd', value: sampleSd },
      others: { mean, min, max },
      samples,
      sampleCount: samples.length,
      isComputed: true,
      comparability: comparabilityOf(row, 'median'),
    };
  }
  if (row.avg_ns === null || row.avg_ns === undefined) return null;
  return {
    ...shared,
    name: 'avg_ns',
    value: row.avg_ns / 1e6,
    statistic: 'mean',
    spread:
      row.stddev_ns === null || row.stddev_ns === undefined
        ? null
        : { kind: 'sample sd', value: row.stddev_ns / 1e6 },
    others: {},
    samples: null,
    sampleCount: null,
    isComputed: false,
    comparability: comparabilityOf(row, 'mean'),
  };
}

function rateOfTime(row: LlamaBenchRow, time: ImportedMetric): ImportedMetric {
  const phase = row.n_gen === 0 ? 'prefill' : row.n_prompt === 0 ? 'decode' : null;
  return {
    name: `tokens / ${time.statistic} time`,
    unit: 'tokens/s',
    value: ((row.n_prompt + row.n_gen) * 1000) / time.value,
    statistic: `inverted ${time.statistic}`,
    spread: null,
    others: {},
    samples: null,
    sampleCount: time.sampleCount,
    isComputed: true,
    rateOf: phase,
    comparability: comparabilityOf(row, time.statistic),
  };
}

function comparabilityOf(row: LlamaBenchRow, statistic: string): ImportedMetric['comparability'] {
  if (row.n_prompt > 0 && row.n_gen > 0) {
    return {
      status: 'not comparable',
      why: 'One time over a prefill and a decode; mtok measures them apart.',
    };
  }
  const [tokens, phase] = row.n_gen === 0 ? ['n_prompt', 'prefill'] : ['n_gen', 'decode'];
  const mean =
    statistic === 'mean' ? ' The mean, not the median: slow repetitions weigh more.' : '';
  const formula =
    phase === 'prefill'
      ? `TTFT = time; prefill tokens/s = ${tokens} / time.`
      : `TPOT = time / ${tokens}; decode tokens/s = ${tokens} / time.`;
  const rest =
    phase === 'prefill'
      ? 'Without choosing the first token.'
      : 'Random tokens from the given depth, none chosen or read back.';
  return {
    status: 'convertible',
    how: `${formula}${mean} ${rest} Repetitions of one launch: no spread between launches.`,
  };
}

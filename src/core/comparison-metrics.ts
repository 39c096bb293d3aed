import type { Workload } from './cell.ts';
import { median, quantile } from './quantile.ts';
import type { BenchRecord, Repetition } from './record.ts';
import { type LaunchSamples, medianOfLaunches } from './statistics.ts';

/** Figures that every launch has a median of. */
export const MEDIAN_METRIC_NAMES = [
  'prefill',
  'decode',
  'run-ahead',
  'ttft',
  'tpot',
  'end-to-end',
] as const;
/** Percentiles, which take the times of all launches together. */
const TAIL_METRIC_NAMES = ['ttft-p95', 'ttft-p99', 'tpot-p95', 'tpot-p99'] as const;
export const METRIC_NAMES = [...MEDIAN_METRIC_NAMES, ...TAIL_METRIC_NAMES] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** A figure that has a time in every repetition, so that two records can be compared launch by launch. */
export interface Metric {
  name: MetricName;
  /** As a heading: `prefill tok/s`. */
  label: string;
  unit: 'tok/s' | 'ms';
  /** The time it is made of; metrics of the same time stand and fall with one test. */
  time: 'prefill' | 'step-mean' | 'step-median' | 'step' | 'run-ahead' | 'whole';
  /** The fields of a record whose flags bear on it. */
  parts: readonly ('prefill' | 'decode' | 'decode.tpotMs' | 'decode.runAhead')[];
  /** Of all times of a side together; null: the median over launches of their medians. */
  percentile: number | null;
  /** Times in ms of one repetition; null where it has none. */
  samplesMs(repetition: Repetition): readonly number[] | null;
  /** Tokens that go through in that time; 1 for latencies. */
  tokens(workload: Workload): number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
function none(): number {
  return 1;
}

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  prefill: {
    name: 'prefill',
    label: 'prefill tok/s',
    unit: 'tok/s',
    time: 'prefill',
    parts: ['prefill'],
    percentile: null,
    samplesMs: wholePrefill,
    tokens: ({ batch, promptTokens }) => batch * promptTokens,
  },
  decode: {
    name: 'decode',
    label: 'decode tok/s',
    unit: 'tok/s',
    time: 'step-mean',
    parts: ['decode'],
    percentile: null,
    samplesMs: ({ stepMs }) => (stepMs.length === 0 ? null : [mean(stepMs)]),
    tokens: ({ batch }) => batch,
  },
  'run-ahead': {
    name: 'run-ahead',
    label: 'run-ahead tok/s',
    unit: 'tok/s',
    time: 'run-ahead',
    parts: ['decode', 'decode.runAhead'],
    percentile: null,
    samplesMs: ({ runAheadMs }) => (runAheadMs === null ? null : [runAheadMs]),
    tokens: ({ batch, generatedTokens }) => batch * generatedTokens,
  },
  ttft: {
    name: 'ttft',
    label: 'TTFT ms',
    unit: 'ms',
    time: 'prefill',
    parts: ['prefill'],
    percentile: null,
    samplesMs: wholePrefill,
    tokens: none,
  },
  tpot: {
    name: 'tpot',
    label: 'TPOT p50 ms',
    unit: 'ms',
    time: 'step-median',
    parts: ['decode', 'decode.tpotMs'],
    percentile: null,
    samplesMs: ({ stepMs }) => (stepMs.length === 0 ? null : [median(stepMs)]),
    tokens: none,
  },
  'end-to-end': {
    name: 'end-to-end',
    label: 'end-to-end ms',
    unit: 'ms',
    time: 'whole',
    parts: ['prefill', 'decode'],
    percentile: null,
    samplesMs: ({ prefillMs, stepMs }) =>
      prefillMs === null ? null : [stepMs.reduce((sum, ms) => sum + ms, prefillMs)],
    tokens: none,
  },
  'ttft-p95': ttftTail('ttft-p95', 0.95),
  'ttft-p99': ttftTail('ttft-p99', 0.99),
  'tpot-p95': tpotTail('tpot-p95', 0.95),
  'tpot-p99': tpotTail('tpot-p99', 0.99),
};

function ttftTail(name: MetricName, percentile: number): Metric {
  return {
    name,
    label: `TTFT p${100 * percentile} ms`,
    unit: 'ms',
    time: 'prefill',
    parts: ['prefill'],
    percentile,
    samplesMs: wholePrefill,
    tokens: none,
  };
}

function tpotTail(name: MetricName, percentile: number): Metric {
  return {
    name,
    label: `TPOT p${100 * percentile} ms`,
    unit: 'ms',
    time: 'step',
    parts: ['decode', 'decode.tpotMs'],
    percentile,
    samplesMs: ({ stepMs }) => (stepMs.length === 0 ? null : stepMs),
    tokens: none,
  };
}

function wholePrefill({ prefillMs }: Repetition): readonly number[] | null {
  return prefillMs === null ? null : [prefillMs];
}

/**
 * Times in ms by launch, in their order, for throughputs per token; null where a repetition has none or one that
 * the clock was too coarse to see.
 */
export function metricTimes(
  { launches, cell }: Pick<BenchRecord, 'launches' | 'cell'>,
  metric: Metric,
): LaunchSamples | null {
  const tokens = metric.tokens(cell.workload);
  if (launches.length === 0 || tokens === 0) return null;
  const times: number[][] = [];
  for (const { repetitions } of launches) {
    const known: number[] = [];
    for (const repetition of repetitions) {
      const samples = metric.samplesMs(repetition);
      if (samples === null || !samples.every((ms) => ms > 0)) return null;
      for (const ms of samples) known.push(ms / tokens);
    }
    times.push(known);
  }
  return times;
}

/** The figure in the metric's unit, of its times: a percentile, or the launches' median; inverted last. */
export function metricValue(times: LaunchSamples, { unit, percentile }: Metric): number {
  const ms = percentile === null ? medianOfLaunches(times) : quantile(times.flat(), percentile);
  return unit === 'tok/s' ? 1000 / ms : ms;
}

import type { Workload } from './cell.ts';
import { median } from './quantile.ts';
import type { BenchRecord, Repetition } from './record.ts';
import { type LaunchSamples, medianOfLaunches } from './statistics.ts';

export const METRIC_NAMES = [
  'prefill',
  'decode',
  'run-ahead',
  'ttft',
  'tpot',
  'end-to-end',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** A figure that has a time in every repetition, so that two records can be compared launch by launch. */
export interface Metric {
  name: MetricName;
  /** As a heading: `prefill tok/s`. */
  label: string;
  unit: 'tok/s' | 'ms';
  /** The time it is made of; metrics of the same time stand and fall with one test. */
  time: 'prefill' | 'step-mean' | 'step-median' | 'run-ahead' | 'whole';
  /** The fields of a record whose flags bear on it. */
  parts: readonly ('prefill' | 'decode' | 'decode.tpotMs' | 'decode.runAhead')[];
  /** Time in ms of one repetition; null where it has none. */
  sampleMs(repetition: Repetition): number | null;
  /** Tokens that go through in that time; 1 for latencies. */
  tokens(workload: Workload): number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const none = () => 1;

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  prefill: {
    name: 'prefill',
    label: 'prefill tok/s',
    unit: 'tok/s',
    time: 'prefill',
    parts: ['prefill'],
    sampleMs: ({ prefillMs }) => prefillMs,
    tokens: ({ batch, promptTokens }) => batch * promptTokens,
  },
  decode: {
    name: 'decode',
    label: 'decode tok/s',
    unit: 'tok/s',
    time: 'step-mean',
    parts: ['decode'],
    sampleMs: ({ stepMs }) => (stepMs.length === 0 ? null : mean(stepMs)),
    tokens: ({ batch }) => batch,
  },
  'run-ahead': {
    name: 'run-ahead',
    label: 'run-ahead tok/s',
    unit: 'tok/s',
    time: 'run-ahead',
    parts: ['decode', 'decode.runAhead'],
    sampleMs: ({ runAheadMs }) => runAheadMs,
    tokens: ({ batch, generatedTokens }) => batch * generatedTokens,
  },
  ttft: {
    name: 'ttft',
    label: 'TTFT ms',
    unit: 'ms',
    time: 'prefill',
    parts: ['prefill'],
    sampleMs: ({ prefillMs }) => prefillMs,
    tokens: none,
  },
  tpot: {
    name: 'tpot',
    label: 'TPOT p50 ms',
    unit: 'ms',
    time: 'step-median',
    parts: ['decode', 'decode.tpotMs'],
    sampleMs: ({ stepMs }) => (stepMs.length === 0 ? null : median(stepMs)),
    tokens: none,
  },
  'end-to-end': {
    name: 'end-to-end',
    label: 'end-to-end ms',
    unit: 'ms',
    time: 'whole',
    parts: ['prefill', 'decode'],
    sampleMs: ({ prefillMs, stepMs }) =>
      prefillMs === null ? null : stepMs.reduce((sum, ms) => sum + ms, prefillMs),
    tokens: none,
  },
};

/**
 * Times in ms by launch and repetition, for throughputs per token; null where a repetition has none or one that
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
      const ms = metric.sampleMs(repetition);
      if (ms === null || !(ms > 0)) return null;
      known.push(ms / tokens);
    }
    times.push(known);
  }
  return times;
}

/** The figure in the metric's unit: the median over launches of the launches' medians, inverted last. */
export function metricValue(times: LaunchSamples, { unit }: Metric): number {
  const ms = medianOfLaunches(times);
  return unit === 'tok/s' ? 1000 / ms : ms;
}

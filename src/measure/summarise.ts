import type { z } from 'zod';
import type { Workload } from '../core/cell.ts';
import { median, upperPercentile } from '../core/quantile.ts';
import type {
  decodeSchema,
  Launch,
  loadSchema,
  memorySchema,
  prefillSchema,
  Repetition,
  runAheadSchema,
} from '../core/record.ts';
import type { Rng } from '../core/rng.ts';
import {
  estimateTime,
  type IntervalMethod,
  type LaunchSamples,
  rateFromTime,
} from '../core/statistics.ts';

export type Prefill = z.infer<typeof prefillSchema>;
export type Decode = z.infer<typeof decodeSchema>;
export type RunAhead = z.infer<typeof runAheadSchema>;
export type Load = z.infer<typeof loadSchema>;
export type Memory = z.infer<typeof memorySchema>;

/** A figure with the way its interval was found; `value` is null when the clock was too coarse to see it. */
export interface Summary<T> {
  value: T | null;
  method: IntervalMethod;
  /** Median time of what was timed as one, in ms. */
  timedMs: number;
}

/** Throughput from the time to the first token, over batch · promptTokens; null when nothing was prefilled. */
export function summarisePrefill(
  launches: readonly Launch[],
  workload: Workload,
  rng: Rng,
): Summary<Prefill> | null {
  const times = samples(launches, ({ prefillMs }) => prefillMs);
  if (times === null) return null;
  const { estimate, method } = estimateTime(times, rng);
  const units = workload.batch * workload.promptTokens;
  const value =
    estimate.median > 0
      ? { tokensPerSecond: rateFromTime(estimate, units), ttftMs: estimate }
      : null;
  return { value, method, timedMs: estimate.median };
}

/**
 * Throughput from the mean step of each repetition (its decode time over its steps), batch tokens a step;
 * the percentiles are of single steps, pooled over all launches. null when nothing was generated.
 * `runAheadSteps` is what the launches ran with; 1 for none.
 */
export function summariseDecode(
  launches: readonly Launch[],
  workload: Workload,
  runAheadSteps: number,
  rng: Rng,
): Summary<Decode> | null {
  const times = samples(launches, ({ stepMs }) => (stepMs.length === 0 ? null : mean(stepMs)));
  if (times === null) return null;
  const { estimate, method } = estimateTime(times, rng);
  const steps = launches.flatMap(({ repetitions }) => repetitions.flatMap(({ stepMs }) => stepMs));
  const tpotMs = {
    p50: median(steps),
    p95: upperPercentile(steps, 0.95),
    p99: upperPercentile(steps, 0.99),
  };
  const value =
    estimate.median > 0
      ? {
          tokensPerSecond: rateFromTime(estimate, workload.batch),
          tpotMs,
          runAhead: summariseRunAhead(launches, workload, runAheadSteps, rng.fork('run-ahead')),
        }
      : null;
  return { value, method, timedMs: estimate.median * workload.generatedTokens };
}

/** Throughput of the decodes that ran ahead of the host; null where there were none or the clock was too coarse. */
function summariseRunAhead(
  launches: readonly Launch[],
  { batch, generatedTokens }: Workload,
  steps: number,
  rng: Rng,
): RunAhead | null {
  const times = samples(launches, ({ runAheadMs }) => runAheadMs);
  if (times === null || steps === 1) return null;
  const { estimate } = estimateTime(times, rng);
  if (estimate.median === 0) return null;
  return {
    steps,
    tokensPerSecond: rateFromTime(estimate, batch * generatedTokens),
    syncsPerToken: Math.ceil(generatedTokens / steps) / generatedTokens,
  };
}

/** Median of each load phase over the launches that know it. */
export function summariseLoad(launches: readonly Launch[]): Load {
  const typical = (key: keyof Load) => medianOfKnown(launches.map(({ load }) => load[key]));
  return {
    readMs: typical('readMs'),
    packMs: typical('packMs'),
    compileMs: typical('compileMs'),
    uploadMs: typical('uploadMs'),
    firstRunMs: typical('firstRunMs'),
  };
}

/**
 * Device bytes are the highest of any launch. The process's peak is the median: the launch that packs the
 * weights first needs room that no later one does.
 */
export function summariseMemory(launches: readonly Launch[]): Memory {
  const highest = (key: keyof Memory) => {
    const known = launches.map(({ memory }) => memory[key]).filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const peakRss = medianOfKnown(launches.map(({ memory }) => memory.peakRssBytes));
  return {
    weightsBytes: highest('weightsBytes'),
    kvCacheBytes: highest('kvCacheBytes'),
    activationBytes: highest('activationBytes'),
    stagingBytes: highest('stagingBytes'),
    peakGpuBytes: highest('peakGpuBytes'),
    peakRssBytes: peakRss === null ? null : Math.round(peakRss),
  };
}

/** samples[launch][repetition]; null unless every repetition has one. */
function samples(
  launches: readonly Launch[],
  pick: (repetition: Repetition) => number | null,
): LaunchSamples | null {
  const times = launches.map(({ repetitions }) => repetitions.map(pick));
  const known = times.map((launch) => launch.filter((time) => time !== null));
  const isComplete = known.every((launch, i) => launch.length === times[i]?.length);
  return isComplete && known.length > 0 ? known : null;
}

function medianOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import type { z } from 'zod';
import type { Workload } from '../core/cell.ts';
import { median, upperPercentile } from '../core/quantile.ts';
import type {
  decodeSchema,
  Estimate,
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

/** A timed section must last this many steps of its clock for the clock's error to be below 2 %. */
export const MIN_QUANTA = 50;

/** A figure with the way its interval was found; `value` is null when the clock was too coarse for it. */
export interface Summary<T> {
  value: T | null;
  method: IntervalMethod;
  estimate: Estimate;
}

/** times[launch][repetition] in ms of a prefill or of a mean decode step; null when there are none. */
export function phaseTimes(
  launches: readonly Launch[],
  phase: 'prefill' | 'decode',
): LaunchSamples | null {
  return phase === 'prefill'
    ? samples(launches, ({ prefillMs }) => prefillMs)
    : samples(launches, ({ stepMs }) => (stepMs.length === 0 ? null : mean(stepMs)));
}

/**
 * Throughput from the time to the first token, over batch · promptTokens; null when nothing was prefilled.
 * `quantumMs` is the clock's step.
 */
export function summarisePrefill(
  launches: readonly Launch[],
  workload: Workload,
  quantumMs: number,
  rng: Rng,
): Summary<Prefill> | null {
  const times = phaseTimes(launches, 'prefill');
  if (times === null) return null;
  const { estimate, method } = estimateTime(times, rng);
  const units = workload.batch * workload.promptTokens;
  const value = isResolved(estimate.median, quantumMs)
    ? { tokensPerSecond: rateFromTime(estimate, units), ttftMs: estimate }
    : null;
  return { value, method, estimate };
}

/**
 * Throughput from the mean step of each repetition (its decode time over its steps), batch tokens a step;
 * the percentiles are of single steps, pooled over all launches, which the clock must resolve each. null when
 * nothing was generated.
 * `runAheadSteps` is what the launches ran with; 1 for none.
 */
export function summariseDecode(
  launches: readonly Launch[],
  workload: Workload,
  { quantumMs, runAheadSteps }: { quantumMs: number; runAheadSteps: number },
  rng: Rng,
): Summary<Decode> | null {
  const times = phaseTimes(launches, 'decode');
  if (times === null) return null;
  const { estimate, method } = estimateTime(times, rng);
  const steps = launches.flatMap(({ repetitions }) => repetitions.flatMap(({ stepMs }) => stepMs));
  const areStepsResolved = isResolved(median(steps), quantumMs);
  const tpotMs = {
    p50: areStepsResolved ? median(steps) : null,
    p95: areStepsResolved ? upperPercentile(steps, 0.95) : null,
    p99: areStepsResolved ? upperPercentile(steps, 0.99) : null,
  };
  const ahead = { quantumMs, steps: runAheadSteps };
  const value = isResolved(estimate.median * workload.generatedTokens, quantumMs)
    ? {
        tokensPerSecond: rateFromTime(estimate, workload.batch),
        tpotMs,
        runAhead: summariseRunAhead(launches, workload, ahead, rng.fork('run-ahead')),
      }
    : null;
  return { value, method, estimate };
}

/** Throughput of the decodes that ran ahead of the host; null where there were none or the clock was too coarse. */
function summariseRunAhead(
  launches: readonly Launch[],
  { batch, generatedTokens }: Workload,
  { quantumMs, steps }: { quantumMs: number; steps: number },
  rng: Rng,
): RunAhead | null {
  const times = samples(launches, ({ runAheadMs }) => runAheadMs);
  if (times === null || steps === 1) return null;
  const { estimate } = estimateTime(times, rng);
  if (!isResolved(estimate.median, quantumMs)) return null;
  return {
    steps,
    tokensPerSecond: rateFromTime(estimate, batch * generatedTokens),
    syncsPerToken: Math.ceil(generatedTokens / steps) / generatedTokens,
  };
}

/** Whether a time is long enough against the clock's step to be shown. */
function isResolved(ms: number, quantumMs: number): boolean {
  return ms > 0 && ms >= MIN_QUANTA * quantumMs;
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

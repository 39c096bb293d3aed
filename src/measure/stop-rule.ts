import type { Workload } from '../core/cell.ts';
import type { ProtocolRecord, StopRule } from '../core/protocol-record.ts';
import { median } from '../core/quantile.ts';
import { Rng } from '../core/rng.ts';
import { estimateTime, halfWidthShare, type LaunchSamples } from '../core/statistics.ts';
import type { LaunchResult } from './launch.ts';
import type { RunProtocol, StopProtocol } from './protocol.ts';
import { phaseTimes } from './summarise.ts';

export type HalfWidths = ProtocolRecord['stop']['halfWidth'];

/** A cell so far: one entry a launch. */
export interface StopInput {
  results: readonly LaunchResult[];
  workload: Workload;
  protocol: StopProtocol;
  seed: number;
  /** Time of each launch, start to end. */
  launchMs: readonly number[];
}

/** Estimates of the scatter between launches that must agree before more launches are thought useless. */
const SETTLED_ESTIMATES = 3;
const SETTLED_SPREAD = 0.05;

/** The stream behind a figure's interval: the same whether it is asked to stop a cell or written to its record. */
export function figureRng(seed: number, phase: 'prefill' | 'decode'): Rng {
  return new Rng('bootstrap', seed).fork(phase);
}

/** Half-widths of a cell's intervals; null for a phase that was not measured or has no interval. */
export function halfWidths({ results, seed }: Pick<StopInput, 'results' | 'seed'>): HalfWidths {
  const width = (phase: 'prefill' | 'decode') => {
    const times = timesOf(results, phase);
    return times && halfWidthShare(estimateTime(times, figureRng(seed, phase)).estimate);
  };
  return { prefill: width('prefill'), decode: width('decode') };
}

/** Whether every phase that the workload has is known closely enough. */
export function isTargetMet(widths: HalfWidths, workload: Workload, target: number): boolean {
  const isMet = (width: number | null) => width !== null && width <= target;
  return (
    (workload.promptTokens === 0 || isMet(widths.prefill)) &&
    (workload.generatedTokens === 0 || isMet(widths.decode))
  );
}

/**
 * Why a cell needs no further launch, or null where it does. Nothing is asked before the minimum of launches.
 * The rules look at how precisely a cell is known, never at the value, so they favour no outcome.
 */
export function stopRule(input: StopInput): StopRule | null {
  const { results, workload, protocol, launchMs } = input;
  if (results.length < protocol.launches) return null;
  if (isTargetMet(halfWidths(input), workload, protocol.halfWidthTarget)) return 'half-width';
  if (results.length >= protocol.launchesMax) return 'launch-cap';
  const spentMs = launchMs.reduce((sum, ms) => sum + ms, 0);
  if (spentMs * (1 + 1 / launchMs.length) > protocol.cellBudgetMs) return 'time-cap';
  return isNoiseSettled(input) ? 'noise-settled' : null;
}

/** The scatter of the launches' medians has stopped changing: the last estimates of it are within 5 %. */
function isNoiseSettled({ results, protocol }: StopInput): boolean {
  if (results.length < protocol.launches + SETTLED_ESTIMATES - 1) return false;
  return (['prefill', 'decode'] as const).every((phase) => {
    const times = timesOf(results, phase);
    if (times === null) return true;
    const estimates = Array.from({ length: SETTLED_ESTIMATES }, (_, i) =>
      relativeDeviation(times.slice(0, times.length - i)),
    );
    const [least, most] = [Math.min(...estimates), Math.max(...estimates)];
    return most - least <= SETTLED_SPREAD * least;
  });
}

function relativeDeviation(times: LaunchSamples): number {
  const logs = times.map((launch) => Math.log(median(launch)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const squares = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (logs.length - 1));
}

function timesOf(
  results: readonly LaunchResult[],
  phase: 'prefill' | 'decode',
): LaunchSamples | null {
  return phaseTimes(
    results.map(({ launch }) => launch),
    phase,
  );
}

/** How a cell's launches ended, for its record. */
export interface StopState {
  rule: StopRule;
  spentMs: number;
}

/** The rule and its outcome as the record keeps them. */
export function protocolRecord(
  { preset, overrides, launches, launchesMax, halfWidthTarget, cellBudgetMs }: RunProtocol,
  { rule, spentMs }: StopState,
  widths: HalfWidths,
  workload: Workload,
): ProtocolRecord {
  return {
    preset,
    overrides: [...overrides],
    launchesMin: launches,
    launchesMax,
    halfWidthTarget,
    cellBudgetMs,
    stop: {
      rule,
      spentMs,
      halfWidth: widths,
      targetMet: isTargetMet(widths, workload, halfWidthTarget),
    },
  };
}

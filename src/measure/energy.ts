import type { Workload } from '../core/cell.ts';
import type { Energy, PhaseEnergy } from '../core/energy.ts';
import type { PowerTrace } from '../core/environment.ts';
import { median } from '../core/quantile.ts';
import type { Flag, Launch, Repetition } from '../core/record.ts';

type Points = PowerTrace['points'];
type Phase = 'prefill' | 'decode';

/** A span of a phase in ms since 1970. */
export interface Window {
  fromMs: number;
  toMs: number;
}

/** Fewer samples within all windows of a phase say too little of its power. */
const MIN_SAMPLES = 5;

/**
 * Energy of prefill and decode from the power traces of the launches: trapezoids over the windows of the timed
 * repetitions. Null with a flag where no trace covers them, or samples are too few. Idle power is included.
 */
export function summariseEnergy(
  launches: readonly Launch[],
  { batch, promptTokens }: Workload,
): { energy: Energy | null; flags: Flag[] } {
  const [first] = launches;
  if (!first?.environment) return { energy: null, flags: [] };
  const traced = launches.flatMap(({ environment, repetitions }) =>
    environment?.power ? [{ power: environment.power, repetitions }] : [],
  );
  const source = traced[0]?.power.source;
  const isWhole = traced.length === launches.length;
  if (source === undefined || !isWhole || traced.some(({ power }) => power.source !== source)) {
    const reasons = launches.map(({ environment }) => environment?.powerReason ?? null);
    return unknown(reasons.find((reason) => reason !== null) ?? 'A launch has no power trace.');
  }
  const phase = (name: Phase, tokensOf: (repetition: Repetition) => number) => {
    const tokens = traced.flatMap(({ repetitions }) => repetitions.map(tokensOf));
    return phaseEnergy(
      traced.map(({ power, repetitions }) => ({
        points: power.points,
        windows: repetitions.flatMap((repetition) => windowOf(repetition, name) ?? []),
      })),
      tokens.reduce((sum, count) => sum + count, 0),
    );
  };
  const prefill = phase('prefill', (one) => (windowOf(one, 'prefill') ? batch * promptTokens : 0));
  const decode = phase('decode', (one) =>
    windowOf(one, 'decode') ? batch * one.stepMs.length : 0,
  );
  if (prefill === null && decode === null) {
    return unknown(`Power was sampled fewer than ${MIN_SAMPLES} times in each phase.`);
  }
  const idle = traced.flatMap(({ power }) => power.idle.map(([, watts]) => watts));
  const energy = {
    source,
    idleW: idle.length === 0 ? null : median(idle),
    idleSamples: idle.length,
    launches: traced.length,
    prefill,
    decode,
  };
  return { energy, flags: phaseFlags(energy, launches) };
}

/** Where a repetition's phase lies in time; null where it was not timed, or not placed. */
export function windowOf(repetition: Repetition, phase: Phase): Window | null {
  const { startedMs, prefillMs, stepMs } = repetition;
  if (startedMs === undefined) return null;
  const decodeFromMs = startedMs + (prefillMs ?? 0);
  if (phase === 'prefill') return prefillMs ? { fromMs: startedMs, toMs: decodeFromMs } : null;
  const decodeMs = stepMs.reduce((sum, ms) => sum + ms, 0);
  return decodeMs > 0 ? { fromMs: decodeFromMs, toMs: decodeFromMs + decodeMs } : null;
}

function phaseEnergy(
  launches: readonly { points: Points; windows: readonly Window[] }[],
  tokens: number,
): PhaseEnergy | null {
  let [joules, windowMs, windows, samples] = [0, 0, 0, 0];
  for (const launch of launches) {
    for (const window of launch.windows) {
      const part = integrate(launch.points, window);
      if (part === null) return null;
      joules += part;
      windowMs += window.toMs - window.fromMs;
      windows++;
      samples += launch.points.filter(([t]) => t >= window.fromMs && t <= window.toMs).length;
    }
  }
  if (windows === 0 || samples < MIN_SAMPLES || tokens === 0) return null;
  const meanW = (1000 * joules) / windowMs;
  return { joules, windowMs, windows, samples, tokens, joulesPerToken: joules / tokens, meanW };
}

/**
 * Joules between two moments under straight lines through the points (ms, watts), which ascend in time; null
 * where they do not cover the window.
 */
export function integrate(points: Points, { fromMs, toMs }: Window): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first[0] > fromMs || last[0] < toMs) return null;
  let wattMs = 0;
  for (const [i, [t1, w1]] of points.entries()) {
    const before = points[i - 1];
    if (before === undefined || t1 <= fromMs) continue;
    const [t0, w0] = before;
    if (t0 >= toMs) break;
    const [from, to] = [Math.max(t0, fromMs), Math.min(t1, toMs)];
    const wattsAt = (t: number) => (t1 === t0 ? w1 : w0 + ((w1 - w0) * (t - t0)) / (t1 - t0));
    wattMs += ((wattsAt(from) + wattsAt(to)) / 2) * (to - from);
  }
  return wattMs / 1000;
}

function phaseFlags(energy: Energy, launches: readonly Launch[]): Flag[] {
  const repetitions = launches.flatMap((launch) => launch.repetitions);
  const missing = (['prefill', 'decode'] as const).filter(
    (phase) =>
      energy[phase] === null &&
      repetitions.some(({ prefillMs, stepMs }) =>
        phase === 'prefill' ? prefillMs !== null : stepMs.length > 0,
      ),
  );
  return missing.map((phase) => ({
    code: 'energy-unknown',
    field: `energy.${phase}`,
    message: `Power was sampled fewer than ${MIN_SAMPLES} times in the ${phase}, or not throughout.`,
    hint: 'Use longer prompts or more tokens, or more launches.',
  }));
}

function unknown(message: string): { energy: null; flags: Flag[] } {
  return { energy: null, flags: [{ code: 'energy-unknown', field: 'energy', message }] };
}

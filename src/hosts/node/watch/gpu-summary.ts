import type { DeviceInfo } from '../../../core/device.ts';
import type { GpuSamples, PowerTrace, Range } from '../../../core/environment.ts';
import { median } from '../../../core/quantile.ts';
import type { GpuSample } from './nvidia-smi.ts';

/** Below this the GPU waits: what its clocks do then says nothing. */
const BUSY_PERCENT = 10;

/** What the samples say of the GPU that a launch ran on, and its power over time; or why they say nothing. */
export type GpuSummary =
  | { gpu: GpuSamples; power: PowerTrace | null }
  | { gpu: null; power: null; reason: string };

/**
 * Finds the device among the GPUs by its name, or takes any of an NVIDIA device whose name is another, the
 * busiest first. Samples before `startedMs` are the idle ones.
 */
export function summariseGpu(
  samples: readonly GpuSample[],
  device: DeviceInfo,
  startedMs: number,
): GpuSummary {
  const indices = [...new Set(samples.map(({ index }) => index))];
  const named = samples.filter(({ name }) => isSameName(name, device.name));
  const isNvidia = /nvidia/i.test(`${device.vendor} ${device.name}`);
  const candidates = named.length > 0 ? named : isNvidia ? samples : [];
  const during = candidates.filter(({ atMs }) => atMs >= startedMs);
  const index = busiest(during);
  if (index === null) {
    const reason =
      samples.length === 0
        ? 'nvidia-smi gave no sample during a launch.'
        : `nvidia-smi told nothing of ${device.name} during a launch.`;
    return { gpu: null, power: null, reason };
  }
  const own = during.filter((sample) => sample.index === index);
  const idle = candidates.filter((sample) => sample.index === index && sample.atMs < startedMs);
  const busy = own.filter(({ utilisationPercent }) => (utilisationPercent ?? 100) >= BUSY_PERCENT);
  const gpu: GpuSamples = {
    name: own[0]?.name ?? device.name,
    index,
    gpus: indices.length,
    samples: own.length,
    smClockMhz: range(own, ({ smClockMhz }) => smClockMhz),
    memoryClockMhz: range(own, ({ memoryClockMhz }) => memoryClockMhz),
    powerW: range(own, ({ powerW }) => powerW),
    temperatureC: range(own, ({ temperatureC }) => temperatureC),
    memoryUsedBytes: range(own, ({ memoryUsedBytes }) => memoryUsedBytes),
    throttleReasons: [...new Set(busy.flatMap(({ throttleReasons }) => throttleReasons))].sort(),
  };
  const points = powerPoints(own);
  const power: PowerTrace | null =
    points.length === 0
      ? null
      : { source: 'nvidia-smi', idle: powerPoints(idle).slice(-1000), points };
  return { gpu, power };
}

function isSameName(a: string, b: string): boolean {
  const [left, right] = [a, b].map((name) => name.toLowerCase().replace(/^nvidia\s+/, ''));
  return left !== '' && right !== '' && left === right;
}

/** By the highest utilisation, then the highest power. */
function busiest(samples: readonly GpuSample[]): number | null {
  let best: { index: number; load: number; watts: number } | null = null;
  for (const { index, utilisationPercent, powerW } of samples) {
    const [load, watts] = [utilisationPercent ?? 0, powerW ?? 0];
    if (best === null || load > best.load || (load === best.load && watts > best.watts)) {
      best = { index, load, watts };
    }
  }
  return best?.index ?? null;
}

function range(
  samples: readonly GpuSample[],
  pick: (sample: GpuSample) => number | null,
): Range | null {
  const values = samples.map(pick).filter((value) => value !== null);
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0] ?? 0, median: median(sorted), max: sorted.at(-1) ?? 0 };
}

/** Ascending in time; samples that share a moment count once. */
function powerPoints(samples: readonly GpuSample[]): [number, number][] {
  const points = new Map<number, number>();
  for (const { atMs, powerW } of samples) if (powerW !== null) points.set(atMs, powerW);
  return [...points].sort(([a], [b]) => a - b);
}

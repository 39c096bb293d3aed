import { driverOf } from './cell-identity.ts';
import type { RecordPair } from './cell-pairs.ts';
import { METRICS, type MetricName, metricTimes } from './comparison-metrics.ts';
import { LEAST_MARGIN } from './comparison-verdict.ts';
import { MIN_NOISE_PAIRS, NOISE_DRAWS, type NoiseRecord, noiseFloorOf } from './noise-record.ts';
import { samplesNeeded, sortedQuantile } from './quantile.ts';
import type { BenchRecord } from './record.ts';
import { Rng } from './rng.ts';
import { tailNoiseLogRatios } from './tail-ratio.ts';

/** How large a difference must be to count, as a part of 1. */
export interface Margin {
  value: number;
  /** Ids of the noise records that were asked, newest for either side; empty where there is none. */
  noiseIds: readonly string[];
  /** The larger of their floors; null without one. */
  floor: number | null;
}

/**
 * max(2 %, 95th percentile of what A/A comparisons of so many launches show on this machine and engine). Where A
 * and B ran on different engines, the noisier one counts.
 */
export function marginFor(
  { a, b }: RecordPair,
  metric: MetricName,
  launches: number,
  noise: readonly NoiseRecord[],
): Margin {
  const found = [a, b].flatMap(
    (record) => newestNoise(engineOnDevice(record), metric, noise) ?? [],
  );
  const distinct = [...new Map(found.map((entry) => [entry.id, entry])).values()];
  const floors = distinct.map(({ floorOf }) => floorOf(launches));
  const floor = floors.length === 0 ? null : Math.max(...floors);
  return {
    value: Math.max(LEAST_MARGIN, floor ?? 0),
    noiseIds: distinct.map(({ id }) => id),
    floor,
  };
}

/** What a noise floor is found by. */
export interface EngineOnDevice {
  backend: string;
  host: string;
  device: string | null;
  driver: string;
}

/** An A/A measurement, as the difference that so many launches would show, a part of 1. */
export interface KnownNoise {
  id: string;
  floorOf(launches: number): number;
}

/** The newest A/A measurement of a metric that fits; null without one of enough pairs. */
export function newestNoise(
  { backend, host, device, driver }: EngineOnDevice,
  metric: MetricName,
  noise: readonly NoiseRecord[],
): KnownNoise | null {
  let newest: (KnownNoise & { createdAt: string }) | null = null;
  for (const record of noise) {
    const { id, cell, createdAt } = record;
    const isSame =
      cell.backend === backend &&
      cell.host === host &&
      record.device.name === device &&
      record.driver === driver;
    const floorOf = isSame ? floorsOf(record, metric) : null;
    if (floorOf === null) continue;
    if (newest === null || newest.createdAt <= createdAt) newest = { id, floorOf, createdAt };
  }
  return newest;
}

/** Medians have their log ratios in the record; percentiles are drawn from its launches. */
function floorsOf(record: NoiseRecord, metric: MetricName): KnownNoise['floorOf'] | null {
  const definition = METRICS[metric];
  const { percentile: p } = definition;
  if (p === null) {
    const logRatios = record.floors.find((floor) => floor.metric === metric)?.logRatios ?? [];
    if (logRatios.length < MIN_NOISE_PAIRS) return null;
    return (launches) => Math.expm1(noiseFloorOf(logRatios, launches));
  }
  const [a, b] = record.sides.map((launches) =>
    metricTimes({ launches, cell: record.cell }, definition),
  );
  if (!a || !b || Math.min(a.length, b.length) < MIN_NOISE_PAIRS) return null;
  if (Math.min(a.flat().length, b.flat().length) < samplesNeeded(p)) return null;
  return (launches) => {
    const rng = new Rng('noise', metric, launches);
    const drawn = tailNoiseLogRatios({ a, b, p }, launches, NOISE_DRAWS, rng);
    return Math.expm1(sortedQuantile(drawn.sort(), 0.95));
  };
}

function engineOnDevice(record: BenchRecord): EngineOnDevice {
  const { backend, host } = record.cell;
  return { backend, host, device: record.device?.name ?? null, driver: driverOf(record) };
}

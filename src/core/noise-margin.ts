import { driverOf } from './cell-identity.ts';
import type { RecordPair } from './cell-pairs.ts';
import type { MetricName } from './comparison-metrics.ts';
import { LEAST_MARGIN } from './comparison-verdict.ts';
import { MIN_NOISE_PAIRS, type NoiseRecord, noiseFloorOf } from './noise-record.ts';
import type { BenchRecord } from './record.ts';

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
  const floors = distinct.map(({ logRatios }) => Math.expm1(noiseFloorOf(logRatios, launches)));
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

/** The newest A/A measurement of a metric that fits; null without one of enough pairs. */
export function newestNoise(
  engine: EngineOnDevice,
  metric: MetricName,
  noise: readonly NoiseRecord[],
): { id: string; logRatios: readonly number[] } | null {
  let newest: { id: string; logRatios: readonly number[]; createdAt: string } | null = null;
  for (const { id, cell, device, driver, floors, createdAt } of noise) {
    const isSame =
      cell.backend === engine.backend &&
      cell.host === engine.host &&
      device.name === engine.device &&
      driver === engine.driver;
    const logRatios = floors.find((floor) => floor.metric === metric)?.logRatios;
    if (!isSame || logRatios === undefined || logRatios.length < MIN_NOISE_PAIRS) continue;
    if (newest === null || newest.createdAt <= createdAt) newest = { id, logRatios, createdAt };
  }
  return newest;
}

function engineOnDevice(record: BenchRecord): EngineOnDevice {
  const { backend, host } = record.cell;
  return { backend, host, device: record.device?.name ?? null, driver: driverOf(record) };
}

import { driverOf } from '../core/cell-identity.ts';
import { pairedLogRatios } from '../core/comparison.ts';
import { MEDIAN_METRIC_NAMES, METRICS, metricTimes } from '../core/comparison-metrics.ts';
import { describeNoise, NOISE_RECORD_VERSION, type NoiseRecord } from '../core/noise-record.ts';
import type { BenchRecord } from '../core/record.ts';

/**
 * Two records of one cell, measured in turns, as a noise record: the log ratios of their launches are what this
 * machine shows where nothing differs. Null where a side did not finish.
 */
export function noiseRecord(
  first: BenchRecord,
  second: BenchRecord,
  { id, createdAt }: { id: string; createdAt: string },
): NoiseRecord | null {
  const isFinished = [first, second].every(({ outcome }) => outcome.status === 'ok');
  const { device } = first;
  if (!isFinished || device === null) return null;
  const floors = MEDIAN_METRIC_NAMES.flatMap((metric) => {
    const [a, b] = [metricTimes(first, METRICS[metric]), metricTimes(second, METRICS[metric])];
    return a === null || b === null ? [] : [describeNoise(metric, pairedLogRatios(a, b))];
  });
  const { run, cell, modelSha256, settings, provenance, seed } = first;
  return {
    schema: NOISE_RECORD_VERSION,
    kind: 'noise',
    id,
    run,
    createdAt,
    cell,
    modelSha256,
    device,
    driver: driverOf(first),
    settings,
    provenance,
    seed,
    sides: [first.launches, second.launches],
    floors,
  };
}

/** Records of a run in which every cell was measured twice, two by two; a cell with but one has no pair. */
export function twins(records: readonly BenchRecord[]): [BenchRecord, BenchRecord][] {
  const waiting = new Map<string, BenchRecord>();
  const pairs: [BenchRecord, BenchRecord][] = [];
  for (const record of records) {
    const twin = waiting.get(record.key);
    if (twin === undefined) waiting.set(record.key, record);
    else {
      waiting.delete(record.key);
      pairs.push([twin, record]);
    }
  }
  return pairs;
}

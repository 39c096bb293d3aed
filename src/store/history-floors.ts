import type { MetricName } from '../core/comparison-metrics.ts';
import { newestNoise } from '../core/noise-margin.ts';
import type { NoiseRecord } from '../core/noise-record.ts';
import type { Database } from './duckdb.ts';

/** Table of A/A floors, as parts of 1, by what they are found by and the launches of the smaller side. */
export const NOISE_FLOORS = 'noise_floors';

/** Floors fall with the launches; more than these get that of so many, since a draw over more takes too long. */
const MOST_LAUNCHES = 30;

/** Writes the floors of a metric that the records of `records` can meet; none where the metric has no noise. */
export async function fillNoiseFloors(
  database: Database,
  metric: MetricName | null,
  noise: readonly NoiseRecord[],
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE ${NOISE_FLOORS}
    (backend TEXT, host TEXT, device TEXT, driver TEXT, launches BIGINT, floor DOUBLE)`);
  if (metric === null || noise.length === 0) return;
  const { rows } = await database.run('SELECT DISTINCT launches FROM records WHERE launches > 0');
  const counts = rows.map(([launches]) => Number(launches));
  for (const { engine, floorOf } of measured(metric, noise)) {
    for (const launches of counts) {
      const floor = floorOf(Math.min(launches, MOST_LAUNCHES));
      const values = [...engine, launches, floor];
      await database.run(`INSERT INTO ${NOISE_FLOORS} VALUES ($1, $2, $3, $4, $5, $6)`, values);
    }
  }
}

/** Each engine on a device once, with its newest A/A measurement. */
function measured(metric: MetricName, noise: readonly NoiseRecord[]) {
  const engines = new Map(
    noise.map(({ cell, device, driver }) => {
      const engine = [cell.backend, cell.host, device.name, driver] as const;
      return [JSON.stringify(engine), engine] as const;
    }),
  );
  return [...engines.values()].flatMap((engine) => {
    const [backend, host, device, driver] = engine;
    const newest = newestNoise({ backend, host, device, driver }, metric, noise);
    return newest === null ? [] : [{ engine, floorOf: newest.floorOf }];
  });
}

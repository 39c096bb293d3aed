import type { NoiseRecord } from '../core/noise-record.ts';
import { noiseStorePath, readNoiseRecords } from '../store/noise-records.ts';

/**
 * The A/A measurements that lie beside stores (null: the default one), each file once; lines that are none are named
 * on stderr and left out. Throws `io`.
 */
export async function readNoise(stores: readonly (string | null)[]): Promise<NoiseRecord[]> {
  const paths = new Set(stores.map(noiseStorePath));
  const contents = await Promise.all([...paths].map(readNoiseRecords));
  for (const { path, line, reason } of contents.flatMap(({ problems }) => problems)) {
    process.stderr.write(`mtok: ${path}:${line} is left out: ${reason}\n`);
  }
  return contents.flatMap(({ records }) => records);
}

import { dirname, join } from 'node:path';
import { type NoiseRecord, noiseRecordSchema } from '../core/noise-record.ts';
import { appendLine } from './append-line.ts';
import { type StoreProblem, storePath } from './jsonl.ts';
import { readSideRecords } from './side-records.ts';

const NOISE_FILE = 'noise.jsonl';

/** The file of noise floors that belongs to a store: beside its records. */
export function noiseStorePath(store: string | null): string {
  return join(dirname(storePath(store)), NOISE_FILE);
}

/** Adds one record as a line of its own (see appendLine). Throws `io`. */
export async function appendNoiseRecord(path: string, record: NoiseRecord): Promise<void> {
  await appendLine(path, JSON.stringify(noiseRecordSchema.parse(record)));
}

/** Noise records of a store, oldest first (see readSideRecords). Throws `io`. */
export function readNoiseRecords(
  path: string,
): Promise<{ records: NoiseRecord[]; problems: StoreProblem[] }> {
  return readSideRecords(path, noiseRecordSchema, 'noise');
}

import { dirname, join } from 'node:path';
import { type NoiseRecord, noiseRecordSchema } from '../core/noise-record.ts';
import { appendLine, errorCode, storeError } from './append-line.ts';
import { type StoreProblem, storePath } from './jsonl.ts';
import { MAX_LINE_BYTES, readLines } from './lines.ts';

const NOISE_FILE = 'noise.jsonl';

/** The file of noise floors that belongs to a store: beside its records. */
export function noiseStorePath(store: string | null): string {
  return join(dirname(storePath(store)), NOISE_FILE);
}

/** Adds one record as a line of its own (see appendLine). Throws `io`. */
export async function appendNoiseRecord(path: string, record: NoiseRecord): Promise<void> {
  await appendLine(path, JSON.stringify(noiseRecordSchema.parse(record)));
}

/**
 * Noise records of a store, oldest first; none where there is no such file. What is no noise record is reported and
 * passed over. Throws `io` when the file cannot be read.
 */
export async function readNoiseRecords(
  path: string,
): Promise<{ records: NoiseRecord[]; problems: StoreProblem[] }> {
  const records: NoiseRecord[] = [];
  const problems: StoreProblem[] = [];
  try {
    for await (const { number, text, isTorn } of readLines(path, MAX_LINE_BYTES)) {
      if (text !== null && text.trim() === '') continue;
      const record = text === null ? null : parseNoiseRecord(text);
      if (record !== null) records.push(record);
      else problems.push({ path, line: number, reason: 'no noise record', isTorn });
    }
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return { records, problems };
    throw storeError('read', path, cause);
  }
  return { records, problems };
}

function parseNoiseRecord(text: string): NoiseRecord | null {
  try {
    const parsed = noiseRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not JSON
  }
}

import { extname, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { type BenchRecord, recordSchema } from '../core/record.ts';
import { appendLine, errorCode, storeError } from './append-line.ts';
import { MAX_LINE_BYTES, readLines } from './lines.ts';
import { parseRecord } from './parse-record.ts';

/** Where records go when nothing is said. */
export const DEFAULT_STORE = '.mtok';
const STORE_FILE = 'records.jsonl';

/** A line that could not be read; nothing is ever deleted. */
export interface StoreProblem {
  path: string;
  line: number;
  reason: string;
  /** It is the last line and has no newline behind it: its writer was stopped. */
  isTorn: boolean;
}

export interface StoreContent {
  records: BenchRecord[];
  problems: StoreProblem[];
}

/** The file of a store given as a `.jsonl` file or as a folder. */
export function storePath(out: string | null): string {
  if (out !== null && extname(out) === '.jsonl') return out;
  return join(out ?? DEFAULT_STORE, STORE_FILE);
}

/**
 * Reads all records of a store, oldest first. A line that is no record is reported and passed over; the last
 * may have been cut off when a process was killed. An absent file has no records.
 * Throws `io` when the file cannot be read, `record` when a newer mtok wrote it.
 */
export async function readStore(path: string): Promise<StoreContent> {
  const content: StoreContent = { records: [], problems: [] };
  try {
    for await (const { number, text, isTorn } of readLines(path, MAX_LINE_BYTES)) {
      if (text !== null && text.trim() === '') continue;
      const parsed =
        text === null
          ? { reason: `longer than ${MAX_LINE_BYTES} bytes` }
          : parseRecord(text, `${path}:${number}`);
      if ('schema' in parsed) content.records.push(parsed);
      else {
        const reason = isTorn ? `cut off (${parsed.reason})` : parsed.reason;
        content.problems.push({ path, line: number, reason, isTorn });
      }
    }
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    if (errorCode(cause) === 'ENOENT') return content;
    throw storeError('read', path, cause);
  }
  return content;
}

/** Adds one record as a line of its own (see appendLine). Throws `io`. */
export async function appendRecord(path: string, record: BenchRecord): Promise<void> {
  await appendLine(path, JSON.stringify(recordSchema.parse(record)));
}

import { dirname, join } from 'node:path';
import { type SessionRecord, sessionRecordSchema } from '../core/session-record.ts';
import { appendLine } from './append-line.ts';
import { type StoreProblem, storePath } from './jsonl.ts';
import { readSideRecords } from './side-records.ts';

const SESSIONS_FILE = 'sessions.jsonl';

/** The file of session records that belongs to a store: beside its records. */
export function sessionStorePath(store: string | null): string {
  return join(dirname(storePath(store)), SESSIONS_FILE);
}

/** Adds one record as a line of its own (see appendLine). Throws `io`. */
export async function appendSessionRecord(path: string, record: SessionRecord): Promise<void> {
  await appendLine(path, JSON.stringify(sessionRecordSchema.parse(record)));
}

/** Session records of a store, oldest first (see readSideRecords). Throws `io`. */
export function readSessionRecords(
  path: string,
): Promise<{ records: SessionRecord[]; problems: StoreProblem[] }> {
  return readSideRecords(path, sessionRecordSchema, 'session');
}

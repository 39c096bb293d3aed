import { dirname, extname, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import {
  IMPORT_RECORD_VERSION,
  type ImportRecord,
  importRecordSchema,
} from '../core/import-record.ts';
import { appendLine, errorCode, storeError } from './append-line.ts';
import { DEFAULT_STORE } from './jsonl.ts';
import { readLines } from './lines.ts';

const IMPORT_FILE = 'imports.jsonl';
const MAX_LINE_BYTES = 64 * 2 ** 20;

/** Imported results, and the lines that are none. */
export interface ImportContent {
  records: ImportRecord[];
  problems: { line: number; reason: string }[];
}

/** The file of imported results, given as a `.jsonl` file or as a folder. */
export function importStorePath(out: string | null): string {
  if (out !== null && extname(out) === '.jsonl') return out;
  return join(out ?? DEFAULT_STORE, IMPORT_FILE);
}

/** The imported results that lie beside a file of our own records. */
export function importsBeside(recordsPath: string): string {
  return join(dirname(recordsPath), IMPORT_FILE);
}

/** Adds records as lines of their own with one write: all of them or, at worst, the first ones and a torn line. */
export async function appendImportRecords(
  path: string,
  records: readonly ImportRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const lines = records.map((record) => JSON.stringify(importRecordSchema.parse(record)));
  await appendLine(path, lines.join('\n'));
}

/**
 * Reads all imported results, oldest first; an absent file has none. A line that is none is reported and passed
 * over. Throws `io` when the file cannot be read, `record` when a newer mtok wrote it.
 */
export async function readImportRecords(path: string): Promise<ImportContent> {
  const content: ImportContent = { records: [], problems: [] };
  try {
    for await (const { number, text } of readLines(path, MAX_LINE_BYTES)) {
      if (text !== null && text.trim() === '') continue;
      const parsed = text === null ? 'longer than allowed' : parseLine(text, `${path}:${number}`);
      if (typeof parsed !== 'string') content.records.push(parsed);
      else content.problems.push({ line: number, reason: parsed });
    }
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    if (errorCode(cause) === 'ENOENT') return content;
    throw storeError('read', path, cause);
  }
  return content;
}

/** An imported result, or the reason why the line is none. */
function parseLine(text: string, where: string): ImportRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const version =
    typeof value === 'object' && value !== null && 'schema' in value ? value.schema : null;
  if (typeof version === 'number' && version > IMPORT_RECORD_VERSION) {
    throw new BenchError(
      'record',
      `${where}: imported result of schema ${version}, this mtok reads up to ${IMPORT_RECORD_VERSION}`,
      { hint: 'Read it with the newer mtok that wrote it, or give another store.' },
    );
  }
  const parsed = importRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `no imported result: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`;
}

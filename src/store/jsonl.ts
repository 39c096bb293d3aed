import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { type BenchRecord, recordSchema } from '../core/record.ts';
import { readLines } from './lines.ts';
import { parseRecord } from './parse-record.ts';

/** Where records go when nothing is said. */
export const DEFAULT_STORE = '.mtok';
const STORE_FILE = 'records.jsonl';
/** A record of an hour-long cell has some megabytes of samples. */
const MAX_LINE_BYTES = 64 * 2 ** 20;
const NEWLINE = 10;

/** A line that could not be read; nothing is ever deleted. */
export interface StoreProblem {
  path: string;
  line: number;
  reason: string;
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
        content.problems.push({ path, line: number, reason });
      }
    }
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    if (errorCode(cause) === 'ENOENT') return content;
    throw ioError('read', path, cause);
  }
  return content;
}

/** Makes the store's folder and checks that it can be written, before anything is measured. Throws `io`. */
export async function prepareStore(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    const file = await open(path, 'a');
    await file.close();
  } catch (cause) {
    throw ioError('write', path, cause);
  }
}

/** Like mkdir -p; Node's own never returns where a file system answers ENOENT below a folder that exists (/proc). */
async function makeFolder(folder: string): Promise<void> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isThere) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  await mkdir(folder).catch((cause: unknown) => {
    if (errorCode(cause) !== 'EEXIST') throw cause; // another process was faster; a file fails at open
  });
}

/**
 * Adds one record with a single write of one line to the end of the file, and waits until it is on the disk:
 * a process killed at any moment leaves whole lines and at most one torn last one. After a torn line the
 * record starts on a line of its own. Throws `io`.
 */
export async function appendRecord(path: string, record: BenchRecord): Promise<void> {
  const line = `${JSON.stringify(recordSchema.parse(record))}\n`;
  try {
    const start = (await endsInLine(path)) ? '\n' : '';
    const bytes = Buffer.from(start + line);
    const file = await open(path, 'a');
    try {
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten !== bytes.length) {
        throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw ioError('write', path, cause);
  }
}

/** The file's last line has no newline behind it. */
async function endsInLine(path: string): Promise<boolean> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size === 0) return false;
  const file = await open(path, 'r');
  try {
    const last = Buffer.alloc(1);
    const { bytesRead } = await file.read(last, 0, 1, size - 1);
    return bytesRead === 1 && last[0] !== NEWLINE;
  } finally {
    await file.close();
  }
}

function ioError(what: 'read' | 'write', path: string, cause: unknown): BenchError {
  const why = errorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new BenchError('io', `Cannot ${what} the store ${path}: ${why}`, {
    hint:
      why === 'ENOSPC'
        ? 'The disk is full; finished cells are kept. Free some space and use --resume.'
        : 'Give another folder or .jsonl file with --out.',
    cause,
  });
}

function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}

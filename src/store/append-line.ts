import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BenchError } from '../core/errors.ts';

const NEWLINE = 10;

/** Makes a store's folder and checks that it can be written, before anything is measured. Throws `io`. */
export async function prepareStore(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    const file = await open(path, 'a');
    await file.close();
  } catch (cause) {
    throw storeError('write', path, cause);
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
 * Adds one line of text with a single write to the end of the file, and waits until it is on the disk: a
 * process killed at any moment leaves whole lines and at most one torn last one. After a torn line the new
 * one starts on a line of its own. Throws `io`.
 */
export async function appendLine(path: string, text: string): Promise<void> {
  try {
    const start = (await endsInLine(path)) ? '\n' : '';
    const bytes = Buffer.from(`${start}${text}\n`);
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
    throw storeError('write', path, cause);
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

/** What a failed access to a store is to the user. */
export function storeError(what: 'read' | 'write', path: string, cause: unknown): BenchError {
  const why = errorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new BenchError('io', `Cannot ${what} the store ${path}: ${why}`, {
    hint:
      why === 'ENOSPC'
        ? 'The disk is full; finished cells are kept. Free some space and use --resume.'
        : 'Give another folder or .jsonl file with --out.',
    cause,
  });
}

export function errorCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}

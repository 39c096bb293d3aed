import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BenchError } from '../core/errors.ts';

/** Ends the process quietly when whoever read our output has gone, as in `mtok … | head`. */
export function endQuietlyWhenReaderLeaves(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      throw error;
    });
  }
}

/** A file that appears whole under its name at `commit` and not at all otherwise. */
export interface PendingFile {
  /** Where it lies until then, for another process to write to. */
  readonly temporaryPath: string;
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Throws `io` when a file cannot be written at `path`: asked before work that takes long. */
export async function assertWritable(path: string): Promise<void> {
  const file = await createFile(path);
  await file.discard();
}

/** Opens a file that is written beside `path` and takes its name at `commit`. Throws `io`. */
export async function createFile(path: string): Promise<PendingFile> {
  const target = resolve(path);
  const existing = await stat(target).catch(() => null);
  if (existing?.isDirectory()) throw unwritable(path, 'it is a directory', undefined);
  // A file may take the place of another, never that of /dev/null or of a pipe.
  if (existing !== null && !existing.isFile()) return openDevice(path, target);
  const temporary = `${target}.${randomUUID().slice(0, 8)}.partial`;
  const handle = await open(temporary, 'wx').catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    throw unwritable(
      path,
      missing ? `${dirname(target)} is no directory` : (cause.code ?? cause.message),
      cause,
    );
  });
  const discard = async () => {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
  };
  return {
    temporaryPath: temporary,
    async write(bytes) {
      await handle.writeFile(bytes).catch((cause: NodeJS.ErrnoException) => {
        throw unwritable(path, cause.code ?? cause.message, cause);
      });
    },
    async commit() {
      try {
        await handle.sync();
        await handle.close();
        await rename(temporary, target);
      } catch (cause) {
        await discard();
        throw unwritable(path, cause instanceof Error ? cause.message : String(cause), cause);
      }
    },
    discard,
  };
}

/** Devices and pipes take what is written at once: there is no name to take. */
async function openDevice(path: string, target: string): Promise<PendingFile> {
  const failed = (cause: NodeJS.ErrnoException) => {
    throw unwritable(path, cause.code ?? cause.message, cause);
  };
  const handle = await open(target, 'w').catch(failed);
  return {
    temporaryPath: target,
    async write(bytes) {
      await handle.writeFile(bytes).catch(failed);
    },
    async commit() {
      await handle.close().catch(failed);
    },
    async discard() {
      await handle.close().catch(() => undefined);
    },
  };
}

/** Writes a whole text file at once: after an error the old file, or none, is there. Throws `io`. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  const file = await createFile(path);
  try {
    await file.write(new TextEncoder().encode(text));
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}

function unwritable(path: string, why: string, cause: unknown): BenchError {
  return new BenchError('io', `Cannot write ${path}: ${why}`, {
    hint: 'Give a file in an existing directory that you may write to.',
    cause,
  });
}

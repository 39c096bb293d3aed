import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { BenchError, type ErrorCode, toBenchError } from '../../core/errors.ts';
import type { ByteSource } from '../../core/host.ts';
import type { ByteSink } from '../../model/safetensors-writer.ts';
import { makeFolder } from './make-folder.ts';
import { temporaryName } from './temporary-name.ts';

/** The system's word for what went wrong with a file (ENOENT, ENOSPC, …). */
export function systemCode(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

const hints: Record<string, string> = {
  EACCES: 'Check the permissions.',
  EPERM: 'Check the permissions.',
  ENOTDIR: 'A part of the path is a file, not a folder.',
  EROFS: 'The file system is read-only; choose another folder.',
  ENOSPC: 'The disk is full; free some space or choose another folder.',
  EDQUOT: 'The disk quota is used up; free some space or choose another folder.',
  EMFILE: 'Too many open files; raise the limit with ulimit -n.',
};

/** A failed file operation as BenchError: `what` says what was tried on which file. */
export function fileError(what: string, error: unknown, code: ErrorCode = 'io'): BenchError {
  if (error instanceof BenchError) return error;
  const system = systemCode(error);
  const reason = system === 'ENOENT' ? 'no such file' : toBenchError(error).message;
  const hint = system === undefined ? undefined : hints[system];
  return new BenchError(code, `${what}: ${reason}`, { hint, cause: error });
}

async function readFully(handle: FileHandle, path: string, offset: number, length: number) {
  // Not from the shared pool: callers make typed views of it.
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) {
      const got = `${offset + filled} bytes, at least ${offset + length} expected`;
      throw new BenchError('io', `${path} is shorter than it was: ${got}`);
    }
    filled += bytesRead;
  }
  return new Uint8Array(buffer.buffer, 0, length);
}

/** A file for random access; its size is the one it has now. Throws `missing` (default `io`) or `io`. */
export async function openFile(path: string, missing: ErrorCode = 'io'): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new BenchError(missing, `${path} is no file`);
    return asByteSource(handle, path, stats.size);
  } catch (error) {
    await handle?.close();
    const code = systemCode(error) === 'ENOENT' ? missing : 'io';
    throw fileError(`Cannot open ${path}`, error, code);
  }
}

function asByteSource(handle: FileHandle, path: string, size: number): ByteSource {
  let closed: Promise<void> | undefined;
  return {
    name: path,
    size,
    async read(offset, length) {
      try {
        return await readFully(handle, path, offset, length);
      } catch (error) {
        throw fileError(`Cannot read ${path}`, error);
      }
    },
    close: () => {
      closed ??= handle.close();
      return closed;
    },
  };
}

async function writeFully(handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const rest = bytes.byteLength - written;
    written += (await handle.write(bytes, written, rest, offset + written)).bytesWritten;
  }
}

/**
 * Writes a file so that `path` holds all of it or what was there before, whatever happens meanwhile: `write`
 * fills a temporary file beside it, which is flushed to disk and renamed. Makes the folder. Throws `io`, and
 * what `write` throws.
 */
export async function writeFileAtomic(
  path: string,
  write: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  const temporary = `${dirname(path)}/${temporaryName(basename(path), randomBytes(6).toString('hex'))}`;
  let handle: FileHandle | undefined;
  try {
    await makeFolder(dirname(path));
    const opened = await open(temporary, 'wx');
    handle = opened;
    await write({
      name: path,
      write: (offset, bytes) => writeFully(opened, offset, bytes),
    });
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(`Cannot write ${path}`, error);
  }
}

/** Writes a text file atomically (see writeFileAtomic). */
export async function writeTextAtomic(path: string, text: string): Promise<void> {
  await writeFileAtomic(path, (sink) => sink.write(0, new TextEncoder().encode(text)));
}

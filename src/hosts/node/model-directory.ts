import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';
import type { ModelFiles } from '../../model/checkpoint.ts';
import { fileError, openFile, systemCode, writeTextAtomic } from './files.ts';

const HASH_BYTES = 8 * 1024 * 1024;

async function hashFile(path: string): Promise<string> {
  const source = await openFile(path, 'model');
  try {
    const hash = createHash('sha256');
    for (let offset = 0; offset < source.size; offset += HASH_BYTES) {
      hash.update(await source.read(offset, Math.min(HASH_BYTES, source.size - offset)));
    }
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}

/** Age from which a file's times are sure to differ after a further change. */
const SETTLED_MS = 2000;

const rememberedSchema = z.object({
  state: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * SHA-256 (hex) of a file. With a folder to remember it in, a file that has the same size, times and inode as
 * when it was hashed is not read again; the change time makes that safe, as no program can set it.
 */
export async function sha256File(path: string, hashesDir?: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw fileError(`Cannot open ${path}`, error, 'model');
  });
  const state = [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino].join('/');
  if (hashesDir === undefined) return hashFile(path);
  const key = createHash('sha256').update(resolve(path)).digest('hex');
  const remembered = join(hashesDir, `${key}.json`);
  try {
    const known = rememberedSchema.parse(JSON.parse(await readFile(remembered, 'utf8')));
    if (known.state === state) return known.sha256;
  } catch {
    // Not remembered, or not readable: hash it.
  }
  const sha256 = await hashFile(path);
  // Times tick coarsely: a file that changed just now may change again without a trace in them. And a cache
  // that cannot be written is no error here: hashing again costs time only.
  if (Date.now() - Number(stats.ctimeMs) > SETTLED_MS) {
    await writeTextAtomic(remembered, JSON.stringify({ state, sha256 })).catch(() => {});
  }
  return sha256;
}

/** The files of a model directory on disk. Throws `model` when `path` is no directory. */
export async function openModelFiles(path: string, hashesDir?: string): Promise<ModelFiles> {
  const folder = resolve(path);
  const stats = await stat(folder).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') {
      throw fileError(`Cannot open model ${path}`, error);
    }
    throw new BenchError('model', `No model directory ${path}`, {
      hint: 'Give a directory in the Hugging Face layout, or synthetic:<preset>.',
    });
  });
  if (!stats.isDirectory()) {
    throw new BenchError('model', `${path} is a file, a model directory expected`, {
      hint: 'Give the directory that holds config.json and the *.safetensors files.',
    });
  }
  return {
    name: basename(folder),
    has: async (file) => (await stat(join(folder, file)).catch(() => null)) !== null,
    open: (file) => openFile(join(folder, file), 'model'),
    sha256: (file) => sha256File(join(folder, file), hashesDir),
  };
}

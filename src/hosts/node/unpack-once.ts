import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';
import { makeFolder } from './make-folder.ts';

const MANIFEST = 'manifest.json';
/** Larger files are checked by their size alone: hashing a browser would take longer than starting it. */
const HASHED_BYTES = 32 * 2 ** 20;

const manifestSchema = z.record(
  z.string(),
  z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().nullable() }),
);
type Manifest = z.infer<typeof manifestSchema>;

/**
 * A folder that `write` fills once and later calls reuse as long as its files are whole. Filled beside
 * its place and renamed into it, so that runs at the same time, or one that is killed, leave no half folder.
 * @throws `io` when the folder cannot be written.
 */
export async function unpackOnce(
  folder: string,
  write: (temporary: string) => Promise<void>,
): Promise<string> {
  if (await isWhole(folder)) return folder;
  const temporary = `${folder}.${randomUUID()}`;
  try {
    await makeFolder(temporary);
    await write(temporary);
    await writeFile(join(temporary, MANIFEST), JSON.stringify(await takeStock(temporary)));
    await install(temporary, folder);
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    throw new BenchError('io', `Cannot unpack into ${folder}: ${String(cause)}`, {
      hint: 'Choose another folder with MTOK_CACHE, or free some space.',
      cause,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

async function install(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder);
    return;
  } catch (error) {
    // Taken: by a run at the same time, which is fine, or by a damaged folder, which must go.
    if (await isWhole(folder)) return;
    const stale = `${folder}.${randomUUID()}`;
    await rename(folder, stale).catch(() => {
      throw error;
    });
    await rm(stale, { recursive: true, force: true });
  }
  await rename(temporary, folder);
}

async function isWhole(folder: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, MANIFEST), 'utf8');
    const manifest = manifestSchema.parse(JSON.parse(text));
    for (const [name, { bytes, sha256 }] of Object.entries(manifest)) {
      const path = join(folder, name);
      if ((await stat(path)).size !== bytes) return false;
      if (sha256 !== null && (await sha256Of(path)) !== sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function takeStock(folder: string): Promise<Manifest> {
  const manifest: Manifest = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = (await stat(path)).size;
    const sha256 = bytes <= HASHED_BYTES ? await sha256Of(path) : null;
    manifest[path.slice(folder.length + 1)] = { bytes, sha256 };
  }
  return manifest;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

import { rmSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WeightFormat } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import { writePacked } from '../../model/pack.ts';
import type { PackedModel } from '../../model/packed.ts';
import { openPackedFile } from '../../model/packed-file.ts';
import { PACKING_VERSION } from '../../model/packed-layout.ts';
import type { ModelSource } from '../../model/source.ts';
import { fileError, openFile, writeFileAtomic } from './files.ts';
import { openSource } from './model-source.ts';
import { sweepTemporaries } from './temporary-name.ts';

export interface OpenModelOptions {
  cacheDir: string;
  /** Neither read nor write the cache: pack into the system's folder for temporary files, deleted on close. */
  noCache?: boolean;
}

export interface OpenedModel {
  model: PackedModel;
  /** The packed file; lives as long as the model is open at least. */
  path: string;
  /** Time to identify the source and to open the packed file, without packing. */
  readMs: number;
  /** Time to quantise and write the packed file; 0 when it was in the cache. */
  packMs: number;
}

/** What a packed variant is made from and where it goes. */
interface Job {
  spec: string;
  weights: WeightFormat;
  path: string;
  /** For remembered hashes; undefined without a cache. */
  cacheDir: string | undefined;
}

async function pack(job: Job, source: ModelSource): Promise<void> {
  await writeFileAtomic(job.path, async (sink) => {
    await writePacked(source, job.weights, sink);
    const again = await openSource(job.spec, job.cacheDir);
    await again.close();
    if (again.sha256 !== source.sha256) {
      throw new BenchError('model', `${job.spec} changed while it was being packed`, {
        hint: 'Wait until the model is complete, then run the command again.',
      });
    }
  });
}

function open(job: Job, source: ModelSource): Promise<PackedModel> {
  const { name, sha256 } = source;
  return openFile(job.path).then((file) =>
    openPackedFile(file, { name, sha256, weights: job.weights }),
  );
}

/** The packed file if it is there and of sound structure. */
async function openCached(job: Job, source: ModelSource): Promise<PackedModel | null> {
  if (!(await stat(job.path).catch(() => null))) return null;
  try {
    return await open(job, source);
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  }
}

/** A packed file read through here fails only if its content is not what was written. */
function isDamage(error: unknown): boolean {
  return error instanceof BenchError && (error.code === 'model' || error.code === 'io');
}

async function repack(job: Job, sha256: string): Promise<PackedModel> {
  const source = await openSource(job.spec, job.cacheDir);
  try {
    if (source.sha256 !== sha256) {
      throw new BenchError('model', `${job.spec} changed since its packed file was opened`);
    }
    await pack(job, source);
    return await open(job, source);
  } finally {
    await source.close();
  }
}

/** The model over its file; a file found damaged while it is read is made again, once, and the read repeated. */
function healing(first: PackedModel, job: Job): PackedModel {
  let current = first;
  let repair: Promise<void> | undefined;
  const mend = async () => {
    await current.close();
    current = await repack(job, first.sha256);
  };
  return {
    ...first,
    async read(...range) {
      try {
        return await current.read(...range);
      } catch (error) {
        if (!isDamage(error)) throw error;
        repair ??= mend();
        await repair;
        return current.read(...range);
      }
    },
    close: () => current.close(),
  };
}

/** Path for a packed file outside of the cache, and how to get rid of it. */
async function temporaryPlace(
  name: string,
): Promise<{ path: string; discard: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mtok-')).catch((error: unknown) => {
    throw fileError(`Cannot make a temporary folder in ${tmpdir()}`, error);
  });
  const onExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', onExit);
  const discard = async () => {
    process.off('exit', onExit);
    await rm(folder, { recursive: true, force: true });
  };
  return { path: join(folder, name), discard };
}

/** Runs `work` and tells how long it took. */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work(), performance.now() - start];
}

async function openTemporary(spec: string, weights: WeightFormat): Promise<OpenedModel> {
  const [source, sourceMs] = await timed(() => openSource(spec));
  const { path, discard } = await temporaryPlace(`${weights}.safetensors`);
  try {
    const job = { spec, weights, path, cacheDir: undefined };
    const [, packMs] = await timed(() => pack(job, source));
    const [opened, openMs] = await timed(() => open(job, source));
    const close = () => opened.close().then(discard);
    return { model: { ...opened, close }, path, readMs: sourceMs + openMs, packMs };
  } catch (error) {
    await discard();
    throw error;
  } finally {
    await source.close();
  }
}

/** Where the cache keeps a variant of the source with this hash, whether it is there or not. */
export function packedPath(cacheDir: string, sha256: string, weights: WeightFormat): string {
  return join(cacheDir, 'packed', `${sha256}-v${PACKING_VERSION}-${weights}.safetensors`);
}

/**
 * Opens a model's packed variant, quantising it first unless the cache has it. `spec` is a directory's path or
 * `synthetic:<preset>[@seed]`. The file's name holds the hash of the source and the packing version, so it never
 * goes stale; it appears whole or not at all, whoever else packs the same at the same time, and is made
 * again when its content is damaged. Throws `usage`, `model`, `unsupported`, `io`.
 */
export async function openModel(
  spec: string,
  weights: WeightFormat,
  options: OpenModelOptions,
): Promise<OpenedModel> {
  if (options.noCache) return openTemporary(spec, weights);
  const { cacheDir } = options;
  const [source, sourceMs] = await timed(() => openSource(spec, cacheDir));
  try {
    const path = packedPath(cacheDir, source.sha256, weights);
    const job = { spec, weights, path, cacheDir };
    const [cached, cachedMs] = await timed(() => openCached(job, source));
    if (cached) {
      return {
        model: healing(cached, job),
        path: job.path,
        readMs: sourceMs + cachedMs,
        packMs: 0,
      };
    }
    await sweepTemporaries(dirname(job.path));
    const [, packMs] = await timed(() => pack(job, source));
    const [opened, openMs] = await timed(() => open(job, source));
    return { model: healing(opened, job), path: job.path, readMs: sourceMs + openMs, packMs };
  } finally {
    await source.close();
  }
}

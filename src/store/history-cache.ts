import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HISTORY_COLUMNS } from './history-columns.ts';

/** Smaller stores are read as fast as it takes to look for what was kept of them. */
const MIN_STORE_BYTES = 50e6;

/** Where the columns of one store, as it is now, are kept as Parquet. */
export interface CacheEntry {
  folder: string;
  /** Of the store's path; of its size, its time of change and the columns. */
  store: string;
  state: string;
}

/** The place of a store's columns in `folder`, or null where the store is too small to keep any. Throws the system's errors. */
export async function cacheEntry(folder: string, path: string): Promise<CacheEntry | null> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  if (size < MIN_STORE_BYTES) return null;
  const columns = HISTORY_COLUMNS.map(({ name, type, sql }) => [name, type, sql]);
  return {
    folder: join(folder, 'history'),
    store: digest(resolve(path)),
    state: digest(JSON.stringify([String(size), String(mtimeNs), columns])),
  };
}

/** What was kept of exactly this state, with how many lines were no records; null where nothing was. */
export async function cachedColumns({
  folder,
  store,
  state,
}: CacheEntry): Promise<{ path: string; passedOver: number } | null> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [ofStore, ofState, passedOver, end] = name.split(/[-.]/);
    if (ofStore !== store || ofState !== state || end !== 'parquet') continue;
    return { path: join(folder, name), passedOver: Number(passedOver) };
  }
  return null;
}

/** Keeps what `write` writes to the path it is given, in place of earlier states. Never throws: it only saves time. */
export async function keepColumns(
  { folder, store, state }: CacheEntry,
  passedOver: number,
  write: (path: string) => Promise<void>,
): Promise<void> {
  const name = `${store}-${state}-${passedOver}.parquet`;
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await write(temporary);
    await rename(temporary, join(folder, name));
    const names = await readdir(folder);
    const earlier = names.filter((one) => one.startsWith(`${store}-`) && one !== name);
    await Promise.all(earlier.map((one) => rm(join(folder, one), { force: true })));
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

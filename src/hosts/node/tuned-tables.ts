import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TunedLookup } from '../../backends/backend.ts';
import type { DeviceInfo } from '../../core/device.ts';
import { toBenchError } from '../../core/errors.ts';
import { kernelsSha256 } from '../../model/decoder/kernel-texts.ts';
import {
  type AdapterIdentity,
  adapterIdentity,
  identitySha256,
  staleness,
  TUNED_VERSION,
  type TunedTable,
  tunedTableSchema,
} from '../../model/decoder/tuned-table.ts';
import { systemCode, writeTextAtomic } from './files.ts';
import { nodeHost } from './host.ts';

export type { TunedLookup };

/** Tables of adapters that were measured, committed with the kernels they were measured with. */
const COMMITTED = fileURLToPath(new URL('../../../kernels/tuned/', import.meta.url));

/** Where the cache keeps the table of an adapter. */
export async function tunedPath(cacheDir: string, identity: AdapterIdentity): Promise<string> {
  return join(cacheDir, 'tuned', `${await identitySha256(identity)}.json`);
}

/**
 * The tuned table for an adapter: of the cache, else of those that come with mtok. One that was made with
 * another driver or other kernels, or that is damaged, is not used, and `problem` says so. Never throws for
 * what lies on disk.
 */
export async function findTuned(
  cacheDir: string,
  info: DeviceInfo,
  committedDir: string = COMMITTED,
): Promise<TunedLookup> {
  const identity = adapterIdentity(info);
  const texts = await kernelsSha256(nodeHost);
  const problems: string[] = [];
  const usable = async (path: string): Promise<TunedTable | null> => {
    const read = await readTable(path);
    const problem = typeof read === 'string' ? read : read && staleness(read, identity, texts);
    if (problem !== null) problems.push(`${path}: ${problem}`);
    return problem === null && typeof read !== 'string' ? read : null;
  };
  const cached = await usable(await tunedPath(cacheDir, identity));
  if (cached) return { table: cached, origin: 'cache', problem: null };
  for (const path of await tablesIn(committedDir)) {
    const read = await readTable(path);
    // Most are for other adapters, which is nothing to speak of.
    if (read === null || typeof read === 'string' || !isSameDevice(read.adapter, identity))
      continue;
    const table = await usable(path);
    if (table) return { table, origin: 'committed', problem: null };
  }
  return { table: null, origin: 'none', problem: problems.join('; ') || null };
}

/** An empty table for an adapter and the kernels as they are. */
export async function newTable(identity: AdapterIdentity, created: Date): Promise<TunedTable> {
  return {
    version: TUNED_VERSION,
    adapter: identity,
    kernelsSha256: await kernelsSha256(nodeHost),
    created: created.toISOString(),
    entries: [],
  };
}

/** Puts a table into the cache, whole or not at all, and returns its path. Throws `io`. */
export async function saveTuned(cacheDir: string, table: TunedTable): Promise<string> {
  const path = await tunedPath(cacheDir, table.adapter);
  await writeTextAtomic(path, tableText(table));
  return path;
}

/** A table as a file holds it: an entry a line, so that changes to committed ones can be read. */
export function tableText({ entries, ...head }: TunedTable): string {
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, '');
  return `${start},\n  "entries": [${lines === '' ? '' : `\n${lines}\n  `}]\n}\n`;
}

/** The table in a file; null when there is no such file, what is wrong when it holds none. */
async function readTable(path: string): Promise<TunedTable | string | null> {
  try {
    const parsed = tunedTableSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    return `not a tuned table: ${issue?.path.join('.')}: ${issue?.message}`;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? null : toBenchError(error).message;
  }
}

async function tablesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

function isSameDevice(a: AdapterIdentity, b: AdapterIdentity): boolean {
  return a.vendor === b.vendor && a.architecture === b.architecture && a.device === b.device;
}

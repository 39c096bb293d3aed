import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A name beside the final one that tells which process is writing it. */
export function temporaryName(name: string, unique: string): string {
  return `${name}.${hostTag()}-${process.pid}-${unique}.tmp`;
}

function hostTag(): string {
  return hostname().replaceAll(/[^\w]/g, '_').slice(0, 40);
}

const MINUTE_MS = 60_000;
/** A file of another machine (a shared cache) cannot be asked after; nobody packs for a day. */
const FOREIGN_MS = 24 * 60 * MINUTE_MS;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function isAbandoned(name: string, ageMs: number): boolean {
  const match = /\.(\w+)-(\d+)-[0-9a-f]+\.tmp$/.exec(name);
  if (!match) return false;
  if (ageMs > FOREIGN_MS) return true;
  // A file that was written to just now has a writer, even one whose number means nothing here (containers).
  return match[1] === hostTag() && ageMs > MINUTE_MS && !isRunning(Number(match[2]));
}

/** Deletes temporary files whose writers died. Never throws: what stays is litter, not an error. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats && isAbandoned(name, Date.now() - stats.mtimeMs)) {
      await rm(path, { force: true }).catch(() => {});
    }
  }
}

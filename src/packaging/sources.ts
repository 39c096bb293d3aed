import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { BenchError } from '../core/errors.ts';
import { compileSource, translatedPath } from './compile-source.ts';

const FOLDERS = ['src', 'kernels', 'bench'];
/** The page is served by Vite, which is not carried; this folder makes bundles and is of no use in one. */
const LEFT_OUT = /^src\/(web|packaging)\//;
const CARRIED_TYPES = /\.(ts|wgsl|json)$/;

/** Whether a file of the clone, by its path from the root, has its place in the bundle. */
export function isCarriedSource(path: string): boolean {
  return CARRIED_TYPES.test(path) && !LEFT_OUT.test(path) && !path.endsWith('.d.ts');
}

/**
 * Writes our own code into `target`, translated file by file, and beside it what it reads (kernels, tables).
 * Returns the names of the packages that it imports.
 * @throws `internal` when a file imports one that is not carried.
 */
export async function writeSources(root: string, target: string): Promise<Set<string>> {
  const listed = await Promise.all(FOLDERS.map((folder) => filesIn(root, folder)));
  const paths = listed.flat().filter(isCarriedSource);
  const carried = new Set(paths.map(translatedPath));
  const packages = new Set<string>();
  for (const path of paths) {
    const text = await readFile(join(root, path), 'utf8');
    const compiled = path.endsWith('.ts') ? await compileSource(path, text) : null;
    for (const file of compiled?.files ?? []) {
      const imported = join(dirname(path), file);
      if (carried.has(imported)) continue;
      throw new BenchError('internal', `${path} imports ${imported}, which the bundle leaves out`);
    }
    for (const name of compiled?.packages ?? []) packages.add(name);
    const to = join(target, translatedPath(path));
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, compiled?.code ?? text);
  }
  return packages;
}

/** Files below a folder of `root`, sorted, by their paths from `root`. */
export async function filesIn(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MAX_LINES = 400;
const SMALL_LINES = 120;

/** Our own sources with their lengths; generated files and data are not ours to shorten. */
function sources(): { path: string; lines: number }[] {
  return ['src', 'kernels', 'bench', 'bin']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      ),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\.(ts|js|cjs|mjs|wgsl|html|css)$/.test(path))
    .map((path) => ({ path, lines: readFileSync(path, 'utf8').trimEnd().split('\n').length }));
}

it('no source file is longer than 400 lines', () => {
  expect(sources().filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});

it('at least half of the source files have fewer than 120 lines', () => {
  const all = sources();
  const small = all.filter(({ lines }) => lines < SMALL_LINES);
  expect(all.length).toBeGreaterThan(50);
  expect(small.length).toBeGreaterThanOrEqual(all.length / 2);
});

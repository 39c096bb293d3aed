import { parseAst, transformWithOxc } from 'vite';
import { BenchError } from '../core/errors.ts';

/** A TypeScript file as JavaScript, and what it imports. */
export interface CompiledSource {
  code: string;
  /** Paths as written, of other files of ours: `./x.js`. */
  files: string[];
  /** Names of packages, without what is built into Node. */
  packages: string[];
}

/**
 * Translates one TypeScript file for the oldest Node that mtok supports. Paths to other files (`./x.ts`) become
 * those of the files they are translated to; nothing is merged, so that files found relative to it stay so.
 * @throws `internal` when the file is not TypeScript.
 */
export async function compileSource(path: string, text: string): Promise<CompiledSource> {
  const { code } = await transformWithOxc(text, path, {
    lang: 'ts',
    target: 'es2023',
    sourcemap: false,
  }).catch((cause: unknown) => {
    throw new BenchError('internal', `${path} cannot be translated: ${String(cause)}`, { cause });
  });
  const files: string[] = [];
  const packages: string[] = [];
  const edits: { start: number; end: number; specifier: string }[] = [];
  for (const { specifier, start, end } of importedBy(parseAst(code))) {
    if (!/^\.\.?\//.test(specifier)) {
      if (!specifier.startsWith('node:')) packages.push(packageName(specifier));
      continue;
    }
    const translated = translatedPath(specifier);
    files.push(translated);
    edits.push({ start, end, specifier: translated });
  }
  const edited = edits
    .sort((a, b) => b.start - a.start)
    .reduce((all, { start, end, specifier }) => {
      return `${all.slice(0, start)}${JSON.stringify(specifier)}${all.slice(end)}`;
    }, code);
  return { code: edited, files, packages };
}

/** Where the translation of a file goes. */
export function translatedPath(path: string): string {
  return path.replace(/\.ts$/, '.js');
}

/** `@scope/name/part` → `@scope/name`. */
export function packageName(specifier: string): string {
  const depth = specifier.startsWith('@') ? 2 : 1;
  return specifier.split('/').slice(0, depth).join('/');
}

interface Imported {
  specifier: string;
  /** Of the string in the code, with its quotes. */
  start: number;
  end: number;
}

/** Sources of imports and re-exports, at start and at run time, anywhere in a syntax tree. */
function importedBy(node: unknown): Imported[] {
  if (Array.isArray(node)) return node.flatMap(importedBy);
  if (typeof node !== 'object' || node === null) return [];
  const found = Object.values(node).flatMap(importedBy);
  if ('source' in node) {
    const { source } = node as { source: Partial<Imported> & { type?: string; value?: unknown } };
    if (source?.type === 'Literal' && typeof source.value === 'string') {
      const { value: specifier, start = 0, end = 0 } = source;
      found.push({ specifier, start, end });
    }
  }
  return found;
}

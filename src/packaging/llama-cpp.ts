import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { BundleManifest } from '../hosts/node/offline-bundle.ts';
import { unpackOnce } from '../hosts/node/unpack-once.ts';
import { writeManifest } from './manifest.ts';
import { type Notice, noticesText } from './notices.ts';
import { runProgram } from './programs.ts';
import { filesIn } from './sources.ts';

/** The peer's version: a dependency of its archives alone, too large to be one of the project. */
const VERSION = '3.22.1';
const NAMES = ['linux-x64', 'linux-x64-vulkan', 'linux-x64-cuda'];
const PACKAGES = ['node-llama-cpp', ...NAMES.map((name) => `@node-llama-cpp/${name}`)];
const CUDA_KERNELS = 'libggml-cuda.so';
const LICENCE = 'licences/llama-cpp.txt';

/** `cuda` is one library, ten times larger than all else; Vulkan and the processor run with `common` alone. */
export type LlamaPart = 'common' | 'cuda';

export interface LlamaOptions {
  root: string;
  cacheDir: string;
  commit: string | null;
}

/** node-llama-cpp with its builds of llama.cpp for Linux x64, from the registry, in the cache; its folder. */
export function fetchLlamaCpp(cacheDir: string): Promise<string> {
  return unpackOnce(join(cacheDir, `node-llama-cpp-${VERSION}`), async (folder) => {
    const wanted = PACKAGES.map((name) => `${name}@${VERSION}`);
    const flags = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
    const args = ['install', '--prefix', folder, ...flags, '--cpu=x64', '--os=linux', ...wanted];
    await runProgram(
      'npm',
      args,
      'It fetches packages: check the network, or leave --llama-cpp out.',
    );
  });
}

/**
 * Whether a file of the installed packages is needed to run, and by which part. Not needed are sources of
 * llama.cpp, type declarations, source maps and links to programs.
 */
export function llamaPartOf(path: string): LlamaPart | null {
  if (!path.startsWith('node_modules/') || path.startsWith('node_modules/.')) return null;
  if (path.startsWith('node_modules/node-llama-cpp/llama/') && !/\/[\w.]+\.json$/.test(path)) {
    return null;
  }
  const isRun = /\.(js|mjs|cjs|json|node|so)$/.test(path);
  const isLicence = /\/(LICEN[CS]E|COPYING|NOTICE)[^/]*$/i.test(path);
  if (!isRun && !isLicence) return null;
  return basename(path) === CUDA_KERNELS ? 'cuda' : 'common';
}

/** Fills `folder` with one part; it lies in a folder of its own, apart from what mtok imports itself. */
export async function stageLlamaCpp(
  folder: string,
  part: LlamaPart,
  { root, cacheDir, commit }: LlamaOptions,
): Promise<BundleManifest> {
  const installed = await fetchLlamaCpp(cacheDir);
  const listed = await filesIn(installed, 'node_modules');
  const paths = listed.filter((path) => llamaPartOf(path) === part);
  for (const path of paths) await copyTo(join(installed, path), join(folder, 'llama-cpp', path));
  await copyTo(join(root, 'src/packaging', LICENCE), join(folder, LICENCE));
  const notices = await Promise.all(
    paths
      .filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
      .map((path) => noticeOf(installed, path, paths)),
  );
  const name = part === 'cuda' ? 'llama-cpp-cuda' : 'llama-cpp';
  const llama = { name: 'llama.cpp', version: 'as built for these', licence: 'MIT', file: LICENCE };
  await writeFile(join(folder, `licences/NOTICES-${name}.txt`), noticesText([llama, ...notices]));
  const carries = Object.fromEntries(notices.map((one) => [one.name, one.version]));
  return writeManifest(folder, { name, version: VERSION, commit, carries });
}

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().default('see file'),
});

/** A package says its licence in its package.json; the text is there too where it ships one. */
async function noticeOf(
  installed: string,
  path: string,
  paths: readonly string[],
): Promise<Notice> {
  const text = await readFile(join(installed, path), 'utf8');
  const { name, version, license } = packageSchema.parse(JSON.parse(text));
  const own = paths.find((file) => dirname(file) === dirname(path) && /licen[cs]e/i.test(file));
  return { name, version, licence: license, file: `llama-cpp/${own ?? path}` };
}

async function copyTo(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

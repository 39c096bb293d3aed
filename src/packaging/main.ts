import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BenchError, toBenchError } from '../core/errors.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import type { BundleManifest } from '../hosts/node/offline-bundle.ts';
import { sourceCommit } from '../hosts/node/provenance.ts';
import { type Archive, writeArchive } from './archive.ts';
import { stageLlamaCpp } from './llama-cpp.ts';
import { splitFile } from './split-file.ts';
import { stageBundle } from './stage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const USAGE = `npm run bundle -- [--out FOLDER] [--preset 0-9e] [--llama-cpp]
Makes the offline bundle for Linux x64: mtok with Node and all it needs, in one xz archive.
  --out FOLDER     where archives go (dist)
  --preset PRESET  xz's: 9e is small (default), 0 is fast
  --llama-cpp      also archives with llama.cpp, for Vulkan and for CUDA, to unpack over the first`;

/** What a bundle may weigh at preset 9e. */
const LIMIT_BYTES = 55e6;
/** Larger archives come in parts, so that each passes where files have a limit. */
const PART_BYTES = 60 * 2 ** 20;

const log = (line: string): void => void process.stderr.write(`bundle: ${line}\n`);

/** Where archives go, and what the files in them are put under. */
interface Target {
  out: string;
  /** Folder that every archive unpacks to. */
  top: string;
  preset: string;
}

async function main(): Promise<void> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  if (!/^[0-9]e?$/.test(values.preset)) {
    throw new BenchError('usage', `--preset is "${values.preset}", 0 to 9 or 0e to 9e expected`);
  }
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  const version = await packageVersion();
  const target = { out, top: `mtok-${version}-linux-x64`, preset: values.preset };
  const options = {
    root: ROOT,
    version,
    commit: await sourceCommit(),
    cacheDir: defaultCacheDir(),
  };
  const archive = await pack(target, '', (folder) => stageBundle(folder, { ...options, log }));
  if (archive.bytes > LIMIT_BYTES && values.preset === '9e') {
    const is = `${(archive.bytes / 1e6).toFixed(1)} MB, at most ${LIMIT_BYTES / 1e6} MB expected`;
    throw new BenchError('internal', `The bundle is too large: ${is}`);
  }
  if (!values['llama-cpp']) return;
  log('llama.cpp, from the registry unless it is in the cache');
  await pack(target, '-llama-cpp', (folder) => stageLlamaCpp(folder, 'common', options));
  await pack(target, '-llama-cpp-cuda', (folder) => stageLlamaCpp(folder, 'cuda', options));
}

/** Fills a folder, packs it, prints what came of it and cuts it where it is too large for one file. */
async function pack(
  { out, top, preset }: Target,
  suffix: string,
  stage: (folder: string) => Promise<BundleManifest>,
): Promise<Archive> {
  const temporary = await mkdtemp(join(out, '.bundle-'));
  try {
    const folder = join(temporary, top);
    await mkdir(folder);
    const files = Object.values((await stage(folder)).files);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    log(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB; packing with xz -${preset}`);
    const archive = await writeArchive(folder, join(out, `${top}${suffix}.tar.xz`), preset);
    await report(archive);
    return archive;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function report({ path, bytes, sha256 }: Archive): Promise<void> {
  process.stdout.write(`${path}\n  ${(bytes / 1e6).toFixed(2)} MB, sha256 ${sha256}\n`);
  const parts = await splitFile(path, PART_BYTES);
  if (parts.length === 1) return;
  const names = parts.map((part) => basename(part)).join(' ');
  process.stdout.write(`  in ${parts.length} parts; unpack them with: cat ${names} | tar xJ\n`);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        out: { type: 'string', default: join(ROOT, 'dist') },
        preset: { type: 'string', default: '9e' },
        'llama-cpp': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new BenchError('usage', toBenchError(cause).message, { hint: USAGE, cause });
  }
}

async function packageVersion(): Promise<string> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

try {
  await main();
} catch (error) {
  const { code, message, hint } = toBenchError(error);
  const advice = hint === undefined ? '' : `hint: ${hint}\n`;
  process.stderr.write(`bundle: ${code}: ${message}\n${advice}`);
  process.exitCode = code === 'usage' ? 2 : 1;
}

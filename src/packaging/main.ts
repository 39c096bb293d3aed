import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BenchError, toBenchError } from '../core/errors.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { type Archive, writeArchive } from './archive.ts';
import { stageBundle } from './stage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const USAGE = `npm run bundle -- [--out FOLDER] [--preset 0-9e]
Makes the offline bundle for Linux x64: mtok with Node and all it needs, in one xz archive.
  --out FOLDER     where the archive goes (dist)
  --preset PRESET  xz's: 9e is small (default), 0 is fast`;

/** What a bundle may weigh: less than most services take as one attachment. */
const LIMIT_BYTES = 55e6;

const log = (line: string): void => void process.stderr.write(`bundle: ${line}\n`);

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
  const archive = await bundle(out, values.preset);
  describe(archive);
  if (archive.bytes > LIMIT_BYTES && values.preset === '9e') {
    const is = `${(archive.bytes / 1e6).toFixed(1)} MB, at most ${LIMIT_BYTES / 1e6} MB expected`;
    throw new BenchError('internal', `The bundle is too large: ${is}`);
  }
}

async function bundle(out: string, preset: string): Promise<Archive> {
  const version = await packageVersion();
  const name = `mtok-${version}-linux-x64`;
  const temporary = await mkdtemp(join(out, '.bundle-'));
  try {
    const folder = join(temporary, name);
    await mkdir(folder);
    const options = { root: ROOT, version, cacheDir: defaultCacheDir(), log };
    const manifest = await stageBundle(folder, options);
    const files = Object.values(manifest.files);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    log(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB; packing with xz -${preset}`);
    return await writeArchive(folder, join(out, `${name}.tar.xz`), preset);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function describe({ path, bytes, sha256 }: Archive): void {
  process.stdout.write(`${path}\n  ${(bytes / 1e6).toFixed(2)} MB, sha256 ${sha256}\n`);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        out: { type: 'string', default: join(ROOT, 'dist') },
        preset: { type: 'string', default: '9e' },
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
  process.stderr.write(
    `bundle: ${code}: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`,
  );
  process.exitCode = code === 'usage' ? 2 : 1;
}

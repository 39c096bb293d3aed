import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { BenchError } from '../../core/errors.ts';
import { offlineBundle } from './offline-bundle.ts';
import { unpackOnce } from './unpack-once.ts';
import { untar } from './untar.ts';

const PACKAGE = '@sparticuz/chromium';
const DRIVER_MANIFEST = 'vk_swiftshader_icd.json';
/** Of the archive, which also has libraries for OpenGL, those that Vulkan needs. */
export const SWIFTSHADER_FILES = ['libvulkan.so.1', 'libvk_swiftshader.so', DRIVER_MANIFEST];
/** Where an offline bundle has them, from its root. */
export const CARRIED_FOLDER = 'vulkan';

/** A software Vulkan driver with a loader, unpacked on disk. */
export interface SwiftShader {
  /** Folder of `libvulkan.so.1`, for LD_LIBRARY_PATH. */
  folder: string;
  /** The driver's manifest, for VK_DRIVER_FILES. */
  manifest: string;
}

/** Folder of the archives in the installed package and its version; null where they cannot run. */
export function bundledChromium(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): { folder: string; version: string } | null {
  if (platform !== 'linux' || arch !== 'x64') return null;
  try {
    const require = createRequire(import.meta.url);
    // The entry is <package>/build/cjs/index.cjs; package.json itself is not exported.
    const root = join(dirname(require.resolve(PACKAGE)), '..', '..');
    const { version } = require(join(root, 'package.json')) as { version: string };
    return { folder: join(root, 'bin'), version };
  } catch {
    return null;
  }
}

/**
 * The SwiftShader that an offline bundle carries, else that of the bundled Chromium, unpacked into `cacheDir` on
 * first use.
 * @throws `unsupported` where it cannot run, `io` when it cannot be unpacked.
 */
export async function unpackSwiftShader(cacheDir: string): Promise<SwiftShader> {
  const offline = offlineBundle();
  if (offline) return inFolder(join(offline.root, CARRIED_FOLDER));
  const bundled = bundledChromium();
  if (!bundled) {
    throw new BenchError(
      'unsupported',
      `The bundled SwiftShader needs Linux x64 and the npm package ${PACKAGE}`,
      { hint: 'Install a Vulkan driver, or run `npm ci` again with optional packages.' },
    );
  }
  const folder = await unpackOnce(
    join(cacheDir, `swiftshader-${bundled.version}`),
    async (temporary) => {
      const packed = await readFile(join(bundled.folder, 'swiftshader.tar.br'));
      const entries = untar(await promisify(brotliDecompress)(packed));
      for (const name of SWIFTSHADER_FILES) {
        const entry = entries.find((candidate) => candidate.name === name);
        if (!entry) throw new BenchError('io', `${PACKAGE} ${bundled.version} has no ${name}`);
        await writeFile(join(temporary, name), entry.bytes, {
          mode: entry.executable ? 0o755 : 0o644,
        });
      }
    },
  );
  return inFolder(folder);
}

function inFolder(folder: string): SwiftShader {
  return { folder, manifest: join(folder, DRIVER_MANIFEST) };
}

import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliDecompress, createBrotliDecompress } from 'node:zlib';
import { makeFolder } from '../node/make-folder.ts';
import { bundledChromium } from '../node/swiftshader.ts';
import { unpackOnce } from '../node/unpack-once.ts';
import { untar } from '../node/untar.ts';

/** A headless Chromium on disk. */
export interface BundledBrowser {
  path: string;
  /** Libraries it needs that a bare system lacks (NSS, Expat). */
  libraries: string;
}

/**
 * Unpacks the Chromium inside @sparticuz/chromium into `cacheDir` on first use; null where it cannot run.
 * Its SwiftShader must lie beside it, where Chromium looks for it.
 */
export async function unpackChromium(cacheDir: string): Promise<BundledBrowser | null> {
  const bundled = bundledChromium();
  if (!bundled) return null;
  const folder = await unpackOnce(join(cacheDir, `chromium-${bundled.version}`), async (target) => {
    await pipeline(
      createReadStream(join(bundled.folder, 'chromium.br')),
      createBrotliDecompress(),
      createWriteStream(join(target, 'chromium'), { mode: 0o755 }),
    );
    for (const archive of ['swiftshader.tar.br', 'al2023.tar.br']) {
      const packed = await readFile(join(bundled.folder, archive));
      for (const entry of untar(await promisify(brotliDecompress)(packed))) {
        const path = join(target, entry.name);
        await makeFolder(dirname(path));
        await writeFile(path, entry.bytes, { mode: entry.executable ? 0o755 : 0o644 });
      }
    }
  });
  return { path: join(folder, 'chromium'), libraries: join(folder, 'lib') };
}

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleManifest, manifestName, sha256Of } from '../hosts/node/offline-bundle.ts';
import { filesIn } from './sources.ts';
import { neededSymbolVersions } from './symbol-versions.ts';

const MACHINE_CODE = /(^bin\/node$|\.node$|\.so(\.\d+)*$)/;

/** Takes stock of all files in `folder` and writes the manifest beside them. */
export async function writeManifest(
  folder: string,
  facts: Pick<BundleManifest, 'name' | 'version' | 'commit' | 'carries'>,
): Promise<BundleManifest> {
  const paths = await filesIn(folder, '.');
  const files: BundleManifest['files'] = {};
  const binaries: Uint8Array[] = [];
  for (const path of paths) {
    const full = join(folder, path);
    files[path] = { bytes: (await stat(full)).size, sha256: await sha256Of(full) };
    if (MACHINE_CODE.test(path)) binaries.push(await readFile(full));
  }
  const needs = neededSymbolVersions(binaries);
  const manifest = { ...facts, platform: 'linux-x64', needs, files };
  await writeFile(join(folder, manifestName(facts.name)), JSON.stringify(manifest, null, 1));
  return manifest;
}

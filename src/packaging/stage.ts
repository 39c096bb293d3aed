import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleManifest } from '../hosts/node/offline-bundle.ts';
import {
  bundledChromium,
  CARRIED_FOLDER,
  SWIFTSHADER_FILES,
  unpackSwiftShader,
} from '../hosts/node/swiftshader.ts';
import { ENTRY, LAUNCHER, stubPackage } from './launcher.ts';
import { writeManifest } from './manifest.ts';
import { thisNode } from './node-binary.ts';
import { type Notice, noticesText, readmeText } from './notices.ts';
import { type CarriedPackage, selectPackages } from './packages.ts';
import { stripSymbols } from './programs.ts';
import { writeSources } from './sources.ts';
import { neededSymbolVersions } from './symbol-versions.ts';

const LICENCES = 'src/packaging/licences';
/** Those that carry symbols which only debuggers read. */
const STRIPPED = ['bin/node', 'node_modules/webgpu/dist/linux-x64/dawn.node'];

export interface StageOptions {
  /** Root of the clone. */
  root: string;
  version: string;
  commit: string | null;
  cacheDir: string;
  log: (line: string) => void;
}

/**
 * Fills `folder`, which is empty, with all that the bundle holds. Files lie as they do in a clone, so that code
 * finds by the same paths what it reads.
 */
export async function stageBundle(folder: string, options: StageOptions): Promise<BundleManifest> {
  const { root, version, commit, cacheDir, log } = options;
  log('node');
  const node = await thisNode();
  await mkdir(join(folder, 'bin'), { recursive: true });
  await copyFile(node.path, join(folder, 'bin/node'));
  await writeProgram(join(folder, 'mtok'), LAUNCHER);
  await writeFile(join(folder, 'bin/mtok.js'), ENTRY);
  log('code');
  const imported = await writeSources(root, folder);
  const selection = await selectPackages(root, imported);
  for (const carried of selection.packages) await copyPackage(carried, folder);
  for (const stub of selection.stubs) await writeStub(stub, folder);
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'mtok', version, type: 'module', license: 'Apache-2.0' })}\n`,
  );
  log('Vulkan loader and SwiftShader');
  const swiftShader = await unpackSwiftShader(cacheDir);
  await mkdir(join(folder, CARRIED_FOLDER));
  for (const name of SWIFTSHADER_FILES) {
    await copyFile(join(swiftShader.folder, name), join(folder, CARRIED_FOLDER, name));
  }
  await chmod(join(folder, 'bin/node'), 0o755);
  const stripped = STRIPPED.map((path) => join(folder, path));
  if (!(await stripSymbols(stripped))) log('symbols stay in: strip is not installed');
  const chromium = bundledChromium()?.version ?? 'unknown';
  const notices: Notice[] = [
    { name: 'Node.js', version: process.versions.node, licence: 'MIT', file: 'licences/node.txt' },
    {
      name: 'SwiftShader and Vulkan-Loader, of @sparticuz/chromium',
      version: chromium,
      licence: 'Apache-2.0',
      file: 'licences/vulkan.txt',
    },
    ...selection.packages.map((one) => ({ ...one, file: one.licenceFile })),
  ];
  await mkdir(join(folder, 'licences'));
  for (const name of ['onnxruntime.txt', 'vulkan.txt']) {
    await copyFile(join(root, LICENCES, name), join(folder, 'licences', name));
  }
  await copyFile(node.licence, join(folder, 'licences/node.txt'));
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'licences/NOTICES.txt'), noticesText(notices));
  const binaries = await Promise.all(stripped.map((path) => readFile(path)));
  await writeFile(join(folder, 'README.txt'), readmeText(version, neededSymbolVersions(binaries)));
  log('manifest');
  return writeManifest(folder, {
    name: 'mtok',
    version,
    commit,
    carries: {
      node: process.versions.node,
      swiftshader: chromium,
      ...Object.fromEntries(selection.packages.map((one) => [one.name, one.version])),
    },
  });
}

async function copyPackage(carried: CarriedPackage, folder: string): Promise<void> {
  for (const file of carried.files) {
    const to = join(folder, 'node_modules', carried.name, file);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(carried.folder, file), to);
  }
}

async function writeStub(name: string, folder: string): Promise<void> {
  const { packageJson, code } = stubPackage(name);
  const to = join(folder, 'node_modules', name);
  await mkdir(to, { recursive: true });
  await writeFile(join(to, 'package.json'), packageJson);
  await writeFile(join(to, 'index.js'), code);
}

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

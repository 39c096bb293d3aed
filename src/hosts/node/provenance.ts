import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { offlineBundle } from './offline-bundle.ts';
import { powerState } from './power-state.ts';
import { NODE_FLAGS } from './spawn.ts';
import { systemMemoryBytes } from './system-memory.ts';

/** Packages whose version bears on what is measured. */
const ENGINE_PACKAGES = ['webgpu', 'onnxruntime-node'];
const packageSchema = z.object({ version: z.string() });

/** What a record must say of the machine and the software to be read again years later. */
export async function nodeProvenance(): Promise<Record<string, string | number | boolean | null>> {
  const processors = cpus();
  const commit = await sourceCommit();
  return {
    mtok: await packageVersion(''),
    commit,
    isDirty: commit === null ? null : commit.endsWith('-dirty'),
    node: process.versions.node,
    v8: process.versions.v8,
    nodeFlags: NODE_FLAGS.join(' '),
    os: `${platform()} ${release()} ${arch()}`,
    distribution: await distribution(),
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cpuThreads: processors.length,
    memoryBytes: systemMemoryBytes(),
    ...(await powerState()),
    ...Object.fromEntries(
      await Promise.all(
        ENGINE_PACKAGES.map(async (name) => [name, await packageVersion(`node_modules/${name}/`)]),
      ),
    ),
  };
}

/**
 * The commit that the sources are at, or that a bundle was built from, with `-dirty` behind it when they were
 * changed; null outside of a clone.
 */
export async function sourceCommit(): Promise<string | null> {
  const bundle = offlineBundle();
  if (bundle) return bundle.manifest.commit;
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const args = ['-C', root, 'describe', '--always', '--dirty', '--exclude', '*', '--abbrev=40'];
  try {
    const { stdout } = await promisify(execFile)('git', args, { timeout: 10_000 });
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

/** Name and version of a Linux distribution (os-release(5)), null elsewhere. */
async function distribution(): Promise<string | null> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]{1,200})"?$/m.exec(text)?.[1] ?? null;
}

/** Version of the package in a folder below the project's; null when it is not there. */
async function packageVersion(folder: string): Promise<string | null> {
  try {
    const path = fileURLToPath(new URL(`../../../${folder}package.json`, import.meta.url));
    return packageSchema.parse(JSON.parse(await readFile(path, 'utf8'))).version;
  } catch {
    return null;
  }
}

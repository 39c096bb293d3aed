import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toBenchError } from '../core/errors.ts';
import { type FoundBrowser, findBrowser } from '../hosts/chromium/find-browser.ts';
import {
  type AdapterChoice,
  chooseAdapter,
  installedAdapters,
  realSurroundings,
} from '../hosts/node/choose-adapter.ts';
import { damagedFiles, offlineBundle } from '../hosts/node/offline-bundle.ts';
import { runTask } from '../hosts/node/spawn.ts';
import { findTuned, type TunedLookup } from '../hosts/node/tuned-tables.ts';
import { driverEnvironment, libraryEnvironment } from '../hosts/node/vulkan.ts';
import type { LlamaBuildsResult, ProbedAdapter, ProvidersResult } from '../hosts/tasks.ts';
import { packageVersion } from './version.ts';

/** A thing that was found, or why it was not and what to do. */
export type Finding<T> = { found: T } | { problem: string; hint?: string };

/** Where an adapter's tuned kernels come from, and for how many operations there are some. */
export interface TunedFacts {
  origin: TunedLookup['origin'];
  operations: number;
  /** Why a table that was found is not used, or null. */
  problem: string | null;
}

/** Everything that `mtok doctor` shows; plain data, for `--json`. */
export interface DoctorFacts {
  versions: Record<string, string>;
  machine: { os: string; cpu: string; cores: number; memoryBytes: number };
  /** What `--adapter auto` takes. */
  chosen: Finding<{ id: string; name: string; kind: 'gpu' | 'software' }>;
  adapters: (ProbedAdapter & { origin: 'installed' | 'bundled'; tuned: TunedFacts })[];
  /** Execution providers of onnxruntime-node. */
  providers: Finding<ProvidersResult['providers']>;
  /** Builds of llama.cpp. */
  llamaCpp: Finding<LlamaBuildsResult['builds']>;
  browser: Finding<Pick<FoundBrowser, 'path' | 'source' | 'version'>>;
  /** Lines of `nvidia-smi -L`-like output: name, driver, memory. */
  nvidia: Finding<string[]>;
  cacheDir: string;
  /** The offline bundle that this runs from; null in a clone. */
  bundle: BundleFacts | null;
}

/** What an offline bundle is made of, and what became of it since. */
export interface BundleFacts {
  commit: string | null;
  /** Newest symbol versions that it asks of the system, by family. */
  needs: Record<string, string>;
  files: number;
  /** Paths of files that are missing or changed. */
  damaged: string[];
  /** Names of the archives unpacked over it. */
  parts: string[];
}

const PACKAGES = ['webgpu', 'onnxruntime-node', 'puppeteer', '@sparticuz/chromium', 'tsx'];
const PROBE_TIMEOUT_MS = 60_000;

/** Looks at this machine. Each look is on its own: what one meets does not keep another from its answer. */
export async function collectFacts(cacheDir: string): Promise<DoctorFacts> {
  const choice = chooseAdapter('auto', realSurroundings(cacheDir));
  const [chosen, installed, bundled, providers, llamaCpp, browser, nvidia, versions, bundle] =
    await Promise.all([
      finding(choice.then(({ id, label, kind }) => ({ id, name: label, kind }))),
      ownAdapters(cacheDir),
      bundledAdapters(cacheDir),
      finding(listProviders()),
      finding(listLlamaBuilds(choice)),
      finding(
        findBrowser(cacheDir).then(({ path, source, version }) => ({ path, source, version })),
      ),
      finding(nvidiaDevices()),
      packageVersions(),
      bundleFacts(),
    ]);
  const processors = cpus();
  return {
    versions,
    machine: {
      os: `${platform()} ${release()} ${arch()}`,
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    chosen,
    adapters: [...installed, ...bundled],
    providers,
    llamaCpp,
    browser,
    nvidia,
    cacheDir,
    bundle,
  };
}

async function finding<T>(look: Promise<T>): Promise<Finding<T>> {
  try {
    return { found: await look };
  } catch (error) {
    const { message, hint } = toBenchError(error);
    return { problem: message, hint };
  }
}

async function ownAdapters(cacheDir: string): Promise<DoctorFacts['adapters']> {
  const { adapters: found } = await installedAdapters(realSurroundings(cacheDir));
  return Promise.all(
    found.map(async (adapter) => ({
      ...adapter,
      origin: 'installed',
      tuned: await tunedFacts(cacheDir, adapter),
    })),
  );
}

async function bundledAdapters(cacheDir: string): Promise<DoctorFacts['adapters']> {
  const swiftShader = await realSurroundings(cacheDir)
    .swiftShader()
    .catch(() => null);
  if (!swiftShader) return [];
  const env = {
    ...driverEnvironment([swiftShader.manifest]),
    ...libraryEnvironment(swiftShader.folder),
  };
  const found = await probe(env);
  return Promise.all(
    found.map(async (adapter) => ({
      ...adapter,
      origin: 'bundled',
      tuned: await tunedFacts(cacheDir, adapter),
    })),
  );
}

async function tunedFacts(cacheDir: string, adapter: ProbedAdapter): Promise<TunedFacts> {
  const { table, origin, problem } = await findTuned(cacheDir, adapter);
  return { origin, operations: table?.entries.length ?? 0, problem };
}

/** A driver that takes the process down is shown as an adapter with a problem. */
async function probe(env: Record<string, string>): Promise<ProbedAdapter[]> {
  const task = { type: 'probe', input: { open: true } } as const;
  try {
    return (await runTask(task, { env, timeoutMs: PROBE_TIMEOUT_MS })).adapters;
  } catch (error) {
    const problem = toBenchError(error).message;
    return [{ name: 'unknown', vendor: 'unknown', kind: 'gpu', details: {}, problem }];
  }
}

async function listProviders(): Promise<ProvidersResult['providers']> {
  const task = { type: 'providers', input: {} } as const;
  return (await runTask(task, { timeoutMs: PROBE_TIMEOUT_MS })).providers;
}

/** With the Vulkan loader that the adapter needs, if any; without an adapter CUDA and the processor remain. */
async function listLlamaBuilds(
  choice: Promise<AdapterChoice>,
): Promise<LlamaBuildsResult['builds']> {
  const env = await choice.then(
    (adapter) => adapter.env,
    () => ({}),
  );
  const task = { type: 'llamaBuilds', input: {} } as const;
  return (await runTask(task, { env, timeoutMs: PROBE_TIMEOUT_MS })).builds;
}

async function nvidiaDevices(): Promise<string[]> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 10_000 }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new Error(error.code === 'ENOENT' ? 'nvidia-smi is not installed' : error.message);
    },
  );
  return stdout.trim().split('\n');
}

async function bundleFacts(): Promise<BundleFacts | null> {
  const bundle = offlineBundle();
  if (!bundle) return null;
  const { manifest, parts } = bundle;
  return {
    commit: manifest.commit,
    needs: manifest.needs,
    files: [manifest, ...parts].reduce((sum, { files }) => sum + Object.keys(files).length, 0),
    damaged: await damagedFiles(bundle),
    parts: parts.map(({ name, version }) => `${name} ${version}`),
  };
}

async function packageVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = { mtok: packageVersion(), node: process.versions.node };
  for (const name of PACKAGES) versions[name] = await packageVersionOf(name);
  return versions;
}

/** Read from disk, since packages need not export their package.json. */
async function packageVersionOf(name: string): Promise<string> {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = await readFile(join(folder, name, 'package.json'), 'utf8');
      return String((JSON.parse(text) as { version: unknown }).version);
    } catch {
      // Not in this folder; the next one up.
    }
  }
  return 'not installed';
}

import { BenchError, toBenchError } from '../../core/errors.ts';
import type { ProbedAdapter } from '../tasks.ts';
import { defaultCacheDir } from './cache-dir.ts';
import { runTask } from './spawn.ts';
import { type SwiftShader, unpackSwiftShader } from './swiftshader.ts';
import {
  driverEnvironment,
  installedDrivers,
  lavapipeDrivers,
  libraryEnvironment,
  namedDrivers,
  strayDrivers,
} from './vulkan.ts';

/** An adapter, and how to start a process that computes on it. */
export interface AdapterChoice {
  /** `gpu`, `lavapipe`, `swiftshader` or the adapter's name. */
  id: string;
  /** For people: the adapter's name. */
  label: string;
  kind: 'gpu' | 'software';
  /** Added to the environment of a child process: loaders and drivers are chosen when it starts. */
  env: Record<string, string>;
}

/** What the choice depends on, replaceable in tests. */
export interface AdapterSurroundings {
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  /** Manifests of installed Vulkan drivers. */
  drivers(): Promise<string[]>;
  /** Manifests in places that no Vulkan loader searches. */
  strayDrivers(): Promise<string[]>;
  /** Adapters that a process with this environment sees. */
  probe(env: Record<string, string>): Promise<ProbedAdapter[]>;
  swiftShader(): Promise<SwiftShader>;
}

/** The machine as it is. */
export function realSurroundings(cacheDir: string = defaultCacheDir()): AdapterSurroundings {
  return {
    env: process.env,
    platform: process.platform,
    drivers: () => installedDrivers(),
    strayDrivers: () => strayDrivers(),
    async probe(env) {
      const result = await runTask(
        { type: 'probe', input: { open: true } },
        { env, timeoutMs: 60_000 },
      );
      return result.adapters;
    },
    swiftShader: () => unpackSwiftShader(cacheDir),
  };
}

/**
 * The adapter for `--adapter auto|gpu|lavapipe|swiftshader|<part of a name>`. `auto` takes a real GPU,
 * else an installed software driver, else the SwiftShader that comes with mtok.
 * @throws `no-adapter`, naming what was found.
 */
export async function chooseAdapter(
  choice: string,
  surroundings: AdapterSurroundings = realSurroundings(),
): Promise<AdapterChoice> {
  const wanted = choice.trim().toLowerCase();
  if (wanted === 'swiftshader') return swiftShader(surroundings);
  if (wanted === 'lavapipe') return lavapipe(surroundings);
  const { adapters, env } = await installedAdapters(surroundings);
  const usable = adapters.filter((adapter) => adapter.problem === null);
  const pick = (adapter: ProbedAdapter, id: string): AdapterChoice => ({
    id,
    label: adapter.name,
    kind: adapter.kind,
    env: adapters.length > 1 ? { ...env, MTOK_ADAPTER: adapter.name } : env,
  });
  const gpu = usable.find((adapter) => adapter.kind === 'gpu');
  if (wanted === 'auto' || wanted === 'gpu') {
    if (gpu) return pick(gpu, 'gpu');
    if (wanted === 'gpu') throw notFound('No GPU that WebGPU can use', adapters);
    return await software(usable, pick, surroundings, adapters);
  }
  const named = usable.find(({ name }) => name.toLowerCase().includes(wanted));
  if (named) return pick(named, named.name);
  throw notFound(`No adapter whose name contains "${choice}"`, adapters);
}

/** Adapters that are seen, and the environment of a process that sees them. */
export interface SeenAdapters {
  adapters: ProbedAdapter[];
  env: Record<string, string>;
}

/**
 * Adapters of the installed drivers. Where no Vulkan loader is installed they are looked for through the one that
 * mtok brings; where no GPU is seen, also through drivers in places that loaders do not search.
 */
export async function installedAdapters(surroundings: AdapterSurroundings): Promise<SeenAdapters> {
  const look = async (env: Record<string, string>): Promise<SeenAdapters> => ({
    adapters: await probeOrExplain(env, surroundings),
    env,
  });
  let seen = await look({});
  if (surroundings.platform !== 'linux' || seen.adapters.some(isUsableGpu)) return seen;
  const named = namedDrivers(surroundings.env);
  const manifests = named ?? (await surroundings.drivers());
  const stray = named ? [] : await surroundings.strayDrivers();
  const lacksLoader = seen.adapters.length === 0 && manifests.length > 0;
  if (!lacksLoader && stray.length === 0) return seen;
  const carried = await surroundings.swiftShader().catch(() => null);
  const loader = carried && libraryEnvironment(carried.folder, surroundings.env);
  if (loader && lacksLoader) seen = await look(loader);
  if (stray.length === 0) return seen;
  const drivers = driverEnvironment([...stray, ...manifests]);
  for (const env of loader ? [drivers, { ...drivers, ...loader }] : [drivers]) {
    const other = await look(env);
    if (other.adapters.some(isUsableGpu)) return other;
  }
  return seen;
}

function isUsableGpu({ kind, problem }: ProbedAdapter): boolean {
  return kind === 'gpu' && problem === null;
}

async function software(
  usable: ProbedAdapter[],
  pick: (adapter: ProbedAdapter, id: string) => AdapterChoice,
  surroundings: AdapterSurroundings,
  found: ProbedAdapter[],
): Promise<AdapterChoice> {
  const [first] = usable;
  if (first) return pick(first, /llvmpipe/i.test(first.name) ? 'lavapipe' : first.name);
  try {
    return await swiftShader(surroundings);
  } catch (cause) {
    throw notFound('No adapter that WebGPU can use', found, cause);
  }
}

async function lavapipe(surroundings: AdapterSurroundings): Promise<AdapterChoice> {
  const manifests = lavapipeDrivers([
    ...(namedDrivers(surroundings.env) ?? []),
    ...(await surroundings.drivers()),
  ]);
  if (manifests.length === 0) {
    throw new BenchError('no-adapter', 'lavapipe is not installed: no Vulkan driver named lvp', {
      hint: 'Debian, Ubuntu: apt install mesa-vulkan-drivers (23.1 or newer), or use --adapter swiftshader.',
    });
  }
  const base = driverEnvironment([manifests[0] ?? '']);
  let env = base;
  let adapters = await probeOrExplain(env, surroundings);
  if (adapters.length === 0 && surroundings.platform === 'linux') {
    const loader = await surroundings.swiftShader();
    env = { ...base, ...libraryEnvironment(loader.folder, surroundings.env) };
    adapters = await probeOrExplain(env, surroundings);
  }
  const usable = adapters.find((adapter) => adapter.problem === null);
  if (!usable) throw notFound('lavapipe is installed but WebGPU cannot use it', adapters);
  return { id: 'lavapipe', label: usable.name, kind: 'software', env };
}

async function swiftShader(surroundings: AdapterSurroundings): Promise<AdapterChoice> {
  const { folder, manifest } = await surroundings.swiftShader();
  const env = {
    ...driverEnvironment([manifest]),
    ...libraryEnvironment(folder, surroundings.env),
  };
  const adapters = await probeOrExplain(env, surroundings);
  const usable = adapters.find((adapter) => adapter.problem === null);
  if (!usable) throw notFound('The bundled SwiftShader does not start', adapters);
  return { id: 'swiftshader', label: usable.name, kind: 'software', env };
}

/** A driver that takes the probe down is a finding, not the end of the search. */
async function probeOrExplain(
  env: Record<string, string>,
  surroundings: AdapterSurroundings,
): Promise<ProbedAdapter[]> {
  try {
    return await surroundings.probe(env);
  } catch (error) {
    const problem = toBenchError(error, 'crashed').message;
    return [{ name: 'unknown', vendor: 'unknown', kind: 'gpu', details: {}, problem }];
  }
}

function notFound(what: string, found: ProbedAdapter[], cause?: unknown): BenchError {
  const list = found.map(({ name, problem }) => (problem ? `${name} (${problem})` : name));
  return new BenchError('no-adapter', `${what}; found: ${list.join(', ') || 'none'}`, {
    hint: 'Run `mtok doctor` for what to install, or use --adapter swiftshader.',
    cause,
  });
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFolder } from './home-folder.ts';

/** Environment of a process that is to see exactly these Vulkan drivers. */
export function driverEnvironment(manifests: string[]): Record<string, string> {
  const list = manifests.join(':');
  // Loaders before 1.3.207 know the first name only; later ones prefer the second.
  return { VK_ICD_FILENAMES: list, VK_DRIVER_FILES: list };
}

/** The folder put first among those that are searched for libraries. */
export function libraryEnvironment(
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const rest = env.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: rest ? `${folder}:${rest}` : folder };
}

/** Drivers that the user named in the environment, which the loader takes in place of all others. */
export function namedDrivers(env: NodeJS.ProcessEnv = process.env): string[] | null {
  const list = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  return list ? list.split(':').filter((path) => path !== '') : null;
}

/**
 * Manifests of the Vulkan drivers that a loader on Linux would find, in its order of search
 * (Vulkan-Loader, LoaderDriverInterface.md, "Driver Discovery on Linux").
 */
export async function installedDrivers(env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const home = env.HOME ?? homeFolder();
  const bases = [
    env.XDG_CONFIG_HOME ?? join(home, '.config'),
    ...(env.XDG_CONFIG_DIRS ?? '/etc/xdg').split(':'),
    '/etc',
    env.XDG_DATA_HOME ?? join(home, '.local', 'share'),
    ...(env.XDG_DATA_DIRS ?? '/usr/local/share:/usr/share').split(':'),
  ];
  const manifests: string[] = [];
  for (const base of new Set(bases.filter((path) => path !== ''))) {
    manifests.push(...(await manifestsIn(join(base, 'vulkan', 'icd.d'))));
  }
  return manifests;
}

/** Where container runtimes put the driver of a GPU without telling the loader. */
const STRAY_FOLDERS = ['/usr/local/nvidia/share/vulkan/icd.d', '/usr/local/nvidia/vulkan/icd.d'];

/** Manifests of drivers in places that no loader searches. */
export async function strayDrivers(folders: readonly string[] = STRAY_FOLDERS): Promise<string[]> {
  return (await Promise.all(folders.map(manifestsIn))).flat();
}

async function manifestsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

/** Of these manifests, those of Mesa's software driver. */
export function lavapipeDrivers(manifests: string[]): string[] {
  return manifests.filter((path) => /lvp|lavapipe/i.test(path.slice(path.lastIndexOf('/') + 1)));
}

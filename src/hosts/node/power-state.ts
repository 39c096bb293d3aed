import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const SYSTEM_FOLDER = '/sys';

/** What bears on clocks and can be read without rights; null where the system does not tell. */
export interface PowerState {
  /** `ac` or `battery`. */
  powerSource: string | null;
  /** Frequency governors of the processors, as `performance` or `powersave, performance`. */
  cpuGovernor: string | null;
}

/** Reads Linux's `/sys`; elsewhere nothing is known. */
export async function powerState(root = SYSTEM_FOLDER): Promise<PowerState> {
  return { powerSource: await powerSource(root), cpuGovernor: await governors(root) };
}

async function powerSource(root: string): Promise<string | null> {
  const folder = join(root, 'class/power_supply');
  let hasBattery = false;
  let isOnline = false;
  for (const name of await readdir(folder).catch(() => [])) {
    const type = await read(join(folder, name, 'type'));
    // A mouse has a battery too; its scope is a device.
    if (type === 'Battery' && (await read(join(folder, name, 'scope'))) !== 'Device') {
      hasBattery = true;
    }
    if (type === 'Mains' || type === 'USB') {
      isOnline ||= (await read(join(folder, name, 'online'))) === '1';
    }
  }
  if (isOnline) return 'ac';
  return hasBattery ? 'battery' : null;
}

async function governors(root: string): Promise<string | null> {
  const folder = join(root, 'devices/system/cpu');
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /^cpu\d+$/.test(name))
      .map((name) => read(join(folder, name, 'cpufreq/scaling_governor'))),
  );
  const distinct = [...new Set(found.filter((governor) => governor !== ''))].sort();
  return distinct.length === 0 ? null : distinct.join(', ').slice(0, 200);
}

async function read(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

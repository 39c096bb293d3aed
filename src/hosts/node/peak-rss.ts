import { readFile } from 'node:fs/promises';

/** Highest resident set of this process since it began, in bytes. */
export async function peakRssBytes(): Promise<number> {
  // On Linux getrusage's figure survives exec, so a child starts at its parent's peak; VmHWM starts anew.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kibibytes) * 1024;
}

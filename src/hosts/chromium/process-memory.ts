import { readdir, readFile } from 'node:fs/promises';

/**
 * Sum over a process and all its descendants of the highest resident set of each, in bytes; null where the
 * system has no /proc. An upper bound: pages they share count for each, and peaks need not coincide.
 */
export async function treePeakRssBytes(rootPid: number): Promise<number | null> {
  const processes = new Map<number, { parent: number; peakBytes: number }>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const kibibytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    processes.set(Number(name), { parent, peakBytes: kibibytes * 1024 });
  }
  if (!processes.has(rootPid)) return null;
  const isInTree = (pid: number): boolean => {
    if (pid === rootPid) return true;
    const parent = processes.get(pid)?.parent;
    return parent !== undefined && parent > 1 && isInTree(parent);
  };
  let total = 0;
  for (const [pid, { peakBytes }] of processes) if (isInTree(pid)) total += peakBytes;
  return total;
}

import { readdir, readFile } from 'node:fs/promises';

interface ProcessMemory {
  parent: number;
  /** Highest resident set, less the pages that belong to files. */
  ownPeakBytes: number;
  fileBytes: number;
}

/**
 * Highest resident memory of a process and all its descendants, in bytes; null where the system has no /proc.
 * Pages of files, which they share, count once. An upper bound: the peaks need not have been at one time.
 */
export async function treePeakRssBytes(rootPid: number): Promise<number | null> {
  const processes = await allProcesses();
  if (!processes.has(rootPid)) return null;
  const isInTree = (pid: number): boolean => {
    if (pid === rootPid) return true;
    const parent = processes.get(pid)?.parent;
    return parent !== undefined && parent > 1 && isInTree(parent);
  };
  let own = 0;
  let file = 0;
  for (const [pid, memory] of processes) {
    if (!isInTree(pid)) continue;
    own += memory.ownPeakBytes;
    file = Math.max(file, memory.fileBytes);
  }
  return own + file;
}

async function allProcesses(): Promise<Map<number, ProcessMemory>> {
  const processes = new Map<number, ProcessMemory>();
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    const bytes = (field: string): number =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    processes.set(Number(name), {
      parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
      ownPeakBytes: Math.max(0, bytes('VmHWM') - bytes('RssFile')),
      fileBytes: bytes('RssFile'),
    });
  }
  return processes;
}

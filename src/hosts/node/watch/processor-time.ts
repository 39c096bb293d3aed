import { readFile } from 'node:fs/promises';
import type { ProcessorShares } from '../../../core/environment.ts';

/** Processor time so far in ticks of the kernel's clock. */
export interface ProcessorTime {
  total: number;
  /** All work, without waiting and without what the hypervisor withheld. */
  busy: number;
  stolen: number;
  /** Of this process and of its children that have ended. */
  ours: number;
}

/** Fewer ticks cannot be told from rounding. */
const MIN_TICKS = 20;

/** Null where the system has no /proc/stat. */
export async function readProcessorTime(): Promise<ProcessorTime | null> {
  const [all, own] = await Promise.all(
    ['/proc/stat', '/proc/self/stat'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return parseProcessorTime(all ?? '', own ?? '');
}

/** From the texts of /proc/stat and /proc/self/stat (proc(5)); guests' time is part of user time. */
export function parseProcessorTime(all: string, own: string): ProcessorTime | null {
  const columns = /^cpu +([\d ]+)$/m.exec(all)?.[1]?.trim().split(/ +/).map(Number) ?? [];
  const [user, nice, system, idle, wait, irq, softIrq, stolen = 0] = columns;
  // The command stands in brackets and may contain anything.
  const after = own.slice(own.lastIndexOf(')') + 2).split(' ');
  const ours = after.slice(11, 15).map(Number);
  const work = [user, nice, system, irq, softIrq];
  const counted = [...work, idle, wait, stolen, ...ours];
  if (ours.length < 4 || counted.some((ticks) => !Number.isSafeInteger(ticks))) return null;
  const sum = (values: readonly (number | undefined)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const busy = sum(work);
  return { total: busy + sum([idle, wait, stolen]), busy, stolen, ours: sum(ours) };
}

/**
 * Shares of the time between two readings. `isTreeKnown`: whether all that we started has ended as a child of
 * ours; else others cannot be told from us.
 */
export function processorShares(
  before: ProcessorTime,
  after: ProcessorTime,
  isTreeKnown: boolean,
): ProcessorShares | null {
  const total = after.total - before.total;
  if (total < MIN_TICKS) return null;
  const share = (ticks: number) => Math.min(1, Math.max(0, ticks / total));
  const ours = after.ours - before.ours;
  return {
    ours: share(ours),
    others: isTreeKnown ? share(after.busy - before.busy - ours) : null,
    stolen: share(after.stolen - before.stolen),
  };
}

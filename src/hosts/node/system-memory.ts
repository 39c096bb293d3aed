import { totalmem } from 'node:os';

/** Bytes of memory that processes here may use: the machine's, or less where a container limits it. */
export function systemMemoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

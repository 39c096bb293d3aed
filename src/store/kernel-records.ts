import { extname, join } from 'node:path';
import { type KernelRecord, kernelRecordSchema } from '../core/kernel-record.ts';
import { appendLine } from './append-line.ts';
import { DEFAULT_STORE } from './jsonl.ts';

const KERNEL_FILE = 'kernels.jsonl';

/** The file of kernel records, given as a `.jsonl` file or as a folder. */
export function kernelStorePath(out: string | null): string {
  if (out !== null && extname(out) === '.jsonl') return out;
  return join(out ?? DEFAULT_STORE, KERNEL_FILE);
}

/** Adds one record as a line of its own (see appendLine). Throws `io`. */
export async function appendKernelRecord(path: string, record: KernelRecord): Promise<void> {
  await appendLine(path, JSON.stringify(kernelRecordSchema.parse(record)));
}

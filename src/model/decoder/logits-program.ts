import { bufferUsage } from '../../gpu/constants.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import type { ProgramContext } from './program-context.ts';
import { buildLogits } from './programs.ts';

/** What gives the logits of every new row, for as many rows as its buffer holds. */
export interface LogitsProgram {
  rows: number;
  /** f32[rows, vocab] */
  buffer: GPUBuffer;
  kernels: BoundKernel[];
}

/** With a buffer of at most 32 MiB and one binding, made when first wanted: a timed run never has one. */
export async function makeLogitsProgram(context: ProgramContext): Promise<LogitsProgram> {
  const { gpu, shape } = context;
  const { vocab } = shape.config;
  const bytes = Math.min(2 ** 25, gpu.limits.maxStorageBufferBindingSize);
  const rows = Math.max(1, Math.min(shape.maxRows, Math.floor(bytes / 4 / vocab)));
  const buffer = gpu.createBuffer({
    kind: 'activations',
    label: 'all logits',
    size: rows * vocab * 4,
    usage: bufferUsage.STORAGE | bufferUsage.COPY_SRC,
  });
  return { rows, buffer, kernels: await buildLogits(context, buffer) };
}

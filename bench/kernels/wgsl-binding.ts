import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import {
  type BoundKernel,
  type Dispatch,
  dispatchOf,
  type KernelCompiler,
} from '../../src/gpu/program.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import type { RunBuffers, RunShape } from '../../src/model/decoder/buffers.ts';
import type { KernelChoices } from '../../src/model/decoder/kernel-choice.ts';
import { presets } from '../../src/model/presets.ts';
import type { Scalar } from './expectation.ts';

/** What is chosen beside the operation. */
export interface UploadContext {
  gpu: GpuDevice;
  compiler: KernelCompiler;
  elem: Scalar;
}

/** Copies of the weights, or of keys and values: at most so many, and of about so many bytes in all. */
export interface Copies {
  copies: number;
  bytes: number;
}

/** An operation's inputs on the device, for any kernels that do it. */
export interface UploadedOperation {
  y: { buffer: GPUBuffer; scalar: Scalar; rows: number; width: number; stride: number };
  /** What a decoder with these choices runs: once for each copy of the inputs. */
  bind(choices: KernelChoices): Promise<Dispatch[][]>;
}

export function copiesOf(bytes: number, limit: Copies): number {
  return Math.max(1, Math.min(limit.copies, Math.ceil(limit.bytes / bytes)));
}

/** A run of a model of which nothing has a size but what an operation needs. */
export function runShape(
  batch: number,
  maxRows: number,
  request: Pick<RunShape, 'kv' | 'activations' | 'capacity'>,
  sizes: Partial<ModelConfig> = {},
): RunShape {
  const { config } = presets['test-1m'];
  const small = { vocab: 32, dim: 32, hiddenDim: 32, layers: 1, heads: 1, kvHeads: 1, headDim: 32 };
  return { ...request, batch, maxRows, config: { ...config, ...small, ...sizes } };
}

export function writeState(
  gpu: GpuDevice,
  { state }: RunBuffers,
  position: number,
  seq: number,
): void {
  gpu.device.queue.writeBuffer(state, 0, Uint32Array.of(position, seq, 0, 0));
}

/** An output that can be filled and read back. */
export function outputBuffer(gpu: GpuDevice, length: number, scalar: Scalar): GPUBuffer {
  const { STORAGE, COPY_DST, COPY_SRC } = bufferUsage;
  return gpu.createBuffer({
    kind: 'activations',
    label: 'y',
    size: length * (scalar === 'f16' ? 2 : 4),
    usage: STORAGE | COPY_DST | COPY_SRC,
  });
}

/** One run of these kernels over `rows` new rows. */
export function dispatchesOf(
  gpu: GpuDevice,
  kernels: readonly BoundKernel[],
  { batch }: RunShape,
  rows: number,
): Dispatch[] {
  return kernels.map((kernel) =>
    dispatchOf(kernel, { rows, batch, seq: rows / batch }, gpu.limits),
  );
}

/** Waits for what was uploaded, which is held twice until then. */
export async function drain(gpu: GpuDevice): Promise<void> {
  gpu.device.queue.submit([]);
  await gpu.device.queue.onSubmittedWorkDone();
}

/** The bytes filled up to a multiple of four, as writes have to be. */
export function wholeWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = Math.ceil(bytes.byteLength / 4) * 4;
  if (size === bytes.byteLength && bytes.buffer instanceof ArrayBuffer) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, size);
  }
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}

import type { KvFormat } from '../../src/core/cell.ts';
import { invariant } from '../../src/core/errors.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { allocateRun } from '../../src/model/decoder/allocate-run.ts';
import { bindAttention } from '../../src/model/decoder/bind-attention.ts';
import { padded, type RunBuffers } from '../../src/model/decoder/buffers.ts';
import { quantiseKv } from '../../src/model/kv-int8.ts';
import type { AttentionData, AttentionOperation } from './operation.ts';
import { cacheBytes } from './operation-cost.ts';
import { bytesOf, encode, strided } from './values.ts';
import {
  type Copies,
  copiesOf,
  dispatchesOf,
  drain,
  outputBuffer,
  runShape,
  type UploadContext,
  type UploadedOperation,
  wholeWords,
  writeState,
} from './wgsl-binding.ts';

/** Attention as a decoder binds it; the caches that take turns are those of its layers. */
export async function uploadAttention(
  context: UploadContext,
  operation: AttentionOperation,
  { q, k, v }: AttentionData,
  limit: Copies,
): Promise<UploadedOperation> {
  const { gpu, elem } = context;
  const { heads, kvHeads, headDim, kv, position, seq } = operation;
  const width = heads * headDim;
  const stride = padded(width);
  const layers = copiesOf(cacheBytes(operation), limit);
  const request = { kv, activations: elem, capacity: position + seq };
  const shape = runShape(1, seq, request, { heads, kvHeads, headDim, layers });
  const attended = outputBuffer(gpu, seq * stride, elem);
  const run: RunBuffers = { ...allocateRun(gpu, shape), attended };
  writeState(gpu, run, position, seq);
  gpu.device.queue.writeBuffer(run.q, 0, wholeWords(encode(strided(q, width, stride), elem)));
  const keys = asStored(kv, headDim, k);
  const values = asStored(kv, headDim, v);
  for (let layer = 0; layer < layers; layer++) {
    write(gpu, run.k[layer], keys.rows);
    write(gpu, run.v[layer], values.rows);
    if (keys.scales) write(gpu, run.kScales[layer], keys.scales);
    if (values.scales) write(gpu, run.vScales[layer], values.scales);
    await drain(gpu);
  }
  const kind = seq === 1 ? 'decode' : 'prefill';
  return {
    y: { buffer: attended, scalar: elem, rows: seq, width, stride },
    bind: (choices) =>
      Promise.all(
        run.k.map(async (_, layer) => {
          const bindable = { ...context, choices, shape, run };
          return dispatchesOf(gpu, await bindAttention(bindable, kind, layer), shape, seq);
        }),
      ),
  };
}

/** Keys or values [kvHeads, length, headDim] as a cache of this format holds them. */
function asStored(
  kv: KvFormat,
  headDim: number,
  values: Float32Array,
): { rows: Uint8Array; scales: Uint8Array | null } {
  if (kv !== 'int8') return { rows: encode(values, kv), scales: null };
  const { codes, scales } = quantiseKv(values, headDim);
  return { rows: bytesOf(codes), scales: bytesOf(scales) };
}

function write(gpu: GpuDevice, buffer: GPUBuffer | undefined, bytes: Uint8Array): void {
  invariant(buffer, 'a run lacks a buffer of its cache');
  gpu.device.queue.writeBuffer(buffer, 0, wholeWords(bytes));
}

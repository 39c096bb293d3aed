import { invariant } from '../../src/core/errors.ts';
import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { allocateRun } from '../../src/model/decoder/allocate-run.ts';
import { bindProduct } from '../../src/model/decoder/bind-product.ts';
import { padded } from '../../src/model/decoder/buffers.ts';
import { type DeviceMatrix, uploadMatrix } from '../../src/model/decoder/device-matrix.ts';
import { MATVEC_ROWS, prefillClass } from '../../src/model/decoder/kernel-choice.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { presets } from '../../src/model/presets.ts';
import { matrixBytes } from './matrix.ts';
import type { ProductData, ProductOperation } from './operation.ts';
import { encode, strided } from './values.ts';
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

/**
 * A product as a decoder binds it: up to MATVEC_ROWS rows as a decode step of as many sequences, more as the
 * prefill of one. Weights go through the loader of models, which cuts, fills up and arranges them.
 */
export async function uploadProduct(
  context: UploadContext,
  { format, rows, n, k }: ProductOperation,
  { x, planes }: ProductData,
  limit: Copies,
): Promise<UploadedOperation> {
  const { gpu, elem } = context;
  const few = rows <= MATVEC_ROWS;
  const shape = runShape(few ? rows : 1, rows, { kv: 'f32', activations: elem, capacity: 32 });
  const run = allocateRun(gpu, shape);
  writeState(gpu, run, 0, rows / shape.batch);
  const xStride = padded(k);
  const input = upload(gpu, 'x', encode(strided(x, k, xStride), elem));
  const y = outputBuffer(gpu, rows * n, elem);
  const from = { x: input, xStride, few, most: prefillClass(rows), rows: 'all' } as const;
  const to = { through: 'store', y, yStride: n } as const;
  const matrices: DeviceMatrix[] = [];
  for (let copy = 0; copy < copiesOf(matrixBytes(format, n, k), limit); copy++) {
    matrices.push(await uploadPlanes(gpu, { format, n, k }, planes));
    await drain(gpu);
  }
  return {
    y: { buffer: y, scalar: elem, rows, width: n, stride: n },
    bind: (choices) =>
      Promise.all(
        matrices.map(async (matrix) => {
          const bindable = { ...context, choices, shape, run };
          return dispatchesOf(gpu, await bindProduct(bindable, matrix, from, to), shape, rows);
        }),
      ),
  };
}

function uploadPlanes(
  gpu: GpuDevice,
  { format, n, k }: Pick<ProductOperation, 'format' | 'n' | 'k'>,
  planes: ProductData['planes'],
): Promise<DeviceMatrix> {
  const bytesOf = (plane: keyof typeof planes) => {
    const bytes = planes[plane];
    invariant(bytes, `drawn weights lack the plane ${plane}`);
    return bytes;
  };
  const model: PackedModel = {
    name: 'drawn',
    sha256: '',
    config: presets['test-1m'].config,
    weights: format,
    tensors: new Map([['w', { name: 'w', format, rows: n, cols: k }]]),
    planeBytes: (_, plane) => bytesOf(plane).byteLength,
    async read(_, plane, offset = 0, length) {
      const bytes = bytesOf(plane);
      return bytes.subarray(offset, length === undefined ? bytes.byteLength : offset + length);
    },
    close: async () => {},
  };
  const clock = { now: () => 0, readMs: 0, uploadMs: 0 };
  return uploadMatrix(gpu, model, ['w'], 'stacked', clock);
}

function upload(gpu: GpuDevice, label: string, bytes: Uint8Array): GPUBuffer {
  const usage = bufferUsage.STORAGE | bufferUsage.COPY_DST;
  const buffer = gpu.createBuffer({ kind: 'activations', label, size: bytes.byteLength, usage });
  gpu.device.queue.writeBuffer(buffer, 0, wholeWords(bytes));
  return buffer;
}

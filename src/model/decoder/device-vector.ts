import { invariant } from '../../core/errors.ts';
import { bufferUsage } from '../../gpu/constants.ts';
import type { BufferKind, GpuDevice } from '../../gpu/device.ts';
import { fromFloat16Array } from '../float16.ts';
import type { PackedModel } from '../packed.ts';
import { padded } from './buffers.ts';
import type { LoadClock } from './device-matrix.ts';

/** A buffer of f32 values, written once. */
export function uploadFloats(
  gpu: GpuDevice,
  kind: BufferKind,
  label: string,
  values: Float32Array<ArrayBuffer>,
): GPUBuffer {
  const buffer = gpu.createBuffer({
    kind,
    label,
    size: values.byteLength,
    usage: bufferUsage.STORAGE | bufferUsage.COPY_DST,
  });
  gpu.device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/**
 * Norm weights or biases, one after another, as f32: they are tiny and every kernel computes in f32. Filled up
 * with zeros to a multiple of 32, as rows are, so that kernels may read four at a time.
 */
export async function uploadVectors(
  gpu: GpuDevice,
  model: PackedModel,
  names: readonly string[],
  clock: LoadClock,
): Promise<GPUBuffer> {
  const started = clock.now();
  const parts: Float32Array[] = [];
  for (const name of names) {
    const tensor = model.tensors.get(name);
    invariant(tensor, `packed model has no tensor ${name}`);
    const bytes = (await model.read(name, 'data')).slice();
    parts.push(
      tensor.format === 'f32'
        ? new Float32Array(bytes.buffer)
        : fromFloat16Array(new Uint16Array(bytes.buffer)),
    );
  }
  const values = new Float32Array(padded(parts.reduce((sum, part) => sum + part.length, 0)));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  const read = clock.now();
  const buffer = uploadFloats(gpu, 'weights', names.join('+'), values);
  clock.readMs += read - started;
  clock.uploadMs += clock.now() - read;
  return buffer;
}

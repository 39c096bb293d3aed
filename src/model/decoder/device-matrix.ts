import type { WeightFormat } from '../../core/cell.ts';
import { invariant } from '../../core/errors.ts';
import { bufferUsage } from '../../gpu/constants.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { Slice } from '../../gpu/program.ts';
import { blocksPerRow, type PackedModel, type PlaneName } from '../packed.ts';

/** Rows `row0` … `row0 + rows − 1` of a matrix in buffers of their own, within the binding limit. */
export interface MatrixSlice {
  row0: number;
  rows: number;
  /** By the binding names of the weight modules: `data`, or `codes` and `scales`. */
  planes: Record<string, Slice>;
}

/** A weight matrix [n, k] on the device. */
export interface DeviceMatrix {
  format: WeightFormat;
  n: number;
  k: number;
  slices: MatrixSlice[];
}

/** Where the time of a load goes; the uploader adds to it. */
export interface LoadClock {
  now(): number;
  readMs: number;
  uploadMs: number;
}

/** Upper bound of what is held on the host while uploading. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** How the rows of several tensors become one matrix. */
export type RowOrder = 'stacked' | 'alternating';

/** Bytes of a row as stored in the packed file, and on the device (k filled up to a multiple of 32). */
function rowBytes(
  format: WeightFormat,
  plane: PlaneName,
  k: number,
): { file: number; device: number } {
  const blocks = blocksPerRow(k);
  if (plane === 'scales') return { file: blocks * 2, device: blocks * 2 };
  switch (format) {
    case 'int4':
      return { file: blocks * 16, device: blocks * 16 };
    case 'int8':
      return { file: blocks * 32, device: blocks * 32 };
    case 'f16':
      return { file: k * 2, device: blocks * 64 };
    case 'f32':
      return { file: k * 4, device: blocks * 128 };
  }
}

/**
 * Uploads tensors of equal width as one matrix, sliced so that no binding exceeds the adapter's limit.
 * `stacked`: the tensors' rows one after another. `alternating`: row 0 of each, row 1 of each, … .
 */
export async function uploadMatrix(
  gpu: GpuDevice,
  model: PackedModel,
  names: readonly string[],
  order: RowOrder,
  clock: LoadClock,
): Promise<DeviceMatrix> {
  const parts = names.map((name) => {
    const tensor = model.tensors.get(name);
    invariant(tensor, `packed model has no tensor ${name}`);
    return tensor;
  });
  const [first] = parts;
  invariant(first, 'a matrix of no tensors');
  const { format, cols: k } = first;
  invariant(
    parts.every((p) => p.cols === k && p.format === format),
    `${names.join(', ')} differ in width or format`,
  );
  const n = parts.reduce((sum, p) => sum + p.rows, 0);
  const planes: PlaneName[] = format === 'f32' || format === 'f16' ? ['data'] : ['codes', 'scales'];
  const widest = Math.max(...planes.map((plane) => rowBytes(format, plane, k).device));
  const limit = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  // Even, so that row pairs and two-to-a-word scales never straddle slices.
  const sliceRows = Math.max(2, Math.floor(limit / widest / 2) * 2);
  const slices: MatrixSlice[] = [];
  for (let row0 = 0; row0 < n; row0 += sliceRows) {
    const rows = Math.min(sliceRows, n - row0);
    const slice: MatrixSlice = { row0, rows, planes: {} };
    for (const plane of planes) {
      const bytes = rowBytes(format, plane, k);
      const buffer = gpu.createBuffer({
        kind: 'weights',
        label: `${names.join('+')}.${plane}`,
        size: rows * bytes.device,
        usage: bufferUsage.STORAGE | bufferUsage.COPY_DST,
      });
      const chunkRows = Math.max(2, Math.floor(CHUNK_BYTES / bytes.device / 2) * 2);
      for (let at = 0; at < rows; at += chunkRows) {
        const count = Math.min(chunkRows, rows - at);
        const started = clock.now();
        const chunk = await gatherRows(model, names, order, plane, row0 + at, count, bytes);
        const read = clock.now();
        gpu.device.queue.writeBuffer(buffer, at * bytes.device, chunk);
        clock.readMs += read - started;
        clock.uploadMs += clock.now() - read;
      }
      slice.planes[plane] = { buffer };
    }
    slices.push(slice);
  }
  return { format, n, k, slices };
}

/** Rows `row0` … of the combined matrix as they lie on the device, the end filled up to whole words. */
async function gatherRows(
  model: PackedModel,
  names: readonly string[],
  order: RowOrder,
  plane: PlaneName,
  row0: number,
  count: number,
  bytes: { file: number; device: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(Math.ceil((count * bytes.device) / 4) * 4);
  const put = (rows: Uint8Array, first: number, step: number) => {
    if (step === 1 && bytes.file === bytes.device) {
      out.set(rows, first * bytes.device);
      return;
    }
    for (let i = 0; i * bytes.file < rows.length; i++) {
      const row = rows.subarray(i * bytes.file, (i + 1) * bytes.file);
      out.set(row, (first + i * step) * bytes.device);
    }
  };
  const ways = names.length;
  if (order === 'alternating') {
    invariant(row0 % ways === 0 && count % ways === 0, 'alternating rows cut apart');
    for (const [way, name] of names.entries()) {
      const rows = await model.read(
        name,
        plane,
        (row0 / ways) * bytes.file,
        (count / ways) * bytes.file,
      );
      put(rows, way, ways);
    }
    return out;
  }
  let start = 0;
  for (const name of names) {
    const rows = model.tensors.get(name)?.rows ?? 0;
    const from = Math.max(row0, start);
    const to = Math.min(row0 + count, start + rows);
    if (from < to) {
      const read = await model.read(
        name,
        plane,
        (from - start) * bytes.file,
        (to - from) * bytes.file,
      );
      put(read, from - row0, 1);
    }
    start += rows;
  }
  return out;
}

import { BenchError, invariant } from '../core/errors.ts';
import type { ByteSource } from '../core/host.ts';
import { fromBfloat16Array, fromFloat16Array } from './float16.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  headerLength,
  PREFIX_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './safetensors-header.ts';

/** The formats whose values can be read as f32. */
export const FLOAT_DTYPES = ['F32', 'F16', 'BF16'] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export interface SafetensorsFile extends SafetensorsHeader {
  readonly source: ByteSource;
}

/** Reads and checks the header; tensor data stays where it is. Throws `model` when malformed, `io`. */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.size));
  const length = headerLength(prefix, source.size, source.name);
  const json = await source.read(PREFIX_BYTES, length);
  return { source, ...parseHeader(json, source.size, source.name) };
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return (FLOAT_DTYPES as readonly string[]).includes(dtype);
}

function toFloat32(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  const size = DTYPE_BYTES[dtype];
  // Tensors may start anywhere in the file; typed views must not.
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const length = aligned.byteLength / size;
  if (dtype === 'F16') return fromFloat16Array(new Uint16Array(buffer, byteOffset, length));
  if (dtype === 'BF16') return fromBfloat16Array(new Uint16Array(buffer, byteOffset, length));
  return new Float32Array(buffer, byteOffset, length);
}

/**
 * f32[rowCount, cols] from row `firstRow` of a tensor, where cols is its last dimension and rows all the others.
 * Reads just those bytes. Throws `model` for a dtype that is not a float of ours, `io`.
 */
export async function readRows(
  file: SafetensorsFile,
  name: string,
  firstRow: number,
  rowCount: number,
): Promise<Float32Array> {
  const entry = requireTensor(file, name);
  const { dtype, shape, offset } = entry;
  if (!isFloatDtype(dtype)) {
    throw new BenchError(
      'model',
      `${file.source.name}: tensor ${name} is ${dtype}, ${FLOAT_DTYPES.join(', ')} can be read`,
      { hint: 'Convert the model to float16, bfloat16 or float32 safetensors.' },
    );
  }
  const cols = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, dimension) => product * dimension, 1);
  invariant(
    firstRow >= 0 && rowCount >= 0 && firstRow + rowCount <= rows,
    `rows ${firstRow}…${firstRow + rowCount} of ${name} [${shape.join(', ')}]`,
  );
  const rowBytes = cols * DTYPE_BYTES[dtype];
  const bytes = await file.source.read(offset + firstRow * rowBytes, rowCount * rowBytes);
  return toFloat32(bytes, dtype);
}

/** The tensor's entry; throws `model` when the file has none of that name. */
export function requireTensor(file: SafetensorsFile, name: string): TensorEntry {
  const entry = file.tensors.get(name);
  if (entry) return entry;
  throw new BenchError('model', `${file.source.name}: no tensor ${name}`);
}

import { fromFloat16Array } from '../float16.ts';
import type { PackedModel, PlaneName } from '../packed.ts';
import type { WeightData } from './graph.ts';

/** The float type of a graph: of its activations, scales, norms and unquantised matrices. */
export type FloatType = 'float32' | 'float16';

/** Bytes read at a time. */
const CHUNK_BYTES = 16 * 2 ** 20;
/** Bytes of a transposed matrix made at a time; the source is read once for each. */
const TRANSPOSED_BYTES = 256 * 2 ** 20;

async function* readPlane(
  model: PackedModel,
  tensor: string,
  plane: PlaneName,
): AsyncGenerator<Uint8Array> {
  const total = model.planeBytes(tensor, plane);
  for (let offset = 0; offset < total; offset += CHUNK_BYTES) {
    yield await model.read(tensor, plane, offset, Math.min(CHUNK_BYTES, total - offset));
  }
}

function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function widen(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(fromFloat16Array(asUint16(bytes)).buffer);
}

/** Signed codes to unsigned ones with zero point 128: flips the top bit of each byte. */
function offsetCodes(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const words = new Uint32Array(out.buffer, out.byteOffset, out.byteLength >> 2);
  for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ 0x80808080;
  return out;
}

/** Planes one after the other, i.e. matrices stacked by rows. */
function stack(
  model: PackedModel,
  tensors: readonly string[],
  plane: PlaneName,
  growth: number,
  convert: (bytes: Uint8Array) => Uint8Array,
): WeightData {
  const stored = tensors.reduce((sum, tensor) => sum + model.planeBytes(tensor, plane), 0);
  return {
    bytes: stored * growth,
    async *chunks() {
      for (const tensor of tensors) {
        for await (const chunk of readPlane(model, tensor, plane)) yield convert(chunk);
      }
    },
  };
}

const same = (bytes: Uint8Array): Uint8Array => bytes;

/**
 * MatMulNBits' B, u8[rows, blocks, 16 or 32], of quantised matrices stacked by rows. int4 codes are already
 * in its layout; int8 codes get its zero point 128.
 */
export function blockCodes(model: PackedModel, tensors: readonly string[]): WeightData {
  return stack(model, tensors, 'codes', 1, model.weights === 'int8' ? offsetCodes : same);
}

/** Scales[rows, blocks] of quantised matrices stacked by rows; f16 values, exact in either type. */
export function blockScales(
  model: PackedModel,
  tensors: readonly string[],
  type: FloatType,
): WeightData {
  const wide = type === 'float32';
  return stack(model, tensors, 'scales', wide ? 2 : 1, wide ? widen : same);
}

function isHalf(model: PackedModel, tensor: string): boolean {
  return model.tensors.get(tensor)?.format === 'f16';
}

/** Unquantised [rows, cols] stacked by rows, as stored: a norm, a bias, an embedding table. */
export function denseRows(
  model: PackedModel,
  tensors: readonly string[],
  type: FloatType,
): WeightData {
  const wide = type === 'float32' && tensors.every((tensor) => isHalf(model, tensor));
  return stack(model, tensors, 'data', wide ? 2 : 1, wide ? widen : same);
}

/** [cols, rows] of one matrix: MatMul's right-hand side. The source is read again for every 256 MiB. */
export function denseTransposed(model: PackedModel, tensor: string, type: FloatType): WeightData {
  const shape = model.tensors.get(tensor);
  const rows = shape?.rows ?? 0;
  const cols = shape?.cols ?? 0;
  const wide = type === 'float32';
  const width = wide ? 4 : 2;
  return {
    bytes: rows * cols * width,
    async *chunks() {
      const colsAtOnce = Math.max(1, Math.floor(TRANSPOSED_BYTES / (rows * width)));
      for (let first = 0; first < cols; first += colsAtOnce) {
        const count = Math.min(colsAtOnce, cols - first);
        const out = wide ? new Float32Array(count * rows) : new Uint16Array(count * rows);
        await transposeColumns(model, tensor, cols, rows, first, count, out);
        yield new Uint8Array(out.buffer);
      }
    },
  };
}

/** out[count, rows] = columns [first, first + count) of the tensor. */
async function transposeColumns(
  model: PackedModel,
  tensor: string,
  cols: number,
  rows: number,
  first: number,
  count: number,
  out: Float32Array | Uint16Array,
): Promise<void> {
  const half = isHalf(model, tensor);
  const rowBytes = cols * (half ? 2 : 4);
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const n = Math.min(rowsAtOnce, rows - row);
    const bytes = (await model.read(tensor, 'data', row * rowBytes, n * rowBytes)).slice();
    const stored = half ? new Uint16Array(bytes.buffer) : new Float32Array(bytes.buffer);
    const values = half && out instanceof Float32Array ? fromFloat16Array(asUint16(bytes)) : stored;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < count; j++) {
        out[j * rows + row + i] = values[i * cols + first + j] ?? 0;
      }
    }
  }
}

/** A table computed here, e.g. cosines; rounded to the graph's type. */
export function tableData(bytes: Uint8Array): WeightData {
  return {
    bytes: bytes.byteLength,
    async *chunks() {
      yield bytes;
    },
  };
}

import { invariant } from '../../core/errors.ts';
import { fromFloat16Array, toFloat16Array } from '../float16.ts';
import { blocksPerRow, type PackedModel, type PackedTensor, type PlaneName } from '../packed.ts';
import { dequantise } from '../quantise.ts';
import type { WeightData } from './graph.ts';

/** The float type of a graph: of its activations, scales, norms and unquantised matrices. */
export type FloatType = 'float32' | 'float16';

/** What graphs take weights from: a packed model, or matrices that stand alone. */
export type WeightSource = Pick<
  PackedModel,
  'name' | 'weights' | 'tensors' | 'planeBytes' | 'read'
>;

/** Bytes read at a time. */
const CHUNK_BYTES = 16 * 2 ** 20;
/** Bytes of a transposed matrix made at a time; the source is read once for each. */
const TRANSPOSED_BYTES = 256 * 2 ** 20;

/** The packed tensor of that name; its absence is a bug of the graph writer. */
export function shapeOf(model: WeightSource, tensor: string): PackedTensor {
  const shape = model.tensors.get(tensor);
  invariant(shape, `${model.name} has no tensor ${tensor}`);
  return shape;
}

function bytesOf(type: FloatType): number {
  return type === 'float32' ? 4 : 2;
}

function encode(values: Float32Array, type: FloatType): Uint8Array {
  const typed = type === 'float32' ? values : toFloat16Array(values);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

/** Planes one after the other, i.e. matrices stacked by rows. */
function stackPlanes(
  model: WeightSource,
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
        const total = model.planeBytes(tensor, plane);
        for (let offset = 0; offset < total; offset += CHUNK_BYTES) {
          const length = Math.min(CHUNK_BYTES, total - offset);
          yield convert(await model.read(tensor, plane, offset, length));
        }
      }
    },
  };
}

/** Signed codes to unsigned ones with zero point 128: flips the top bit of each byte. */
function offsetCodes(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes);
  const words = new Uint32Array(out.buffer, out.byteOffset, out.byteLength >> 2);
  for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ 0x80808080;
  return out;
}

function widen(bytes: Uint8Array): Uint8Array {
  const bits = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return encode(
    fromFloat16Array(new Uint16Array(bits.buffer, bits.byteOffset, bits.byteLength / 2)),
    'float32',
  );
}

/**
 * MatMulNBits' B, u8[rows, blocks, 16 or 32], of quantised matrices stacked by rows. int4 codes are already
 * in its layout; int8 codes get its zero point 128.
 */
export function blockCodes(model: WeightSource, tensors: readonly string[]): WeightData {
  const convert = model.weights === 'int8' ? offsetCodes : (bytes: Uint8Array) => bytes;
  return stackPlanes(model, tensors, 'codes', 1, convert);
}

/** Scales[rows, blocks] of quantised matrices stacked by rows; f16 values, exact in either type. */
export function blockScales(
  model: WeightSource,
  tensors: readonly string[],
  type: FloatType,
): WeightData {
  if (type === 'float16') return stackPlanes(model, tensors, 'scales', 1, (bytes) => bytes);
  return stackPlanes(model, tensors, 'scales', 2, widen);
}

/** f32[count, cols] of a tensor in any format from row `first`. */
async function readValues(
  model: WeightSource,
  { name, format, cols }: PackedTensor,
  first: number,
  count: number,
): Promise<Float32Array> {
  const read = (plane: PlaneName, rowBytes: number) =>
    model.read(name, plane, first * rowBytes, count * rowBytes);
  if (format === 'f32' || format === 'f16') {
    const data = await read('data', cols * (format === 'f32' ? 4 : 2));
    return dequantise(format, { data }, count, cols);
  }
  const blocks = blocksPerRow(cols);
  const codes = await read('codes', blocks * (format === 'int4' ? 16 : 32));
  const scales = await read('scales', blocks * 2);
  return dequantise(format, { codes, scales }, count, cols);
}

/** Weights as plain numbers, [rows, cols] stacked by rows: a norm, a bias, an embedding table. */
export function denseRows(
  model: WeightSource,
  tensors: readonly string[],
  type: FloatType,
): WeightData {
  const shapes = tensors.map((tensor) => shapeOf(model, tensor));
  const count = shapes.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  return {
    bytes: count * bytesOf(type),
    async *chunks() {
      for (const shape of shapes) {
        const step = rowsAtOnce(shape);
        for (let row = 0; row < shape.rows; row += step) {
          const rows = Math.min(step, shape.rows - row);
          yield encode(await readValues(model, shape, row, rows), type);
        }
      }
    },
  };
}

function rowsAtOnce({ cols }: PackedTensor): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / (cols * 4)));
}

/**
 * MatMul's right-hand side, [cols, rows] of matrices with equal cols stacked by rows. The source is read
 * again for every 256 MiB.
 */
export function denseTransposed(
  model: WeightSource,
  tensors: readonly string[],
  type: FloatType,
): WeightData {
  const shapes = tensors.map((tensor) => shapeOf(model, tensor));
  const cols = shapes[0]?.cols ?? 0;
  const rows = shapes.reduce((sum, shape) => sum + shape.rows, 0);
  return {
    bytes: rows * cols * bytesOf(type),
    async *chunks() {
      const colsAtOnce = Math.max(1, Math.floor(TRANSPOSED_BYTES / (rows * 4)));
      for (let first = 0; first < cols; first += colsAtOnce) {
        const out = new Float32Array(Math.min(colsAtOnce, cols - first) * rows);
        let start = 0;
        for (const shape of shapes) {
          await transposeInto(out, rows, start, model, shape, first);
          start += shape.rows;
        }
        yield encode(out, type);
      }
    },
  };
}

/** out[c, start + r] = tensor[r, first + c] for all rows r of the tensor and all rows c of out[…, width]. */
async function transposeInto(
  out: Float32Array,
  width: number,
  start: number,
  model: WeightSource,
  shape: PackedTensor,
  first: number,
): Promise<void> {
  const count = out.length / width;
  const step = rowsAtOnce(shape);
  for (let row = 0; row < shape.rows; row += step) {
    const rows = Math.min(step, shape.rows - row);
    const values = await readValues(model, shape, row, rows);
    for (let c = 0; c < count; c++) {
      const at = c * width + start + row;
      for (let r = 0; r < rows; r++) out[at + r] = values[r * shape.cols + first + c] ?? 0;
    }
  }
}

/** A table computed in memory, e.g. cosines. */
export function tableData(values: Float32Array, type: FloatType): WeightData {
  return {
    bytes: values.length * bytesOf(type),
    async *chunks() {
      yield encode(values, type);
    },
  };
}

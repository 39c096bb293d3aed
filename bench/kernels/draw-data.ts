import type { KvFormat, WeightFormat } from '../../src/core/cell.ts';
import { NORMAL_LEVELS, normalTable } from '../../src/core/normal-table.ts';
import type { Rng } from '../../src/core/rng.ts';
import { fromFloat16Array, toFloat16, toFloat16Array } from '../../src/model/float16.ts';
import { BLOCK, blocksPerRow } from '../../src/model/packed.ts';
import type { Planes } from '../../src/model/quantise.ts';
import type {
  AttentionOperation,
  Operation,
  OperationData,
  ProductOperation,
} from './operation.ts';

/**
 * Inputs of an operation from a seed, made in bulk: code words and scales are drawn as they are stored, since
 * quantising the weights of an 8B model's layer would take longer than timing it. Products of unit-normal x
 * have mean square 1; scores have variance 1.
 */
export function drawData(operation: Operation, rng: Rng): OperationData {
  return operation.kind === 'product' ? drawProduct(operation, rng) : drawAttention(operation, rng);
}

function drawProduct({ format, rows, n, k }: ProductOperation, rng: Rng): OperationData {
  return {
    kind: 'product',
    x: drawHalves(rng.fork('x'), rows * k),
    planes: planes[format](rng.fork('w'), n, k),
  };
}

const planes: Record<WeightFormat, (rng: Rng, n: number, k: number) => Planes> = {
  f32: (rng, n, k) => ({ data: bytesOf(drawNormals(rng, n * k, 1 / Math.sqrt(k))) }),
  f16(rng, n, k) {
    const data = new Uint16Array(n * k);
    fillFrom(rng, data, toFloat16Array(normals(1 / Math.sqrt(k))));
    return { data: bytesOf(data) };
  },
  int8(rng, n, k) {
    const codes = words(rng.fork('codes'), n * blocksPerRow(k) * BLOCK);
    for (let i = 0; i < codes.length; i++) {
      const word = codes[i] ?? 0;
      // −128 is no code: a byte whose lower seven bits are 0 gets the lowest one set.
      codes[i] = word | ((~((word & 0x7f7f7f7f) + 0x7f7f7f7f) & 0x80808080) >>> 7);
    }
    endRows(codes, n, k, 1, 0);
    const meanSquare = (256 ** 2 - 1) / 12;
    return { codes: bytesOf(codes), scales: drawScales(rng.fork('scales'), n, k, meanSquare) };
  },
  int4(rng, n, k) {
    const codes = words(rng.fork('codes'), (n * blocksPerRow(k) * BLOCK) / 2);
    endRows(codes, n, k, 2, 0x88);
    const meanSquare = (16 ** 2 - 1) / 12 + 0.25;
    return { codes: bytesOf(codes), scales: drawScales(rng.fork('scales'), n, k, meanSquare) };
  },
};

/** Scales f16[n, blocks] of both signs, as real ones have, for codes of this mean square. */
function drawScales(rng: Rng, n: number, k: number, meanSquare: number): Uint8Array<ArrayBuffer> {
  const scales = new Uint16Array(n * blocksPerRow(k));
  // Magnitudes from 0.5 to 1.5: mean square 1 + 1/12.
  const unit = 1 / Math.sqrt(k * meanSquare * (1 + 1 / 12));
  const table = Uint16Array.from({ length: NORMAL_LEVELS }, (_, i) => {
    const magnitude = unit * (0.5 + (i + 0.5) / NORMAL_LEVELS);
    return toFloat16(i % 2 === 0 ? magnitude : -magnitude);
  });
  fillFrom(rng, scales, table);
  return bytesOf(scales);
}

/** Sets what lies behind the k-th code of each row, `perByte` codes a byte, to codes of value zero. */
function endRows(codes: Uint32Array, n: number, k: number, perByte: 1 | 2, zero: number): void {
  if (k % BLOCK === 0) return;
  const bytes = new Uint8Array(codes.buffer);
  const rowBytes = (blocksPerRow(k) * BLOCK) / perByte;
  for (let row = 0; row < n; row++) {
    const end = row * rowBytes + Math.ceil(k / perByte);
    bytes.fill(zero, end, (row + 1) * rowBytes);
    if (perByte === 2 && k % 2 === 1) {
      bytes[end - 1] = ((bytes[end - 1] ?? 0) & 0x0f) | (zero & 0xf0);
    }
  }
}

function drawAttention(operation: AttentionOperation, rng: Rng): OperationData {
  const { heads, kvHeads, headDim, kv, position, seq } = operation;
  const q = drawHalves(rng.fork('q'), seq * heads * headDim);
  const rows = kvHeads * (position + seq);
  const draw = (name: string) => cacheValues[kv](rng.fork(name), rows, headDim);
  return { kind: 'attention', q, k: draw('k'), v: draw('v') };
}

/** Values f32[rows, headDim] that a cache of the format holds without another rounding. */
const cacheValues: Record<KvFormat, (rng: Rng, rows: number, headDim: number) => Float32Array> = {
  f32: (rng, rows, headDim) => drawNormals(rng, rows * headDim),
  f16: (rng, rows, headDim) => drawHalves(rng, rows * headDim),
  int8(rng, rows, headDim) {
    const codes = new Int8Array(words(rng.fork('codes'), rows * headDim).buffer);
    const scales = drawNormals(rng.fork('scales'), rows);
    const out = new Float32Array(rows * headDim);
    for (let row = 0; row < rows; row++) {
      // Few bits, so that 127·scale is exact and the largest code of a row gives the scale back.
      const scale = (64 + Math.round(8 * (scales[row] ?? 0))) / 4096;
      const start = row * headDim;
      codes[start + (row % headDim)] = 127;
      for (let i = start; i < start + headDim; i++) {
        out[i] = Math.max(-127, codes[i] ?? 0) * scale;
      }
    }
    return out;
  },
};

/** f32[count] of mean 0 and standard deviation `std`. */
function drawNormals(rng: Rng, count: number, std = 1): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count);
  rng.fillNormal(out, 0, std);
  return out;
}

/** Normals that f16 holds too, so that activations of either format are the same numbers. */
function drawHalves(rng: Rng, count: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count);
  fillFrom(rng, out, fromFloat16Array(toFloat16Array(normals(1))));
  return out;
}

/** The levels of a normal distribution. */
function normals(std: number): Float32Array {
  return Float32Array.from(normalTable(), (level) => level * std);
}

function words(rng: Rng, bytes: number): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(Math.ceil(bytes / 4));
  rng.fillU32(out);
  return out;
}

/** Fills `out` with elements of a table of NORMAL_LEVELS, two for each random word. */
function fillFrom<T extends Float32Array | Uint16Array>(rng: Rng, out: T, table: T): void {
  const random = new Uint32Array(Math.min(1 << 16, Math.ceil(out.length / 2)));
  const mask = NORMAL_LEVELS - 1;
  for (let from = 0; from < out.length; from += 2 * random.length) {
    rng.fillU32(random);
    const count = Math.min(2 * random.length, out.length - from);
    for (let i = 0; i < count; i++) {
      const word = random[i >> 1] ?? 0;
      out[from + i] = table[(i & 1 ? word >>> 8 : word >>> 20) & mask] ?? 0;
    }
  }
}

function bytesOf(array: Float32Array | Uint32Array | Uint16Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

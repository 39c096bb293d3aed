import type { WeightFormat } from '../../src/core/cell.ts';
import type { Rng } from '../../src/core/rng.ts';
import { BLOCK, blocksPerRow, type PlaneName } from '../../src/model/packed.ts';
import { dequantise, type Planes, quantise } from '../../src/model/quantise.ts';
import type { CaseBuffer } from './case.ts';
import { bytesOf, normals } from './values.ts';

/** A weight matrix [n, k] as packed, and the values that it stands for. */
export interface CaseMatrix {
  readonly format: WeightFormat;
  readonly n: number;
  readonly k: number;
  /** f32[n, k], what the oracle multiplies with. */
  readonly values: Float32Array;
  readonly planes: Planes;
}

/** Slices of a matrix, each in buffers of its own, as large models need them. */
export interface MatrixSlice {
  readonly row0: number;
  readonly rows: number;
  /** Binding name → buffer name. */
  readonly rename: Readonly<Record<string, string>>;
}

/** Normal weights such that a product with normal inputs has variance 1. */
export function randomMatrix(rng: Rng, format: WeightFormat, n: number, k: number): CaseMatrix {
  const planes = quantise(format, normals(rng, n * k, 1 / Math.sqrt(k)), n, k);
  return { format, n, k, planes, values: dequantise(format, planes, n, k) };
}

/** Bytes of a matrix on the device. */
export function matrixBytes(format: WeightFormat, n: number, k: number): number {
  const block = { f32: BLOCK * 4, f16: BLOCK * 2, int8: BLOCK + 2, int4: BLOCK / 2 + 2 };
  return n * blocksPerRow(k) * block[format];
}

/** Cuts `n` rows into slices of `rows`, which is even so that a word of two scales is never cut. */
export function sliceRows(format: WeightFormat, n: number, rows: number): MatrixSlice[] {
  const names: PlaneName[] = format === 'f32' || format === 'f16' ? ['data'] : ['codes', 'scales'];
  const slices: MatrixSlice[] = [];
  for (let row0 = 0; row0 < n; row0 += rows) {
    const rename = Object.fromEntries(names.map((name) => [name, `${name}.${row0}`]));
    slices.push({ row0, rows: Math.min(rows, n - row0), rename });
  }
  return slices;
}

/** The buffers of the slices. Rows of f32 and f16 are filled up with zeros to a multiple of 32. */
export function matrixBuffers(
  matrix: CaseMatrix,
  slices: readonly MatrixSlice[],
): Record<string, CaseBuffer> {
  const buffers: Record<string, CaseBuffer> = {};
  for (const [plane, bytes] of Object.entries(matrix.planes)) {
    const stored = plane === 'data' ? filledUp(matrix, bytes) : bytes;
    const rowBytes = stored.byteLength / matrix.n;
    for (const { row0, rows, rename } of slices) {
      const part = stored.subarray(row0 * rowBytes, (row0 + rows) * rowBytes);
      buffers[rename[plane] ?? plane] = { bytes: bytesOf(part) };
    }
  }
  return buffers;
}

function filledUp({ format, n, k }: CaseMatrix, bytes: Uint8Array): Uint8Array {
  const size = format === 'f16' ? 2 : 4;
  const [from, to] = [k * size, blocksPerRow(k) * BLOCK * size];
  if (from === to) return bytes;
  const out = new Uint8Array(n * to);
  for (let row = 0; row < n; row++) {
    out.set(bytes.subarray(row * from, (row + 1) * from), row * to);
  }
  return out;
}

import type { Rng } from '../../src/core/rng.ts';
import { fromFloat16Array, toFloat16Array } from '../../src/model/float16.ts';
import type { CaseBuffer } from './case.ts';
import { type Expectation, type Scalar, type Tolerance, toleranceFor } from './expectation.ts';

/** Fills outputs before a run: NaN as one f32 and as two f16. */
export const UNWRITTEN = 0x7fd37fd3;
/** Lies behind inputs: another NaN, since arithmetic hands on the bits of a NaN that it meets. */
export const BEHIND_INPUT = 0x7fd57fd5;
/** Lies behind outputs: a number, so that adding to it shows. */
export const BEHIND_OUTPUT = 0x47d347d3;

/** f32[count] of mean 0 and standard deviation `std`. */
export function normals(rng: Rng, count: number, std = 1, mean = 0): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  rng.fillNormal(values, mean, std);
  return values;
}

/** The values as a kernel will read them. */
export function rounded(values: Float32Array, scalar: Scalar): Float32Array {
  return scalar === 'f16' ? fromFloat16Array(toFloat16Array(values)) : values;
}

/** Bytes of values stored as `scalar`. */
export function encode(values: Float32Array, scalar: Scalar): Uint8Array {
  return scalar === 'f16' ? bytesOf(toFloat16Array(values)) : bytesOf(values);
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
}

export const words = (...values: number[]): CaseBuffer => ({
  bytes: bytesOf(Uint32Array.from(values)),
});

/** The run state of STATE_WGSL. */
export const runState = (position: number, seq: number, step = 0): CaseBuffer =>
  words(position, seq, step, 0);

/** The bits of an f32, as dims carry them. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

/** Values [rows, cols] in rows of `stride`: `fill` from `cols` to `filled`, NaN from there to the stride. */
export function strided(
  values: Float32Array,
  cols: number,
  stride: number,
  filled = stride,
  fill = 0,
): Float32Array<ArrayBuffer> {
  const rows = values.length / cols;
  const out = new Float32Array(rows * stride).fill(Number.NaN);
  for (let r = 0; r < rows; r++) {
    out.set(values.subarray(r * cols, (r + 1) * cols), r * stride);
    out.fill(fill, r * stride + cols, r * stride + filled);
  }
  return out;
}

/** An output of these values, NaN (or `before`) until the kernel writes it. */
export function floatsOut(
  scalar: Scalar,
  values: Float64Array,
  tolerance: Tolerance = toleranceFor(scalar),
  before?: Float32Array,
): CaseBuffer {
  const expect: Expectation = { kind: 'floats', scalar, values, tolerance };
  return {
    bytes: before ? encode(before, scalar) : unwritten(values.length * (scalar === 'f16' ? 2 : 4)),
    expect,
  };
}

/** `size` bytes of the fill pattern. */
export function unwritten(size: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 4) * 4);
  new Uint32Array(bytes.buffer).fill(UNWRITTEN);
  return bytes.subarray(0, size);
}

import type { WeightFormat } from '../core/cell.ts';
import { BenchError } from '../core/errors.ts';
import { fromFloat16Array, toFloat16, toFloat16Array } from './float16.ts';
import { BLOCK, blocksPerRow, type PlaneName } from './packed.ts';

/** Bytes of each plane of some rows of a tensor; layouts are in packed.ts. */
export type Planes = Partial<Record<PlaneName, Uint8Array<ArrayBuffer>>>;

const INT4_ZERO = 8;
const f16Infinity = 0x7c00;

function rangeError(what: string, value: number, index: number, cols: number): BenchError {
  const where = `row ${Math.floor(index / cols)}, column ${index % cols}`;
  return new BenchError('model', `${what} ${value} at ${where} exceeds the range of f16 (±65504)`, {
    hint: 'Use --variant f32 for this model.',
  });
}

/**
 * One block of f32 weights to 4 bits, as Q4_0: the weight of largest magnitude becomes code 0 exactly
 * (d = v/−8), the others round to the nearest step, ties up; all in f32. Returns d.
 */
function quantiseInt4Block(
  values: Float32Array,
  start: number,
  count: number,
  codes: Uint8Array,
  at: number,
): number {
  let largest = 0;
  let extreme = 0;
  for (let i = start; i < start + count; i++) {
    const v = values[i] ?? 0;
    const magnitude = Math.abs(v);
    if (magnitude > largest) {
      largest = magnitude;
      extreme = v;
    }
  }
  const d = Math.fround(extreme / -8);
  const inverse = invert(d);
  for (let j = 0; j < BLOCK / 2; j++) {
    const i = 2 * j;
    const low = i < count ? int4Code(values[start + i] ?? 0, inverse) : INT4_ZERO;
    const high = i + 1 < count ? int4Code(values[start + i + 1] ?? 0, inverse) : INT4_ZERO;
    codes[at + j] = low | (high << 4);
  }
  return d;
}

function int4Code(value: number, inverse: number): number {
  return Math.min(Math.fround(Math.fround(value * inverse) + 8.5) | 0, 15);
}

/** 1/d in f32; 0 where d is 0 or so small that 1/d overflows (its f16 scale is 0 either way). */
function invert(d: number): number {
  if (d === 0) return 0;
  const inverse = Math.fround(1 / d);
  return Number.isFinite(inverse) ? inverse : 0;
}

/** One block to 8 bits, as Q8_0: d = amax/127, codes round half away from zero; all in f32. Returns d. */
function quantiseInt8Block(
  values: Float32Array,
  start: number,
  count: number,
  codes: Uint8Array,
  at: number,
): number {
  let largest = 0;
  for (let i = start; i < start + count; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > largest) largest = magnitude;
  }
  const d = Math.fround(largest / 127);
  const inverse = invert(d);
  for (let i = 0; i < count; i++) {
    const x = Math.fround((values[start + i] ?? 0) * inverse);
    codes[at + i] = (x + (x < 0 ? -0.5 : 0.5)) | 0;
  }
  return d;
}

const blockFormats = {
  int4: { codeBytes: BLOCK / 2, quantise: quantiseInt4Block },
  int8: { codeBytes: BLOCK, quantise: quantiseInt8Block },
} as const;

function quantiseBlocks(
  format: 'int4' | 'int8',
  values: Float32Array,
  rows: number,
  cols: number,
): Planes {
  const { codeBytes, quantise } = blockFormats[format];
  const blocks = blocksPerRow(cols);
  const codes = new Uint8Array(rows * blocks * codeBytes);
  const scales = new Uint16Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * cols + block * BLOCK;
      const count = Math.min(BLOCK, cols - block * BLOCK);
      const slot = row * blocks + block;
      const d = quantise(values, start, count, codes, slot * codeBytes);
      const scale = toFloat16(d);
      if ((scale & 0x7fff) >= f16Infinity) throw rangeError('Block scale', d, start, cols);
      scales[slot] = scale;
    }
  }
  return { codes, scales: new Uint8Array(scales.buffer) };
}

function toCheckedFloat16(values: Float32Array, cols: number): Uint8Array<ArrayBuffer> {
  const out = toFloat16Array(values);
  for (let i = 0; i < out.length; i++) {
    if (((out[i] ?? 0) & 0x7fff) >= f16Infinity)
      throw rangeError('Weight', values[i] ?? 0, i, cols);
  }
  return new Uint8Array(out.buffer);
}

/**
 * f32[rows, cols] in a packed format. Throws `model` when a weight (f16) or a block's scale (int8, int4)
 * leaves the range of f16; the position in the message counts from the first row given.
 */
export function quantise(
  format: WeightFormat,
  values: Float32Array,
  rows: number,
  cols: number,
): Planes {
  if (format === 'int4' || format === 'int8') return quantiseBlocks(format, values, rows, cols);
  if (format === 'f16') return { data: toCheckedFloat16(values, cols) };
  return { data: new Uint8Array(values.slice().buffer) };
}

/** u16 view of a plane, copied only when it does not start on an even byte. */
function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function plane(planes: Partial<Record<PlaneName, Uint8Array>>, name: PlaneName): Uint8Array {
  const bytes = planes[name];
  if (!bytes) throw new BenchError('internal', `Packed rows lack the plane ${name}`);
  return bytes;
}

/**
 * The weights that a packed format stands for, f32[rows, cols]; padding is left out. Products code·scale are
 * exact in f32 (at most 8 + 11 significant bits), so this is *the* value every engine computes with.
 */
export function dequantise(
  format: WeightFormat,
  planes: Partial<Record<PlaneName, Uint8Array>>,
  rows: number,
  cols: number,
): Float32Array<ArrayBuffer> {
  if (format === 'f32') return new Float32Array(plane(planes, 'data').slice().buffer);
  if (format === 'f16') return fromFloat16Array(asUint16(plane(planes, 'data')));
  const codes = plane(planes, 'codes');
  const scales = fromFloat16Array(asUint16(plane(planes, 'scales')));
  const expand = format === 'int4' ? expandInt4Block : expandInt8Block;
  const codeBytes = blockFormats[format].codeBytes;
  const blocks = blocksPerRow(cols);
  const out = new Float32Array(rows * cols);
  for (let slot = 0; slot < rows * blocks; slot++) {
    const block = slot % blocks;
    const start = ((slot - block) / blocks) * cols + block * BLOCK;
    const count = Math.min(BLOCK, cols - block * BLOCK);
    expand(codes, slot * codeBytes, scales[slot] ?? 0, out, start, count);
  }
  return out;
}

function expandInt4Block(
  codes: Uint8Array,
  at: number,
  scale: number,
  out: Float32Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const pair = codes[at + (i >> 1)] ?? 0;
    out[start + i] = ((i & 1 ? pair >> 4 : pair & 15) - INT4_ZERO) * scale;
  }
}

function expandInt8Block(
  codes: Uint8Array,
  at: number,
  scale: number,
  out: Float32Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) out[start + i] = (((codes[at + i] ?? 0) << 24) >> 24) * scale;
}

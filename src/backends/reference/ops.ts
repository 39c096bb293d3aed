/**
 * The operators of a decoder of the Llama family in plain code, summed in f64: the oracle that kernels and
 * engines are held against. Arrays are row-major; shapes stand beside each argument.
 */
import { invariant } from '../../core/errors.ts';
import type { RopeTables } from '../../model/rope.ts';

export type Vector = Float32Array | Float64Array;

/** Σ a[aStart + i]·b[bStart + i] over n elements; four sums side by side, for speed. */
function dot(a: Vector, aStart: number, b: Vector, bStart: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += (a[aStart + i] ?? 0) * (b[bStart + i] ?? 0);
    s1 += (a[aStart + i + 1] ?? 0) * (b[bStart + i + 1] ?? 0);
    s2 += (a[aStart + i + 2] ?? 0) * (b[bStart + i + 2] ?? 0);
    s3 += (a[aStart + i + 3] ?? 0) * (b[bStart + i + 3] ?? 0);
  }
  for (; i < n; i++) s0 += (a[aStart + i] ?? 0) * (b[bStart + i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

/** y[rows, n] = x[rows, cols] · w[n, cols]ᵀ + bias[n] */
export function matmul(
  x: Vector,
  rows: number,
  cols: number,
  w: Vector,
  n: number,
  bias?: Vector,
): Float64Array {
  invariant(x.length === rows * cols, `matmul: x has ${x.length} elements, not ${rows}·${cols}`);
  invariant(w.length === n * cols, `matmul: w has ${w.length} elements, not ${n}·${cols}`);
  const y = new Float64Array(rows * n);
  for (let j = 0; j < n; j++) {
    for (let row = 0; row < rows; row++) {
      y[row * n + j] = dot(x, row * cols, w, j * cols, cols) + (bias?.[j] ?? 0);
    }
  }
  return y;
}

/** y[r, i] = x[r, i] · weight[i] / √(mean(x[r, :]²) + eps), Zhang and Sennrich 2019. x, y [rows, dim] */
export function rmsnorm(
  x: Vector,
  rows: number,
  dim: number,
  weight: Vector,
  eps: number,
): Float64Array {
  invariant(
    x.length === rows * dim && weight.length === dim,
    'rmsnorm: x [rows, dim], weight [dim]',
  );
  const y = new Float64Array(rows * dim);
  for (let start = 0; start < y.length; start += dim) {
    const scale = 1 / Math.sqrt(dot(x, start, x, start, dim) / dim + eps);
    for (let i = 0; i < dim; i++) y[start + i] = (x[start + i] ?? 0) * scale * (weight[i] ?? 0);
  }
  return y;
}

/**
 * Activations in blocks of 32 int8: s = max|x|/127, a = x/s to the nearest integer, ties to even; a block of
 * zeros has scale 0. x [rows, k] → codes [rows, k], scales [rows, ceil(k/32)]
 */
export function quantiseActivations(
  x: Vector,
  rows: number,
  k: number,
): { codes: Int8Array; scales: Float64Array } {
  const blocks = Math.ceil(k / 32);
  const codes = new Int8Array(rows * k);
  const scales = new Float64Array(rows * blocks);
  for (let block = 0; block < rows * blocks; block++) {
    const row = Math.floor(block / blocks);
    const from = row * k + (block % blocks) * 32;
    const to = Math.min(from + 32, (row + 1) * k);
    let largest = 0;
    for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(x[i] ?? 0));
    scales[block] = largest / 127;
    if (largest === 0) continue;
    for (let i = from; i < to; i++) codes[i] = roundTiesToEven(((x[i] ?? 0) * 127) / largest);
  }
  return { codes, scales };
}

/** Activations [rows, k] rounded to what `quantiseActivations` can hold. */
export function roundActivations(x: Vector, rows: number, k: number): Float64Array {
  const { codes, scales } = quantiseActivations(x, rows, k);
  const blocks = scales.length / rows;
  return Float64Array.from(codes, (code, i) => {
    const block = Math.floor(i / k) * blocks + Math.floor((i % k) / 32);
    return code * (scales[block] ?? 0);
  });
}

function roundTiesToEven(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/**
 * Rotary embedding in the half-split layout (RoFormer, Su et al. 2021): elements i and i + headDim/2 of a
 * head are one complex number, turned by the angle of the row's position. x, y [rows, heads, headDim]
 */
export function rope(
  x: Vector,
  positions: ArrayLike<number>,
  heads: number,
  headDim: number,
  tables: RopeTables,
): Float64Array {
  const half = headDim / 2;
  const y = new Float64Array(x.length);
  for (let head = 0; head < positions.length * heads; head++) {
    const angle = (positions[Math.floor(head / heads)] ?? 0) * half;
    for (let i = 0; i < half; i++) {
      const re = head * headDim + i;
      const [a = 0, b = 0] = [x[re], x[re + half]];
      const [cos = 0, sin = 0] = [tables.cos[angle + i], tables.sin[angle + i]];
      y[re] = a * cos - b * sin;
      y[re + half] = a * sin + b * cos;
    }
  }
  return y;
}

export interface AttentionShape {
  heads: number;
  kvHeads: number;
  headDim: number;
}

/**
 * Causal attention of `seq` queries at positions start … start + seq − 1 over keys and values of positions
 * from 0: softmax(q·kᵀ / √headDim)·v, query head h reading key-value head ⌊h·kvHeads / heads⌋.
 * q [seq, heads, headDim]; keys, values [≥ start + seq, kvHeads, headDim] → [seq, heads, headDim]
 */
export function attention(
  q: Vector,
  keys: Vector,
  values: Vector,
  seq: number,
  start: number,
  shape: AttentionShape,
): Float64Array {
  const { heads, kvHeads, headDim } = shape;
  const out = new Float64Array(seq * heads * headDim);
  for (let row = 0; row < seq * heads; row++) {
    const visible = start + Math.floor(row / heads) + 1;
    const kvHead = Math.floor(((row % heads) * kvHeads) / heads);
    const query = q.subarray(row * headDim, (row + 1) * headDim);
    out.set(attendHead(query, keys, values, kvHead, kvHeads, visible), row * headDim);
  }
  return out;
}

/** One head of `attention`: q [headDim] over the first `visible` positions. */
function attendHead(
  q: Vector,
  keys: Vector,
  values: Vector,
  kvHead: number,
  kvHeads: number,
  visible: number,
): Float64Array {
  const headDim = q.length;
  const at = (position: number) => (position * kvHeads + kvHead) * headDim;
  const scores = new Float64Array(visible);
  for (let p = 0; p < visible; p++) {
    scores[p] = dot(q, 0, keys, at(p), headDim) / Math.sqrt(headDim);
  }
  const weights = softmax(scores);
  const out = new Float64Array(headDim);
  for (let p = 0; p < visible; p++) {
    const weight = weights[p] ?? 0;
    for (let i = 0; i < headDim; i++) out[i] = (out[i] ?? 0) + weight * (values[at(p) + i] ?? 0);
  }
  return out;
}

/** e^(xᵢ − max x) / Σⱼ e^(xⱼ − max x). x, y [n] */
export function softmax(x: Vector): Float64Array {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of x) max = Math.max(max, value);
  const y = Float64Array.from(x, (value) => Math.exp(value - max));
  let sum = 0;
  for (const value of y) sum += value;
  return y.map((value) => value / sum);
}

/** silu(gate)·up with silu(g) = g / (1 + e^−g), Shazeer 2020. gate, up, y [n] */
export function swiglu(gate: Vector, up: Vector): Float64Array {
  const y = new Float64Array(gate.length);
  for (let i = 0; i < y.length; i++) {
    const g = gate[i] ?? 0;
    y[i] = (g / (1 + Math.exp(-g))) * (up[i] ?? 0);
  }
  return y;
}

/** a + b. [n] */
export function add(a: Vector, b: Vector): Float64Array {
  return Float64Array.from(a, (value, i) => value + (b[i] ?? 0));
}

/** Index of the largest of x[n]; the lowest index where several are equal. */
export function argmax(x: Vector): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) {
    if ((x[i] ?? 0) > (x[best] ?? 0)) best = i;
  }
  return best;
}

/** Rows of keys or values in 8 bits: value ≈ code · scale of its row. */
export interface KvInt8Rows {
  /** −127 … 127, [rows, headDim] */
  codes: Int8Array;
  /** [rows] */
  scales: Float32Array;
}

const LARGEST_CODE = 127;
/** The smallest normal f32: devices may take what lies below for 0, so a row with such a scale is one of zeros. */
const SMALLEST_SCALE = 2 ** -126;

/**
 * Quantises x [rows, headDim] as an int8 KV cache holds it, one row a token and head: scale = max|x| / 127
 * rounded to f32, code = x / scale rounded to the nearest integer, ties to even. Symmetric, so that a score
 * needs no correction. A row of zeros has scale 0.
 */
export function quantiseKv(x: ArrayLike<number>, headDim: number): KvInt8Rows {
  const codes = new Int8Array(x.length);
  const scales = new Float32Array(x.length / headDim);
  for (let row = 0; row < scales.length; row++) {
    const start = row * headDim;
    let largest = 0;
    for (let i = start; i < start + headDim; i++) largest = Math.max(largest, Math.abs(x[i] ?? 0));
    const scale = Math.fround(largest / LARGEST_CODE);
    if (scale < SMALLEST_SCALE) continue;
    scales[row] = scale;
    for (let i = start; i < start + headDim; i++) codes[i] = roundHalfEven((x[i] ?? 0) / scale);
  }
  return { codes, scales };
}

/** What the codes stand for, exactly: f64[rows, headDim]. */
export function dequantiseKv({ codes, scales }: KvInt8Rows, headDim: number): Float64Array {
  return Float64Array.from(codes, (code, i) => code * (scales[Math.floor(i / headDim)] ?? 0));
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

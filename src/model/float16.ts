/** Conversions between f32 and the two 16-bit float formats, in bulk and exact to the last bit. */

const oneF32 = new Float32Array(1);
const oneU32 = new Uint32Array(oneF32.buffer);

const F16_INFINITY = 0x7c00;
/** Smallest positive normal f16, 2⁻¹⁴, as f32 bits. */
const SMALLEST_NORMAL_BITS = 0x38800000;
/** 2¹⁶ as f32 bits: everything from here on is infinity in f16 whatever the rounding. */
const TOO_LARGE_BITS = 0x47800000;

/** f32 bits to f16 bits, round to nearest even; 65520 and more becomes infinity. */
function narrow(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= TOO_LARGE_BITS) {
    return sign | (magnitude > 0x7f800000 ? 0x7e00 : F16_INFINITY);
  }
  if (magnitude < SMALLEST_NORMAL_BITS) {
    // The unit in the last place of f32 at 0.5 is 2⁻²⁴, the step of subnormal f16: adding 0.5 rounds for us.
    oneU32[0] = magnitude;
    oneF32[0] = (oneF32[0] ?? 0) + 0.5;
    return sign | ((oneU32[0] ?? 0) - 0x3f000000);
  }
  // Rebias the exponent (127 → 15) and round half to even; a carry moves into the exponent, which is right.
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/** One number as f16 bits (via f32), round to nearest even; beyond the range: infinity. */
export function toFloat16(value: number): number {
  oneF32[0] = value;
  return narrow(oneU32[0] ?? 0);
}

/** f32[n] as f16 bits u16[n], round to nearest even; beyond the range: infinity. */
export function toFloat16Array(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = narrow(bits[i] ?? 0);
  return out;
}

function widen(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

let widenTable: Float32Array | undefined;

/** All 65 536 f16 values as f32, made once: a look-up beats bit arithmetic by far. */
function allFloat16(): Float32Array {
  if (!widenTable) widenTable = Float32Array.from({ length: 0x10000 }, (_, bits) => widen(bits));
  return widenTable;
}

/** f16 bits as a number, exact. */
export function fromFloat16(bits: number): number {
  return widen(bits & 0xffff);
}

/** f16 bits u16[n] as f32[n], exact. */
export function fromFloat16Array(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const table = allFloat16();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = table[bits[i] ?? 0] ?? 0;
  return out;
}

/** bf16 bits u16[n] as f32[n], exact. */
export function fromBfloat16Array(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = (bits[i] ?? 0) << 16;
  return new Float32Array(out.buffer);
}

import type { KvFormat } from '../../../src/core/cell.ts';
import { quantiseKv } from '../../../src/model/kv-int8.ts';
import type { CaseBuffers } from '../case.ts';
import { toleranceFor, tolerances } from '../expectation.ts';
import { floatsOut, rounded, unwritten } from '../values.ts';

/** Largest finite f16: values of a cache beyond it are held there. */
const F16_MAX = 65504;

export const clampToF16 = (v: number): number => Math.max(-F16_MAX, Math.min(F16_MAX, v));

/**
 * What a kernel must have made of values f64[rows, headDim] in its cache of `k` or `v`. Rows of NaN are not the
 * kernel's. `isCopied`: the values come to the cache as they are, so floats are exact.
 */
export function cacheOut(
  name: 'k' | 'v',
  kv: KvFormat,
  values: Float64Array,
  headDim: number,
  isCopied: boolean,
): CaseBuffers {
  if (kv === 'int8') return codesOut(name, values, headDim);
  const wanted = isCopied && kv === 'f16' ? roundedToF16(values) : values;
  const tolerance = isCopied ? tolerances.exact : toleranceFor(kv);
  return { [`${name}_cache`]: floatsOut(kv, wanted, tolerance) };
}

function roundedToF16(values: Float64Array): Float64Array {
  return Float64Array.from(rounded(Float32Array.from(values, clampToF16), 'f16'));
}

/** Scales as the reference makes them, and of each code the number that it was rounded from. */
function codesOut(name: 'k' | 'v', values: Float64Array, headDim: number): CaseBuffers {
  const { scales } = quantiseKv(values, headDim);
  const wanted = Float64Array.from(scales);
  const exact = values.map((value, i) => {
    const scale = scales[Math.floor(i / headDim)] ?? 0;
    return scale === 0 && !Number.isNaN(value) ? 0 : value / scale;
  });
  for (let row = 0; row < wanted.length; row++) {
    if (Number.isNaN(values[row * headDim])) wanted[row] = Number.NaN;
  }
  return {
    [`${name}_cache`]: {
      bytes: unwritten(values.length),
      expect: { kind: 'codes', values: exact },
    },
    [`${name}_scales`]: floatsOut('f32', wanted),
  };
}

/** How far a result may be from the oracle's. Both bounds hold: of the whole (`nmse`) and of each element. */
export interface Tolerance {
  /** Σ(got − want)² / Σ want² */
  readonly nmse: number;
  /** |got − want| ≤ relative·|want| + absolute·(root mean square of want) */
  readonly relative: number;
  readonly absolute: number;
  readonly reason: string;
}

export type Scalar = 'f32' | 'f16';

/** What a buffer holds after a run, from its first byte on. */
export type Expectation =
  | {
      readonly kind: 'floats';
      readonly scalar: Scalar;
      /** By element. NaN: the kernel must leave the element as it was. */
      readonly values: Float64Array;
      readonly tolerance: Tolerance;
    }
  | {
      readonly kind: 'codes';
      /** By byte: what was rounded to a code in −127 … 127, in f64. NaN: the kernel must leave the byte as it was. */
      readonly values: Float64Array;
    }
  | {
      readonly kind: 'words';
      /** By 32-bit word: its exact bits, or whether the kernel must leave it alone or may write anything. */
      readonly values: readonly (number | 'untouched' | 'any')[];
    }
  /** Written and read within the case; only what lies behind it is checked. */
  | { readonly kind: 'scratch' };

export const tolerances = {
  exact: { nmse: 0, relative: 0, absolute: 0, reason: 'every operation on the way is exact' },
  f32: {
    nmse: 5e-11,
    relative: 1e-5,
    absolute: 4e-5,
    reason: 'f32 sums in any order: one thread adding up K = 16384 products strays by about 2·10⁻⁶',
  },
  /** Softmax and SiLU: WGSL allows exp an error of 3 + 2·|x| units in the last place. */
  f32Exp: {
    nmse: 1e-10,
    relative: 1e-4,
    absolute: 3e-5,
    reason:
      'f32 sums, and exp of arguments up to 30 within WGSL’s 3 + 2·|x| units in the last place',
  },
  f16: {
    nmse: 2e-7,
    relative: 6e-4,
    absolute: 3e-5,
    reason: 'one rounding to f16 (2⁻¹¹ relative; 2⁻²⁵ where subnormal) on top of f32 sums',
  },
  /** A matrix unit's f16 operands: each of two factors is rounded by up to 2⁻¹¹, by 2⁻¹²·⁵ in the root mean square. */
  halfProducts: {
    nmse: 4e-7,
    relative: 1.6e-3,
    absolute: 2e-3,
    reason: 'both factors of each product rounded to f16: 3·10⁻⁴ of a sum in the root mean square',
  },
  /** The same in a score, where exp turns an absolute error into a relative one, and in weights and values. */
  halfAttention: {
    nmse: 9e-7,
    relative: 2e-3,
    absolute: 5e-3,
    reason: 'queries, keys, weights and values rounded to f16, at scores of standard deviation 1',
  },
  /** A value on the boundary between two codes may fall to either side: half a step of one product. */
  int8Boundary: {
    nmse: 1e-5,
    relative: 0,
    absolute: 0.02,
    reason: 'one code of int8 activations may differ by one: 1/127 of the block’s largest value',
  },
} as const satisfies Record<string, Tolerance>;

/**
 * How far from a code the number may lie that it was rounded from: a half, and what f32 arithmetic on the way
 * can move a number across the boundary between two codes.
 */
export const CODE_BOUND = 0.5 + 1e-3;

/** The tolerance of a result computed in f32 and stored as `scalar`. */
export function toleranceFor(scalar: Scalar, computed: Tolerance = tolerances.f32): Tolerance {
  return scalar === 'f16' ? tolerances.f16 : computed;
}

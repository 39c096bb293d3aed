import { type Tolerance, tolerances } from './expectation.ts';
import type { Contender, Operation } from './operation.ts';

/** In a contender's settings: factors of products were rounded to f16, as matrix units want them. */
export const HALF_PRODUCTS = 'f16 operands, f32 sums';

/** What a result of our own kernels with f32 activations may be off by, as its settings say it was computed. */
export function ownTolerance({ kind }: Operation, { products }: Contender['settings']): Tolerance {
  if (products === HALF_PRODUCTS) {
    return kind === 'product' ? tolerances.halfProducts : tolerances.halfAttention;
  }
  return kind === 'product' ? tolerances.f32 : tolerances.f32Exp;
}

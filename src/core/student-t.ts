import { invariant } from './errors.ts';

/** Two-sided 95 % points of Student's t by degrees of freedom, from 1. */
const T_975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622];
const Z_975 = 1.959964;

/**
 * Two-sided 95 % point of Student's t with 1 or more degrees of freedom. From a table up to 9, above by
 * its expansion in 1 / degrees (Abramowitz and Stegun 1964, 26.7.5), which is right to 1e-4 there.
 */
export function studentT975(degrees: number): number {
  invariant(degrees >= 1, `Student's t with ${degrees} degrees of freedom`);
  const tabled = T_975[degrees - 1];
  if (tabled !== undefined) return tabled;
  const z = Z_975;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / degrees ** power, 0);
}

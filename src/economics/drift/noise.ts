/** 97.5 % of a normal distribution. */
const Z = 1.959963984540054;

/** Standard deviation of the logarithm whose 95 % interval this is: ln(high / low) / (2 · 1.96). */
export function cvOfInterval(low: number, high: number): number {
  return Math.log(high / low) / (2 * Z);
}

/**
 * Standard deviation of one measurement from an A/A floor: the 95th percentile of |ln of the ratio| of two that differ
 * in nothing is 1.96·√2 of it.
 * @param floor as a share, as noise margins have it
 */
export function cvOfFloor(floor: number): number {
  return Math.log1p(floor) / (Z * Math.SQRT2);
}

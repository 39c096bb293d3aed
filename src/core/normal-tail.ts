/**
 * P(Z > z) of a standard normal, to 8e-8 (Abramowitz and Stegun 1964, 26.2.17). z = −1.96 gives 0.975.
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const series = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153];
  return density * series.reduce((sum, coefficient) => (sum + coefficient) * t, 0);
}

/**
 * Attempts at a call that succeeds with probability p each time, at most n of them.
 * Expected number (1 − (1 − p)ⁿ) / p, n where p is 0; probability that all fail (1 − p)ⁿ.
 */
export function expectedAttempts(successProbability: number, maxAttempts: number): number {
  if (successProbability === 0) return maxAttempts;
  if (successProbability === 1) return 1;
  return -Math.expm1(maxAttempts * Math.log1p(-successProbability)) / successProbability;
}

export function allFail(successProbability: number, maxAttempts: number): number {
  return (1 - successProbability) ** maxAttempts;
}

/** One call's attempts: the number of the first that succeeded, or null when all failed. `uniform` in [0, 1). */
export function attemptsUntil(
  successProbability: number,
  maxAttempts: number,
  uniform: number,
): number | null {
  if (successProbability === 1) return 1;
  if (successProbability === 0) return null;
  const attempt = 1 + Math.floor(Math.log1p(-uniform) / Math.log1p(-successProbability));
  return attempt <= maxAttempts ? attempt : null;
}

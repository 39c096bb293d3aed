export const IDLE_RULES = ['weighted', 'even'] as const;
export type IdleRule = (typeof IDLE_RULES)[number];

/**
 * Dollars of shared machines that nobody used, put on those who share them: `weighted` by what each is charged already
 * (alike where nobody is charged anything), `even` alike. The shares add up to `idleUsd`, as a bill must.
 */
export function shareIdle(
  chargedUsd: readonly number[],
  idleUsd: number,
  rule: IdleRule,
): number[] {
  const sum = chargedUsd.reduce((total, usd) => total + usd, 0);
  const isEven = rule === 'even' || sum === 0;
  return chargedUsd.map((usd) => idleUsd * (isEven ? 1 / chargedUsd.length : usd / sum));
}

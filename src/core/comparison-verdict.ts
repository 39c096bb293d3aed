import { MIN_LAUNCHES_VERDICT, type SpeedRatio } from './comparison.ts';

export const VERDICTS = ['FASTER', 'SLOWER', 'SAME', 'AMBIGUOUS'] as const;
/** Of B against A. */
export type Verdict = (typeof VERDICTS)[number];

/** Differences up to here are of no practical weight, however surely they are measured. */
export const LEAST_MARGIN = 0.02;
export const SIGNIFICANCE = 0.05;

export interface Evidence {
  ratio: SpeedRatio;
  /** After Holm; null where there were too few launches to test. */
  correctedP: number | null;
  /** Smallest corrected p that so many launches could have given. */
  smallestP: number;
  margin: number;
  /** Of the side with fewer. */
  launches: number;
  /** Tests that the correction went over. */
  tests: number;
}

export interface Judgement {
  verdict: Verdict;
  /** Why AMBIGUOUS; null for other verdicts. */
  reason: string | null;
}

/**
 * FASTER: the whole interval is above 1 + margin and the corrected p is below 0.05. SLOWER: likewise below
 * 1 / (1 + margin). SAME: the whole interval lies between these. All else is AMBIGUOUS, with the reason.
 */
export function judge(evidence: Evidence): Judgement {
  const { ratio, correctedP, margin, launches } = evidence;
  const { low, high } = ratio;
  if (launches < MIN_LAUNCHES_VERDICT || low === null || high === null || correctedP === null) {
    const reason = `${launches} launches are too few for a verdict; it takes ${MIN_LAUNCHES_VERDICT}, better 10`;
    return { verdict: 'AMBIGUOUS', reason };
  }
  const [upper, lower] = [1 + margin, 1 / (1 + margin)];
  const isSure = correctedP < SIGNIFICANCE;
  if (low > upper && isSure) return { verdict: 'FASTER', reason: null };
  if (high < lower && isSure) return { verdict: 'SLOWER', reason: null };
  if (low >= lower && high <= upper) return { verdict: 'SAME', reason: null };
  const isBeyond = low > upper || high < lower;
  return { verdict: 'AMBIGUOUS', reason: isBeyond ? unsure(evidence) : unclear(evidence) };
}

/** No verdict, however clear the figures: they may be off by more than their interval shows. */
export function withheld(causes: readonly string[]): Judgement {
  return { verdict: 'AMBIGUOUS', reason: `withheld: ${causes.join('; ')}` };
}

function unsure({ smallestP, launches, tests }: Evidence): string {
  if (smallestP < SIGNIFICANCE) return 'the interval is clear of the margin, the test is not sure';
  return `${launches} launches cannot be sure enough for ${tests} tests at once; take more, or fewer cells or metrics`;
}

/** The interval narrows with the root of the launches; it must fit between the estimate and the nearer bound. */
function unclear({ ratio, margin, launches }: Evidence): string {
  const { low, high } = ratio;
  const halfWidth = low === null || high === null ? 0 : Math.log(high / low) / 2;
  const room = Math.abs(Math.abs(Math.log(ratio.estimate)) - Math.log1p(margin));
  const needed = Math.ceil(launches * (halfWidth / room) ** 2);
  if (!(needed <= MOST_LAUNCHES)) return 'the difference is about as large as the margin';
  const enough = Math.max(needed, launches + 1);
  return `the interval reaches across the margin; about ${enough} launches would tell`;
}

/** More than anyone takes. */
const MOST_LAUNCHES = 200;

import type { UnmatchedCell } from '../core/cell-pairs.ts';
import type { ComparisonResult } from '../core/compare-records.ts';
import type { NoiseRecord } from '../core/noise-record.ts';

/** Everything that one comparison shows. */
export interface ShownComparison extends ComparisonResult {
  /** What the sides are: `store before.jsonl`, `backend=wgsl`. */
  sides: { a: string; b: string };
  unmatched: readonly UnmatchedCell[];
  /** Records that were measured but not finished, and take no part. */
  unfinished: { a: number; b: number };
  noise: readonly NoiseRecord[];
  /** Keys that were allowed to differ. */
  allowed: readonly string[];
}

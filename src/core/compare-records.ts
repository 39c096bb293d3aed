import type { RecordPair } from './cell-pairs.ts';
import {
  logMedians,
  MIN_LAUNCHES_VERDICT,
  pairedLogRatios,
  pairedRatio,
  type SpeedRatio,
  unpairedRatio,
} from './comparison.ts';
import { METRICS, type MetricName, metricTimes, metricValue } from './comparison-metrics.ts';
import { judge, SIGNIFICANCE, type Verdict, withheld } from './comparison-verdict.ts';
import { flagName, type RowFlag, rowFlags } from './flag-effects.ts';
import { type Margin, marginFor } from './noise-margin.ts';
import type { NoiseRecord } from './noise-record.ts';
import {
  holm,
  labelPermutationP,
  signFlipP,
  smallestLabelP,
  smallestSignFlipP,
} from './permutation-test.ts';
import { samplesNeeded } from './quantile.ts';
import type { BenchRecord } from './record.ts';
import { Rng } from './rng.ts';
import type { LaunchSamples } from './statistics.ts';
import { tailP, tailRatio } from './tail-ratio.ts';

export type TestName = 'sign-flip' | 'labels';

/** One figure of one cell on both sides. */
export interface ComparisonRow {
  pair: RecordPair;
  metric: MetricName;
  /** The figures in the metric's unit. */
  a: number;
  b: number;
  /** How many times as fast B is. */
  ratio: SpeedRatio;
  launches: { a: number; b: number };
  isPaired: boolean;
  test: TestName | null;
  p: number | null;
  /** After Holm over all tests of this comparison. */
  correctedP: number | null;
  margin: Margin;
  verdict: Verdict;
  reason: string | null;
  /** Flags to read it with. */
  flags: RowFlag[];
  /** Why there is no verdict whatever the figures say: flags and sides; empty where there is one. */
  withheldFor: string[];
}

/** A figure that one side of a pair does not have, or not in the same way. */
export interface SkippedMetric {
  pair: RecordPair;
  metric: MetricName;
  reason: string;
}

export interface ComparisonInput {
  pairs: readonly RecordPair[];
  metrics: readonly MetricName[];
  /** A/A floors of the machines that measured; the newest that fits is used. */
  noise: readonly NoiseRecord[];
  /** Why nothing is said about a record, such as that its whole session is invalid; null where nothing is against it. */
  withheld?: (record: BenchRecord) => string | null;
  seed: number;
  /** Of each bootstrap; 10 000 unless told, or fewer with very many launches. */
  draws?: number;
}

export interface ComparisonResult {
  rows: ComparisonRow[];
  skipped: SkippedMetric[];
  /** Distinct tests that p was corrected for. */
  tests: number;
}

/** What a pair and a metric come to before anything is tested. */
interface Draft {
  pair: RecordPair;
  metric: MetricName;
  a: LaunchSamples;
  b: LaunchSamples;
  launches: number;
  /** Equal for metrics that are the same times, such as prefill tok/s and TTFT: one test. */
  testKey: string;
  rng: Rng;
}

/**
 * Compares every metric of every pair: ratio with interval, a permutation test, Holm's correction over all tests,
 * and a verdict. Pure: the same records and seed give the same result.
 */
export function compareRecords(input: ComparisonInput): ComparisonResult {
  const skipped: SkippedMetric[] = [];
  const drafts: Draft[] = [];
  for (const pair of input.pairs) {
    for (const metric of input.metrics) {
      const draft = draftOf(pair, metric, input.seed);
      if ('reason' in draft) skipped.push(draft);
      else drafts.push(draft);
    }
  }
  const testable = new Map(
    drafts
      .filter(({ launches }) => launches >= MIN_LAUNCHES_VERDICT)
      .map((draft) => [draft.testKey, draft] as const),
  );
  const tests = testable.size;
  const tested = [...testable].map(([key, draft]) => ({ key, ...testOf(draft, tests) }));
  const corrected = holm(tested.map(({ p }) => p));
  const outcomes = new Map(
    tested.map((outcome, i) => [outcome.key, { ...outcome, correctedP: corrected[i] ?? 1 }]),
  );
  const rows = drafts.map((draft) => {
    const { pair, metric, a, b, launches } = draft;
    const isPaired = pair.isInterleaved;
    const ratio = ratioOf(draft, input.draws);
    const outcome = outcomes.get(draft.testKey);
    const margin = marginFor(pair, metric, launches, input.noise);
    const { p = null, correctedP = null, test = null } = outcome ?? {};
    const smallestP = outcome === undefined ? 1 : Math.min(1, tests * outcome.smallestP);
    const flags = rowFlags(pair, METRICS[metric], ratio);
    const withheldFor = [
      ...flags.filter(({ withholds }) => withholds).map(flagName),
      ...problemsOf(pair, input.withheld),
    ];
    const evidence = { ratio, correctedP, smallestP, margin: margin.value, launches, tests };
    return {
      pair,
      metric,
      a: metricValue(a, METRICS[metric]),
      b: metricValue(b, METRICS[metric]),
      ratio,
      launches: { a: a.length, b: b.length },
      isPaired,
      test,
      p,
      correctedP,
      margin,
      ...(withheldFor.length > 0 ? withheld(withheldFor) : judge(evidence)),
      flags,
      withheldFor,
    };
  });
  return { rows, skipped, tests };
}

/** `A: the session is invalid`; said once where both sides have the same. */
function problemsOf({ a, b }: RecordPair, problemOf: ComparisonInput['withheld']): string[] {
  const [ofA, ofB] = [problemOf?.(a) ?? null, problemOf?.(b) ?? null];
  if (ofA !== null && ofA === ofB) return [`A and B: ${ofA}`];
  return [...(ofA === null ? [] : [`A: ${ofA}`]), ...(ofB === null ? [] : [`B: ${ofB}`])];
}

function draftOf(pair: RecordPair, metric: MetricName, seed: number): Draft | SkippedMetric {
  const { a, b } = pair;
  const definition = METRICS[metric];
  const [timesA, timesB] = [metricTimes(a, definition), metricTimes(b, definition)];
  if (timesA === null || timesB === null) {
    const side = timesA === null ? (timesB === null ? 'neither side has' : 'A has no') : 'B has no';
    return { pair, metric, reason: `${side} ${definition.label}` };
  }
  const steps = (record: typeof a) => record.decode?.runAhead?.steps ?? 1;
  if (metric === 'run-ahead' && steps(a) !== steps(b)) {
    return { pair, metric, reason: `A ran ${steps(a)} steps ahead, B ${steps(b)}` };
  }
  const tokens = `${definition.tokens(a.cell.workload) / definition.tokens(b.cell.workload)}`;
  const short = tooFewFor(definition.percentile, { A: timesA, B: timesB });
  if (short !== null) return { pair, metric, reason: short };
  return {
    pair,
    metric,
    a: timesA,
    b: timesB,
    launches: Math.min(timesA.length, timesB.length),
    testKey: JSON.stringify([a.id, b.id, definition.time, definition.percentile, tokens]),
    rng: new Rng('compare', seed).fork(a.id, b.id, metric),
  };
}

/** Null where both sides have enough times to bound the percentile; a median needs no number of them. */
function tooFewFor(
  percentile: number | null,
  sides: Readonly<Record<'A' | 'B', LaunchSamples>>,
): string | null {
  if (percentile === null) return null;
  const needed = samplesNeeded(percentile);
  const short = Object.entries(sides)
    .map(([side, times]) => ({ side, count: times.flat().length }))
    .filter(({ count }) => count < needed)
    .map(({ side, count }) => `${side} has ${count} times`);
  if (short.length === 0) return null;
  return `${short.join(', ')}; p${100 * percentile} takes ${needed}`;
}

function ratioOf({ pair, metric, a, b, rng }: Draft, draws: number | undefined): SpeedRatio {
  const { percentile: p } = METRICS[metric];
  const isPaired = pair.isInterleaved;
  const drawn = rng.fork('ratio');
  if (p !== null) return tailRatio({ a, b, p, isPaired }, drawn, draws);
  return isPaired
    ? pairedRatio(pairedLogRatios(a, b), drawn, draws)
    : unpairedRatio(logMedians(a), logMedians(b), drawn, draws);
}

/**
 * Pairs are tested by flipping signs. Where there are so few that this could not reach 0.05 after the correction,
 * all labels are permuted instead: that is chosen by the number of launches and of tests, never by the data, and
 * where the two of a pair vary together its p is too large rather than too small.
 */
function testOf(
  { pair, metric, a, b, launches, rng }: Draft,
  tests: number,
): { test: TestName; p: number; smallestP: number } {
  const isPaired = pair.isInterleaved;
  const { percentile } = METRICS[metric];
  const tail = percentile === null ? null : { a, b, p: percentile, isPaired };
  const signFlip = smallestSignFlipP(launches);
  if (isPaired && tests * signFlip < SIGNIFICANCE) {
    const drawn = rng.fork('sign-flip');
    const p = tail === null ? signFlipP(pairedLogRatios(a, b), drawn) : tailP(tail, 'swap', drawn);
    return { test: 'sign-flip', p, smallestP: signFlip };
  }
  const drawn = rng.fork('labels');
  const p =
    tail === null
      ? labelPermutationP(logMedians(a), logMedians(b), drawn)
      : tailP(tail, 'deal', drawn);
  return { test: 'labels', p, smallestP: smallestLabelP(a.length, b.length) };
}

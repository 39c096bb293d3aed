import type { Peaks } from '../../src/core/kernel-peaks.ts';
import { roofOf } from './compare-contenders.ts';
import type { ModelOperation } from './model-shapes.ts';
import { operationCost } from './operation-cost.ts';

/** What bears on how long an operation's measurement takes. */
export interface TimingEffort {
  peaks: Peaks;
  blocks: number;
  /** Wall time that a sample lasts at least. */
  sampleMs: number;
  /** Bytes that copies of weights or cache take together, at least those of one. */
  coldBytes: number;
  contenders: number;
}

/** An operation with the time its measurement is expected to take. */
export interface PlannedOperation {
  readonly subject: ModelOperation;
  readonly seconds: number;
  readonly isIncluded: boolean;
}

/** The part of the peaks that kernels are expected to reach; a run corrects it as it goes. */
const EXPECTED_SHARE = 0.15;
/** Samples that only find out how many runs a sample takes, and runs whose results are looked at. */
const TRIAL_SAMPLES = 4;
/** Compiling, drawing small inputs, opening sessions: of each contender. */
const START_SECONDS = 0.4;
/** Bytes of inputs drawn, copied and uploaded a second. */
const UPLOAD_BYTES_PER_SECOND = 150e6;

/** Seconds that measuring an operation is expected to take. */
export function expectedSeconds(subject: ModelOperation, effort: TimingEffort): number {
  const { peaks, blocks, sampleMs, coldBytes, contenders } = effort;
  const cost = operationCost(subject.operation);
  const runMs = roofOf(cost, peaks).leastMs / EXPECTED_SHARE;
  const samplesMs = (blocks + TRIAL_SAMPLES) * Math.max(1.2 * sampleMs, runMs);
  const uploadSeconds = Math.max(coldBytes, cost.bytes) / UPLOAD_BYTES_PER_SECOND;
  return contenders * (START_SECONDS + samplesMs / 1000 + uploadSeconds);
}

/**
 * Chooses what fits into the budget, the quickest operations first so that as many as possible do. Comes in
 * that order too: what an adapter is slower at than expected shows while little time is lost.
 */
export function planOperations(
  subjects: readonly ModelOperation[],
  budgetSeconds: number,
  effort: TimingEffort,
): PlannedOperation[] {
  let total = 0;
  return subjects
    .map((subject) => ({ subject, seconds: expectedSeconds(subject, effort) }))
    .sort((a, b) => a.seconds - b.seconds)
    .map((one) => {
      total += one.seconds;
      return { ...one, isIncluded: total <= budgetSeconds };
    });
}

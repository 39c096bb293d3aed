import { BenchError, toBenchError } from '../../../src/core/errors.ts';
import type { Host } from '../../../src/core/host.ts';
import type { Operation } from '../operation.ts';
import { checkOutput, type OutputAccuracy, type Sample } from '../operation-oracle.ts';
import type { Candidate } from './candidate.ts';
import type { DeviceTensors } from './device-tensors.ts';
import { PeerSession } from './peer-session.ts';
import { peerTolerance } from './tolerance.ts';

/** A run of this length is told apart from others without another one. */
const LONG_MS = 200;

/** How a candidate did at one operation. */
export interface Trial {
  readonly candidate: Candidate;
  readonly accuracy: OutputAccuracy | null;
  /** Of one run of one operation, the cost of the call with it; null where it cannot be used. */
  readonly ms: number | null;
  /** Why it cannot be used. */
  readonly problem: string | null;
}

/** What trials need to know. */
export interface TrialInputs {
  readonly operation: Operation;
  readonly samples: readonly Sample[];
  readonly tensors: DeviceTensors;
  readonly host: Host;
}

/**
 * Tries every candidate on one operation, with the fallback of each whose results are wrong. A candidate that
 * fails is a trial without a time. Throws what ends them all: a lost device.
 */
export async function tryCandidates(
  candidates: readonly Candidate[],
  inputs: TrialInputs,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  const queue = [...candidates];
  for (let candidate = queue.shift(); candidate; candidate = queue.shift()) {
    const { witness, fallback } = candidate;
    const isWitnessed = trials.every(
      (trial) => trial.candidate.label !== witness || !trial.problem,
    );
    const trial = isWitnessed
      ? await tryOne(candidate, inputs)
      : { candidate, accuracy: null, ms: null, problem: `${witness} is wrong` };
    trials.push(trial);
    if (trial.problem && fallback) queue.push(fallback());
  }
  return trials;
}

async function tryOne(candidate: Candidate, inputs: TrialInputs): Promise<Trial> {
  const { operation, samples, tensors, host } = inputs;
  try {
    const session = await PeerSession.open(await candidate.build(tensors, 1, 1));
    try {
      const tolerance = peerTolerance(operation, candidate.elem);
      const accuracy = checkOutput(operation, samples, await session.output(), tolerance);
      if (accuracy.problem) return { candidate, accuracy, ms: null, problem: accuracy.problem };
      return { candidate, accuracy, ms: await shortestRunMs(session, host), problem: null };
    } finally {
      await session.dispose();
    }
  } catch (thrown) {
    const error = toBenchError(thrown);
    if (error.code === 'device-lost' || error.code === 'internal') throw error;
    return { candidate, accuracy: null, ms: null, problem: error.message };
  }
}

/** The shortest of a few runs; of one, where that is long enough to be told apart. */
async function shortestRunMs(session: PeerSession, host: Host): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4; run++) {
    const startMs = host.now();
    await session.finish();
    const ms = host.now() - startMs;
    shortest = Math.min(shortest, ms);
    if (ms > LONG_MS) break;
  }
  return shortest;
}

/** A trial of a candidate whose result is right. */
export interface UsableTrial {
  readonly candidate: Candidate;
  readonly accuracy: OutputAccuracy;
  readonly ms: number;
}

/** The trials that can be used, fastest first. Throws `engine` when there are none. */
export function usableTrials(trials: readonly Trial[], what: string): UsableTrial[] {
  const usable = trials.flatMap(({ candidate, accuracy, ms }) =>
    accuracy === null || ms === null ? [] : [{ candidate, accuracy, ms }],
  );
  if (usable.length === 0) {
    const reasons = trials.map(({ candidate, problem }) => `${candidate.label}: ${problem}`);
    throw new BenchError(
      'engine',
      `ONNX Runtime has no right way for ${what}: ${reasons.join('; ')}`,
    );
  }
  return usable.sort((a, b) => a.ms - b.ms);
}

import { describe, expect, it } from 'vitest';
import { matchCells } from '../../src/core/cell-pairs.ts';
import { compareRecords } from '../../src/core/compare-records.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { Rng } from '../../src/core/rng.ts';
import { gpuRecord } from '../support/sample-records.ts';

/** Sessions with known truth, at the noise of a careful machine: CV 1 % within launches, 1.5 % between them. */
const WITHIN = 0.01;
const BETWEEN = 0.015;
const LAUNCHES = 10;
const REPETITIONS = 10;
const SESSIONS = 200;
/** Those cost more: labels are permuted by drawing. */
const UNPAIRED_SESSIONS = 80;
/** Fewer than a user's comparison takes: intervals are as wide, a little rougher. */
const DRAWS = 500;
const MINUTE_MS = 60_000;

interface Session {
  name: string;
  /** Log speed beyond that of the other. */
  speedup: number;
  run: string;
  /** What the moments of the machine do to both, by launch. */
  moments: readonly number[];
  launches: number;
}

function record(session: Session, rng: Rng): BenchRecord {
  const base = gpuRecord();
  const [first] = base.launches;
  if (first === undefined) throw new Error('a sample record without launches');
  const launches = Array.from({ length: session.launches }, (_, i) => {
    const effect = (session.moments[i] ?? 0) + BETWEEN * rng.normal() - session.speedup;
    const repetitions = Array.from({ length: REPETITIONS }, () => ({
      prefillMs: 100 * Math.exp(effect + WITHIN * rng.normal()),
      stepMs: [10 * Math.exp(effect + WITHIN * rng.normal())],
      runAheadMs: null,
    }));
    return { ...first, startedAt: new Date(i * MINUTE_MS).toISOString(), repetitions };
  });
  return { ...base, id: session.name, run: session.run, launches };
}

/** Shares of verdicts over simulated sessions, each with a prefill and a decode. */
function simulate(
  speedup: number,
  {
    isPaired = true,
    launches = LAUNCHES,
    drift = 0,
  }: {
    isPaired?: boolean;
    launches?: number;
    drift?: number;
  } = {},
) {
  const counts = { FASTER: 0, SLOWER: 0, SAME: 0, AMBIGUOUS: 0 };
  let covered = 0;
  const sessions = isPaired ? SESSIONS : UNPAIRED_SESSIONS;
  for (let session = 0; session < sessions; session++) {
    const rng = new Rng('session', session);
    const moments = Array.from({ length: launches }, () => drift * rng.normal());
    const sides = { moments, launches };
    const a = record({ name: `a${session}`, speedup: 0, run: 'one', ...sides }, rng);
    const b = record(
      { name: `b${session}`, speedup, run: isPaired ? 'one' : 'two', ...sides },
      rng,
    );
    const { pairs } = matchCells([a], [b], []);
    const metrics = ['prefill', 'decode'] as const;
    const { rows } = compareRecords({ pairs, metrics, noise: [], seed: 1, draws: DRAWS });
    for (const { verdict, ratio } of rows) {
      counts[verdict] += 1 / rows.length / sessions;
      const truth = Math.exp(speedup);
      if ((ratio.low ?? 9) <= truth && truth <= (ratio.high ?? 0)) {
        covered += 1 / rows.length / sessions;
      }
    }
  }
  return { ...counts, covered };
}

describe('verdicts on sessions whose truth is known', () => {
  it('find no difference where there is none, in 95 % or more', () => {
    const { FASTER, SLOWER, covered } = simulate(0);
    expect(FASTER + SLOWER).toBeLessThanOrEqual(0.05);
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.985);
  });

  it('find a true 5 % in 90 % or more, and never turned round', () => {
    const faster = simulate(Math.log(1.05));
    expect(faster.FASTER).toBeGreaterThanOrEqual(0.9);
    expect([faster.SLOWER, faster.SAME]).toEqual([0, 0]);
    const slower = simulate(-Math.log(1.05));
    expect(slower.SLOWER).toBeGreaterThanOrEqual(0.9);
  });

  it('find it through a drift that both sides share, as long as they take turns', () => {
    expect(simulate(Math.log(1.05), { drift: 0.2 }).FASTER).toBeGreaterThanOrEqual(0.9);
  });

  it('find it between runs too', () => {
    const { FASTER, SLOWER } = simulate(0, { isPaired: false });
    expect(FASTER + SLOWER).toBeLessThanOrEqual(0.05);
    expect(simulate(Math.log(1.05), { isPaired: false }).FASTER).toBeGreaterThanOrEqual(0.9);
  });

  it('call a difference of the margin itself neither, in 95 % or more', () => {
    const { FASTER, SAME } = simulate(Math.log(1.02));
    expect(FASTER).toBeLessThanOrEqual(0.05);
    expect(SAME).toBeLessThanOrEqual(0.05);
  });

  it('stay open with fewer than five launches', () => {
    expect(simulate(Math.log(2), { launches: 4 }).AMBIGUOUS).toBeCloseTo(1, 9);
  });
});

import { describe, expect, test } from 'vitest';
import { matchCells } from '../../src/core/cell-pairs.ts';
import { compareRecords } from '../../src/core/compare-records.ts';
import { Rng } from '../../src/core/rng.ts';
import { diagnosePhase } from '../../src/measure/diagnose.ts';
import { troubleFlags } from '../../src/measure/trouble-flags.ts';
import { gpuRecord } from '../support/sample-records.ts';
import {
  publishNoise,
  type SimulatedSession,
  simulateSession,
} from '../support/simulated-session.ts';

const SESSIONS = 400;

/** Share of simulated sessions with each flag. */
function flagRates(change: Partial<SimulatedSession>): (code: string) => number {
  const session = { ...publishNoise, ...change };
  const rng = new Rng('flags', JSON.stringify(change));
  const counts = new Map<string, number>();
  for (let i = 0; i < SESSIONS; i++) {
    const decode = diagnosePhase(simulateSession(session, rng), 0, rng.fork(i));
    for (const { code } of troubleFlags({ prefill: null, decode })) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return (code) => (counts.get(code) ?? 0) / SESSIONS;
}

const DRIFT_AND_MODES = ['drift-in-launches', 'drift-over-launches', 'bimodal', 'bimodal-launches'];

describe('flags of drift and modes stay away from clean sessions', () => {
  test.each([6, 10, 20])('%d launches of independent repetitions', (launches) => {
    const rate = flagRates({ launches, lag1: 0 });
    for (const code of [...DRIFT_AND_MODES, 'autocorrelation']) {
      expect(rate(code), code).toBeLessThanOrEqual(0.02);
    }
  });

  test.each([6, 10])('%d launches of autocorrelated repetitions', (launches) => {
    const rate = flagRates({ launches });
    for (const code of DRIFT_AND_MODES) expect(rate(code), code).toBeLessThanOrEqual(0.02);
    expect(rate('autocorrelation')).toBeGreaterThan(0.5);
  });

  test('nor do scattered launches alone look like modes or drift', () => {
    const rate = flagRates({ between: 0.05, lag1: 0 });
    for (const code of DRIFT_AND_MODES) expect(rate(code), code).toBeLessThanOrEqual(0.02);
  });
});

describe('they fire on made traces', () => {
  test.each([
    ['drift-in-launches', { driftInLaunch: 0.05 }],
    ['drift-in-launches', { driftInLaunch: -0.05, launches: 6 }],
    ['drift-over-launches', { driftOverLaunches: 0.1 }],
    ['drift-over-launches', { driftOverLaunches: -0.15, launches: 6, between: 0.005 }],
    ['bimodal', { slowRepetitions: { share: 0.4, by: 0.08 } }],
    ['bimodal', { slowRepetitions: { share: 0.4, by: 0.1 }, launches: 6 }],
    ['bimodal-launches', { slowLaunches: { share: 0.4, by: 0.2 }, between: 0.01 }],
    ['bimodal-launches', { slowLaunches: { share: 0.5, by: 0.1 }, between: 0.005, launches: 6 }],
    ['autocorrelation', { lag1: 0.7 }],
    ['severe-outliers', { slowRepetitions: { share: 0.03, by: 0.5 } }],
    ['noisy', { between: 0.14, launches: 20 }],
    ['do-not-rank', { between: 0.4 }],
  ] as const)('%s with %j', (code, change) => {
    expect(flagRates(change)(code)).toBeGreaterThanOrEqual(0.9);
  });
});

describe('withheld verdicts', () => {
  const MINUTE_MS = 60_000;

  /** A session as a record with the flags that it gets. */
  function recordOf(id: string, run: string, session: SimulatedSession, rng: Rng) {
    const times = simulateSession(session, rng);
    const [first] = gpuRecord().launches;
    if (first === undefined) throw new Error('a sample record without launches');
    const launches = times.map((repetitions, i) => ({
      ...first,
      startedAt: new Date(i * MINUTE_MS).toISOString(),
      repetitions: repetitions.map((ms) => ({ prefillMs: null, stepMs: [ms], runAheadMs: null })),
    }));
    const decode = diagnosePhase(times, 0, rng.fork(id));
    return gpuRecord({ id, run, launches, flags: troubleFlags({ prefill: null, decode }) });
  }

  /** Shares of sessions that are withheld, and in which B is found slower. */
  function shares(
    run: 'same' | 'other',
    a: Partial<SimulatedSession>,
    b: Partial<SimulatedSession>,
  ) {
    const sessions = 200;
    const counts = { withheld: 0, slower: 0 };
    for (let i = 0; i < sessions; i++) {
      const rng = new Rng('withheld', run, JSON.stringify([a, b]), i);
      const sides = [
        recordOf('a', 'same', { ...publishNoise, ...a }, rng),
        recordOf('b', run, { ...publishNoise, ...b }, rng),
      ] as const;
      const { pairs } = matchCells([sides[0]], [sides[1]], []);
      const metrics = ['decode'] as const;
      const { rows } = compareRecords({ pairs, metrics, noise: [], seed: 1, draws: 500 });
      if ((rows[0]?.withheldFor.length ?? 0) > 0) counts.withheld += 1 / sessions;
      if (rows[0]?.verdict === 'SLOWER') counts.slower += 1 / sessions;
    }
    return counts;
  }

  test.each(['same', 'other'] as const)(
    'are few of clean ones, and a true difference of 5 in 100 is still found, %s run',
    (run) => {
      const { withheld, slower } = shares(run, {}, { medianMs: 105 });
      expect(withheld).toBeLessThanOrEqual(0.04);
      expect(slower).toBeGreaterThanOrEqual(0.9);
    },
  );

  test.each([
    ['a machine that got slower during one', { driftOverLaunches: 0.15 }],
    ['launches of two kinds', { slowLaunches: { share: 0.4, by: 0.2 }, between: 0.01 }],
    ['launches that scatter without rank', { between: 0.4 }],
    ['repetitions that got slower', { driftInLaunch: 0.05 }],
  ])('are those of %s, where nothing differs', (_, trouble) => {
    const { withheld, slower } = shares('other', {}, trouble);
    expect(withheld).toBeGreaterThanOrEqual(0.9);
    expect(slower).toBeLessThanOrEqual(0.05);
  });
});

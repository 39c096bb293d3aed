import { describe, expect, test } from 'vitest';
import {
  canaryChanges,
  isChanged,
  LEAST_CANARY_CHANGE,
  launchPairs,
} from '../../src/core/canary.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { Rng } from '../../src/core/rng.ts';
import { CANARY_MOMENTS } from '../../src/core/session-record.ts';
import { scatteredLaunch } from '../support/canary-launches.ts';
import { fakeCell } from '../support/launch-results.ts';

const SESSIONS = 1000;

interface Machine {
  cells: number;
  launches: number;
  /** σ of the logarithm of a launch's speed; of a pass within it. */
  between: number;
  within: number;
  /** The machine is this much slower from a moment on that is drawn anew for each session. */
  slowdown?: number;
}

/** Share of simulated sessions that the canary calls changed. */
function changedShare(machine: Machine): { rule: number; plain: number } {
  const { cells, launches, between, within, slowdown = 0 } = machine;
  const rng = new Rng('canary', JSON.stringify(machine));
  const counts = { rule: 0, plain: 0 };
  for (let session = 0; session < SESSIONS; session++) {
    const from = 0.1 + 0.8 * rng.uniform();
    const launchAt = (moment: number) => {
      const speed = () => Math.exp(between * rng.normal()) * (moment > from ? 1 + slowdown : 1);
      return scatteredLaunch(rng, { prefill: speed(), decode: speed() }, within).launch;
    };
    const records = Array.from({ length: cells }, () => ({
      cell: fakeCell,
      launches: Array.from({ length: launches }, (_, i) => launchAt((i + 0.5) / launches)),
    })) as unknown as BenchRecord[];
    const changes = canaryChanges({
      launches: CANARY_MOMENTS.map((moment, i) => ({
        moment,
        atMs: i,
        launch: launchAt(i / 2),
        error: null,
      })),
      launchLogRatios: launchPairs(fakeCell, records),
    });
    if (changes.some(isChanged)) counts.rule += 1;
    const plain = changes.map((change) => ({ ...change, limit: LEAST_CANARY_CHANGE }));
    if (plain.some(isChanged)) counts.plain += 1;
  }
  return { rule: counts.rule / SESSIONS, plain: counts.plain / SESSIONS };
}

describe('sessions without a change are rarely called invalid', () => {
  test.each([
    { cells: 1, launches: 6, between: 0.005, within: 0.01 },
    { cells: 1, launches: 6, between: 0.03, within: 0.02 },
    { cells: 4, launches: 6, between: 0.01, within: 0.01 },
    { cells: 4, launches: 6, between: 0.06, within: 0.05 },
    { cells: 2, launches: 10, between: 0.1, within: 0.02 },
    { cells: 3, launches: 3, between: 0.03, within: 0.02 },
  ])('%j', (machine) => {
    const { rule } = changedShare(machine);
    expect(rule).toBeLessThanOrEqual(0.06);
  });

  test('where 3 % alone would condemn most of them', () => {
    expect(
      changedShare({ cells: 4, launches: 6, between: 0.03, within: 0.01 }).plain,
    ).toBeGreaterThan(0.5);
  });
});

describe('a slowdown of 10 % is seen in nine of ten sessions', () => {
  test.each([
    { cells: 1, launches: 6, between: 0.005, within: 0.01 },
    { cells: 4, launches: 6, between: 0.01, within: 0.01 },
    { cells: 2, launches: 10, between: 0.01, within: 0.01 },
  ])('%j', (machine) => {
    expect(changedShare({ ...machine, slowdown: 0.1 }).rule).toBeGreaterThanOrEqual(0.9);
  });
});

import { describe, expect, test } from 'vitest';
import { median } from '../../src/core/quantile.ts';
import { Rng } from '../../src/core/rng.ts';
import {
  bootstrapInterval,
  halfWidthShare,
  logTInterval,
  medianOfLaunches,
} from '../../src/core/statistics.ts';
import {
  publishNoise,
  type SimulatedSession,
  simulateSession,
} from '../support/simulated-session.ts';

/** Simulated sessions a case: coverage of 95 % has a standard error of half a per cent. */
const SESSIONS = 2000;
/** Fewer than records have; the end points of an interval hardly notice. */
const DRAWS = 400;

function coverage(
  session: SimulatedSession,
  seed: string,
  interval: (times: number[][], rng: Rng) => [number, number],
): number {
  const rng = new Rng('coverage', seed);
  let covered = 0;
  for (let i = 0; i < SESSIONS; i++) {
    const [low, high] = interval(simulateSession(session, rng), rng);
    if (low <= session.medianMs && session.medianMs <= high) covered += 1;
  }
  return covered / SESSIONS;
}

const bootstrap = (times: number[][], rng: Rng) => bootstrapInterval(times, rng, DRAWS);

function expectNominal(share: number): void {
  expect(share).toBeGreaterThanOrEqual(0.93);
  expect(share).toBeLessThanOrEqual(0.97);
}

describe('the 95 % interval of a session covers the truth in 93 to 97 %', () => {
  test.each([6, 7, 10, 12])('with %d launches at the noise of a publication', (launches) => {
    expectNominal(coverage({ ...publishNoise, launches }, `${launches}`, bootstrap));
  });

  test.each([6, 10])(
    'with %d launches that are all alike, where repetitions are the only noise',
    (launches) => {
      expectNominal(
        coverage({ ...publishNoise, launches, between: 0 }, `alike ${launches}`, bootstrap),
      );
    },
  );

  test.each([6, 10])('with %d launches of independent repetitions', (launches) => {
    expectNominal(coverage({ ...publishNoise, launches, lag1: 0 }, `iid ${launches}`, bootstrap));
  });

  test.each([6, 10])('with %d launches at a tenth noise', (launches) => {
    const session = { ...publishNoise, launches, within: 0.05, between: 0.1 };
    expectNominal(coverage(session, `noisy ${launches}`, bootstrap));
  });

  test.each([3, 4])("with %d launches, by Student's t", (launches) => {
    const session = { ...publishNoise, launches };
    expectNominal(coverage(session, `t ${launches}`, (times) => logTInterval(times.map(median))));
  });

  test('when launches go on until it is narrow enough', () => {
    const lengths: number[] = [];
    const session = { ...publishNoise, launches: 20, between: 0.025 };
    const share = coverage(session, 'stopped', (times, rng) => {
      for (let launches = 6; ; launches++) {
        const taken = times.slice(0, launches);
        const [low, high] = bootstrap(taken, rng);
        const width = halfWidthShare({ median: medianOfLaunches(taken), low, high });
        if (width === null || (width > 0.03 && launches < 12)) continue;
        lengths.push(launches);
        return [low, high];
      }
    });
    // It looks at the width only; still an interval that chance made narrow ends a run early.
    expect(share).toBeGreaterThanOrEqual(0.92);
    expect(new Set(lengths).size).toBeGreaterThan(3);
  });
});

test('an interval of fewer launches is wider, in proportion to their noise', () => {
  const width = (session: SimulatedSession) => {
    const rng = new Rng('width', session.launches);
    const widths = Array.from({ length: 200 }, () => {
      const [low, high] = bootstrap(simulateSession(session, rng), rng);
      return high - low;
    });
    return median(widths);
  };
  const ten = width(publishNoise);
  expect(width({ ...publishNoise, launches: 6 }) / ten).toBeGreaterThan(1.2);
  const twice = { ...publishNoise, within: 0.02, between: 0.03 };
  expect(width(twice) / ten).toBeCloseTo(2, 0);
});

import { describe, expect, test } from 'vitest';
import { phaseDiagnosticsSchema } from '../../src/core/diagnostics.ts';
import { Rng } from '../../src/core/rng.ts';
import { sumPauses } from '../../src/hosts/node/gc-pauses.ts';
import { diagnosePhase } from '../../src/measure/diagnose.ts';
import { gcFlags, targetFlags, troubleFlags } from '../../src/measure/trouble-flags.ts';
import { fakeLaunch } from '../support/launch-results.ts';

const diagnose = (times: number[][]) => diagnosePhase(times, 0, new Rng(1));
const codes = (times: number[][]) =>
  troubleFlags({ prefill: diagnose(times), decode: null }).map(({ code }) => code);

/** Launches of repetitions that go up and down by a little, without a direction. */
const calm = (levels: number[]) =>
  levels.map((level) =>
    [0, 2, -1, 1, -2, 0.5, -0.5, 1.5].map((shift) => level * (1 + shift / 1000)),
  );

describe('diagnosePhase', () => {
  test('of one launch of two repetitions', () => {
    const found = diagnose([[10, 12]]);
    expect(phaseDiagnosticsSchema.parse(found)).toEqual(found);
    // Over the launch's median of 11: 10/11 and 12/11, sd √2/11
    expect(found?.repetitionCv).toBeCloseTo(Math.SQRT2 / 11, 12);
    expect(found?.madShare).toBeCloseTo(1 / 11, 12);
    expect(found).toMatchObject({
      samples: 2,
      launchCv: null,
      lag1: null,
      driftOverLaunches: null,
      bimodality: null,
      launchGroups: null,
      outliers: null,
    });
  });

  test('of launches: scatter, direction, groups', () => {
    const found = diagnose([[100], [101], [102], [103], [104], [105]]);
    // sd of 100 … 105 is √3.5; slope 1 a launch over five steps; 2/720 by chance
    expect(found?.launchCv).toBeCloseTo(Math.sqrt(3.5) / 102.5, 12);
    expect(found?.driftOverLaunches?.share).toBeCloseTo(5 / 102.5, 12);
    expect(found?.driftOverLaunches?.pValue).toBeCloseTo(2 / 720, 12);
    expect(found?.driftInLaunches).toBeNull();
    // 100 101 102 | 103 104 105: a gap of 1 between ranges of 2
    expect(found?.launchGroups?.gap).toBeCloseTo(0.5, 12);
    expect(found?.launchGroups?.separation).toBeCloseTo(3 / 101, 12);
  });

  test('of a clock that did not move is none', () => {
    expect(diagnose([[0, 0], [1]])).toBeNull();
  });
});

describe('troubleFlags', () => {
  test('calm launches have none', () => {
    expect(codes(calm([100, 100.4, 99.8, 100.1, 99.7, 100.2]))).toEqual([]);
  });

  test.each([
    ['drift-over-launches', calm([100, 101, 102, 103, 104, 105])],
    ['bimodal-launches', calm([100, 110, 100.1, 110.1, 100.2, 110.2])],
    ['noisy', calm([100, 130, 110, 125, 98, 112])],
    ['do-not-rank', calm([100, 200, 150, 220, 90, 130])],
    ['severe-outliers', calm([100, 100.4, 99.8]).map((launch) => [...launch, 150])],
    [
      'drift-in-launches',
      [100, 99, 101].map((level) => Array.from({ length: 10 }, (_, i) => level * (1 + i / 200))),
    ],
  ])('%s', (code, times) => {
    expect(codes(times)).toContain(code);
    const flags = troubleFlags({ prefill: diagnose(times), decode: null });
    for (const flag of flags) {
      expect(flag.field).toBe('prefill');
      expect(flag.message).toMatch(/\.$/);
      expect(flag.hint).toMatch(/\.$/);
    }
  });

  test('small drift is not worth a word, however certain', () => {
    expect(codes(calm([100, 100.2, 100.4, 100.6, 100.8, 101]))).toEqual([]);
  });
});

describe('targetFlags', () => {
  const protocol = {
    preset: 'standard',
    overrides: [],
    launchesMin: 6,
    launchesMax: 12,
    halfWidthTarget: 0.03,
    cellBudgetMs: 1,
  } as const;
  const stop = {
    rule: 'launch-cap',
    spentMs: 1,
    halfWidth: { prefill: 0.1, decode: null },
  } as const;

  test('tells of intervals that stayed wide', () => {
    const [flag] = targetFlags({ ...protocol, overrides: [], stop: { ...stop, targetMet: false } });
    expect(flag).toMatchObject({ code: 'target-missed', message: expect.stringContaining('±3 %') });
    expect(targetFlags({ ...protocol, overrides: [], stop: { ...stop, targetMet: true } })).toEqual(
      [],
    );
  });
});

describe('garbage collection', () => {
  test('pauses are summed, and what overlaps the timed part apart', () => {
    const pauses = [
      { startMs: 0, endMs: 4 },
      { startMs: 9, endMs: 12 },
      { startMs: 50, endMs: 51 },
    ];
    expect(sumPauses(pauses, { startMs: 10, endMs: 50.5 })).toEqual({
      count: 3,
      totalMs: 8,
      longestMs: 4,
      timedMs: 2.5,
    });
  });

  test('is flagged from 1 % of the timed repetitions on', () => {
    // 100 + 4 · 25 ms timed
    const launch = (timedMs: number) => ({
      ...fakeLaunch([[100, [25, 25, 25, 25]]]).launch,
      gcPauses: { count: 1, totalMs: 9, longestMs: 9, timedMs },
    });
    expect(gcFlags([launch(1), launch(2)])).toEqual([]);
    expect(gcFlags([launch(1), launch(2.1)]).map(({ code }) => code)).toEqual(['gc-pauses']);
    expect(gcFlags([{ ...launch(0), gcPauses: null }])).toEqual([]);
  });
});

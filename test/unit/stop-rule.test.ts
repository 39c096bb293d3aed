import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../src/measure/protocol.ts';
import { halfWidths, isTargetMet, type StopInput, stopRule } from '../../src/measure/stop-rule.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';

/** Launches whose prefills and steps took these times. */
function input(timesMs: number[], change: Partial<StopInput> = {}): StopInput {
  return {
    results: timesMs.map((ms) => fakeLaunch([[ms, [ms, ms, ms, ms]]])),
    workload: fakeCell.workload,
    protocol: PRESETS.standard,
    seed: 1,
    launchMs: timesMs.map(() => 1000),
    ...change,
  };
}

const ramp = (launches: number, spread: number) =>
  Array.from(
    { length: launches },
    (_, i) => 100 * (1 + (i % 2 === 0 ? spread : -spread) * (1 + i / 10)),
  );

describe('stopRule', () => {
  test('asks nothing before the minimum of launches', () => {
    expect(stopRule(input(ramp(5, 0)))).toBeNull();
    expect(stopRule(input(ramp(6, 0)))).toBe('half-width');
  });

  test('goes on until both phases are known closely enough', () => {
    const wide = input(ramp(6, 0.2));
    expect(stopRule(wide)).toBeNull();
    const results = ramp(6, 0.2).map((ms) => fakeLaunch([[100, [ms, ms, ms, ms]]]));
    expect(halfWidths({ results, seed: 1 })).toEqual({ prefill: 0, decode: expect.any(Number) });
    expect(stopRule({ ...wide, results })).toBeNull();
    const workload = { ...fakeCell.workload, generatedTokens: 0 };
    expect(stopRule({ ...wide, results, workload })).toBe('half-width');
  });

  test('ends at the cap of launches', () => {
    const protocol = { ...PRESETS.standard, launches: 6, launchesMax: 6 };
    expect(stopRule(input(ramp(6, 0.2), { protocol }))).toBe('launch-cap');
    expect(stopRule(input(ramp(6, 0), { protocol }))).toBe('half-width');
  });

  test('begins no launch that would end after the time it has', () => {
    const protocol = { ...PRESETS.standard, cellBudgetMs: 7000 };
    expect(stopRule(input(ramp(6, 0.2), { protocol }))).toBeNull();
    expect(stopRule(input(ramp(6, 0.2), { protocol: { ...protocol, cellBudgetMs: 6999 } }))).toBe(
      'time-cap',
    );
  });

  test('ends when more launches do not change what is known of the noise', () => {
    // Twice the pattern: the standard deviation of 8, 9 and 10 such launches is the same within 5 %.
    const steady = [80, 120, 80, 120, 80, 120, 80, 120, 80, 120];
    expect(stopRule(input(steady.slice(0, 7)))).toBeNull();
    expect(stopRule(input(steady))).toBe('noise-settled');
    expect(stopRule(input([...steady.slice(0, 7), 80, 160, 400]))).toBeNull();
  });

  test('with fewer launches than an interval needs meets no target', () => {
    const protocol = { ...PRESETS.quick, launches: 1, launchesMax: 1 };
    expect(stopRule(input([100], { protocol }))).toBe('launch-cap');
    expect(isTargetMet({ prefill: null, decode: null }, fakeCell.workload, 1)).toBe(false);
  });
});

test('presets ask for more launches and narrower intervals, one after the other', () => {
  const { quick, standard, publish } = PRESETS;
  expect([quick, standard, publish].map(({ launches }) => launches)).toEqual([3, 6, 10]);
  expect([quick, standard, publish].map((p) => p.halfWidthTarget)).toEqual([0.05, 0.03, 0.02]);
  for (const { launches, launchesMax, launch } of [quick, standard, publish]) {
    expect(launchesMax).toBeGreaterThan(launches);
    expect(launch.repetitionsMax).toBeGreaterThanOrEqual(10);
    expect(launch.decodeTokens).toBe(384);
  }
});

import { describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { launchResultSchema } from '../../src/measure/launch.ts';
import { hasConverged, type LaunchInput, measureLaunch } from '../../src/measure/measure-launch.ts';
import { emptyModel, type FakeBehaviour, FakeClock, fakeBackend } from '../support/fake-backend.ts';
import { sampleProfile } from '../support/sample-records.ts';

const protocol = {
  warmupMin: 1,
  warmupMax: 30,
  warmupBudgetMs: 1000,
  repetitionsMin: 2,
  repetitionsMax: 5,
  repetitionsBudgetMs: 1e6,
  decodeTokens: 0,
  runAheadSteps: 8,
  profile: false,
};

function setUp(behaviour: FakeBehaviour = {}, change: Partial<LaunchInput> = {}) {
  const clock = new FakeClock();
  const fake = fakeBackend(clock, behaviour);
  const input: LaunchInput = {
    backend: fake.backend,
    model: emptyModel(),
    variant: { weights: 'f16', kv: 'auto', activations: 'auto' },
    workload: { promptTokens: 8, generatedTokens: 4, depth: 16, batch: 2 },
    protocol,
    rng: new Rng('test'),
    now: clock.now,
    startedAt: '2026-01-01T00:00:00.000Z',
    modelLoad: { readMs: 5, packMs: 50 },
    isProfiled: false,
    ...change,
  };
  return { ...fake, input };
}

describe('measureLaunch', () => {
  test('runs first, warms up at the exact shapes on top of the depth, then repeats', async () => {
    const { input, calls } = setUp();
    const result = await measureLaunch(input);
    const pass = ['rewind 16', 'prefill 8', 'decode 4'];
    expect(calls).toEqual([
      'open b2 c28',
      'prefill 8',
      'decode 1',
      'rewind 0',
      'prefill 16',
      ...Array(3).fill(pass).flat(),
      ...Array(5).fill(pass).flat(),
      'rewind 27',
      'step logits 1',
      'dispose',
    ]);
    expect(result.warmupConverged).toBe(true);
    expect(launchResultSchema.parse(result)).toEqual(result);
    expect(result.launch.load).toMatchObject({ readMs: 6, packMs: 50, compileMs: 2, uploadMs: 3 });
    expect(result.launch.load.firstRunMs).toBeCloseTo(12, 1);
    expect(result.clockQuantumMs).toBeCloseTo(0.001, 6);
  });

  test('times a prefill and every step from token to token', async () => {
    const { input } = setUp({ prefillMs: () => 30, stepMs: (step) => step + 1 });
    const { launch } = await measureLaunch(input);
    for (const { prefillMs, stepMs } of launch.repetitions) {
      expect(prefillMs).toBeCloseTo(30, 1);
      expect(stepMs.map(Math.round)).toEqual([1, 2, 3, 4]);
    }
  });

  test('decodes once more ahead of the host where the engine can', async () => {
    const { input, calls, prompts } = setUp({ mostRunAhead: 3 });
    const { launch, runAheadSteps, settings } = await measureLaunch(input);
    expect([runAheadSteps, settings.runAheadSteps]).toEqual([3, 3]);
    const [first, ...others] = calls.slice(calls.indexOf('rewind 16'));
    expect([first, ...others.slice(0, 5)]).toEqual([
      'rewind 16',
      'prefill 8',
      'decode 4',
      'rewind 23',
      'prefill 1',
      'decode 4 ahead 3',
    ]);
    // From the last token of each sequence's prompt.
    expect(prompts[3]).toEqual([prompts[2]?.[7], prompts[2]?.[15]]);
    // Groups of three steps at half the time of a step each: 3 ms twice.
    for (const { runAheadMs } of launch.repetitions) expect(runAheadMs).toBeCloseTo(6, 1);
  });

  test('is followed by a profile of the same prefill where asked for and to be had', async () => {
    const profile = sampleProfile();
    for (const [isProfiled, behaviour, wanted] of [
      [true, { profile }, profile],
      [true, {}, null],
      [false, { profile }, null],
    ] as const) {
      const phases: string[] = [];
      const onPhase = (phase: string) => void phases.push(phase);
      const { input, calls } = setUp(behaviour, { isProfiled, onPhase });
      expect((await measureLaunch(input)).profile).toEqual(wanted);
      expect(calls.includes('profile 8 behind 16')).toBe(wanted !== null);
      expect(phases.at(-1)).toBe(wanted === null ? 'measure' : 'profile');
    }
  });

  test('does not when told not to', async () => {
    const { input, calls } = setUp(
      { mostRunAhead: 32 },
      { protocol: { ...protocol, runAheadSteps: 1 } },
    );
    const { launch } = await measureLaunch(input);
    expect(calls.some((call) => call.includes('ahead'))).toBe(false);
    expect(launch.repetitions.map(({ runAheadMs }) => runAheadMs)).toEqual(Array(5).fill(null));
  });

  test('never repeats a prompt nor draws a special token', async () => {
    const { input, prompts } = setUp();
    await measureLaunch(input);
    expect(new Set(prompts.map(String)).size).toBe(prompts.length);
    expect(prompts.flat().every((token) => token >= 0 && token < 100)).toBe(true);
    expect(prompts.flat()).not.toContain(1);
    expect(prompts.flat()).not.toContain(2);
  });

  test('the same seed gives the same prompts', async () => {
    const first = setUp();
    const second = setUp();
    await measureLaunch(first.input);
    await measureLaunch(second.input);
    expect(second.prompts).toEqual(first.prompts);
  });

  test('without a prompt the decode starts from one untimed token', async () => {
    const workload = { promptTokens: 0, generatedTokens: 4, depth: 0, batch: 1 };
    const { input, calls } = setUp({}, { workload });
    const { launch } = await measureLaunch(input);
    expect(calls.slice(0, 4)).toEqual(['open b1 c5', 'prefill 1', 'decode 1', 'rewind 0']);
    expect(launch.repetitions[0]).toEqual({
      prefillMs: null,
      stepMs: expect.any(Array),
      runAheadMs: null,
    });
  });

  test('without generated tokens nothing is decoded', async () => {
    const workload = { promptTokens: 8, generatedTokens: 0, depth: 0, batch: 1 };
    const { input, calls } = setUp({}, { workload });
    const { launch } = await measureLaunch(input);
    expect(calls.some((call) => call.startsWith('decode'))).toBe(false);
    expect(launch.repetitions[0]?.stepMs).toEqual([]);
  });

  test('a slow engine gets the minima and says that it may not be warm', async () => {
    const { input, calls } = setUp(
      { prefillMs: () => 5000 },
      { protocol: { ...protocol, repetitionsBudgetMs: 2000 } },
    );
    const { launch, warmupConverged } = await measureLaunch(input);
    expect(launch.warmup).toHaveLength(1);
    expect(launch.repetitions).toHaveLength(2);
    expect(warmupConverged).toBe(false);
    expect(calls.at(-1)).toBe('dispose');
  });

  test('a first run at the same shapes that takes the whole time stands for the warm-up', async () => {
    const workload = { promptTokens: 8, generatedTokens: 4, depth: 0, batch: 1 };
    const { input, calls } = setUp({ prefillMs: () => 5000 }, { workload });
    const { launch, warmupConverged } = await measureLaunch(input);
    expect([launch.warmup.length, warmupConverged]).toEqual([0, false]);
    expect(calls.slice(0, 6)).toEqual([
      'open b1 c12',
      'prefill 8',
      'decode 1',
      'rewind 0',
      'rewind 0',
      'prefill 8',
    ]);
  });

  test('warms up until it stops getting faster', async () => {
    const speeds = [0, 0, 0, 100, 50, 25, 20, 19.9, 19.9];
    const { input } = setUp({ prefillMs: (call) => speeds[call] ?? 19.9 });
    const { launch } = await measureLaunch(input);
    expect(launch.warmup.map(({ prefillMs }) => Math.round(prefillMs ?? 0))).toEqual([
      100, 50, 25, 20, 20, 20,
    ]);
  });

  test.each([
    [
      'logits that are no numbers, though a token was picked',
      { logits: (logits: Float32Array) => logits.fill(Number.NaN, 3, 5) },
      'engine',
      /2 of 200 logits at position 27 .* NaN, of token 3 of sequence 0/,
    ],
    [
      'logits of another shape',
      { logits: (logits: Float32Array) => logits.subarray(1) },
      'engine',
      /199 logits, expected 200/,
    ],
    ['too few steps', { steps: (n: number) => n - 1 }, 'engine', /3 steps, expected 4|0 steps/],
    ['too many steps', { steps: (n: number) => n + 1 }, 'engine', /expected/],
    [
      'a token beyond the vocabulary',
      { token: 100 },
      'engine',
      /token 100, the vocabulary has 100/,
    ],
    ['a negative token', { token: -1 }, 'engine', /token -1/],
    ['a time that is no number', { prefillMs: () => Number.NaN }, 'internal', /clock/],
    ['a clock that runs backwards', { prefillMs: () => -50 }, 'internal', /clock/],
  ])('refuses %s and frees the session', async (_, behaviour, code, message) => {
    const { input, calls } = setUp(behaviour);
    await expect(measureLaunch(input)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(calls.at(-1)).toBe('dispose');
  });

  test('refuses a workload longer than the context before anything is opened', async () => {
    const workload = { promptTokens: 40, generatedTokens: 10, depth: 20, batch: 1 };
    const { input, calls } = setUp({}, { workload });
    await expect(measureLaunch(input)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('context of 64 tokens'),
    });
    expect(calls).toEqual([]);
  });

  test('passes on why a backend does not open', async () => {
    const { input } = setUp({
      onOpen: () => {
        throw new BenchError('unsupported', 'no f16 here');
      },
    });
    await expect(measureLaunch(input)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

test('hasConverged needs two passes that are not 2 % faster', () => {
  const passes = (...times: number[]) =>
    times.map((ms) => ({ prefillMs: ms, stepMs: [], runAheadMs: null }));
  expect(hasConverged(passes(10, 10))).toBe(false);
  expect(hasConverged(passes(10, 10, 10))).toBe(true);
  expect(hasConverged(passes(10, 11, 9.7))).toBe(false);
  expect(hasConverged(passes(10, 9.9, 9.85))).toBe(true);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { energySchema } from '../../src/core/energy.ts';
import type { LaunchEnvironment } from '../../src/core/environment.ts';
import type { Launch } from '../../src/core/record.ts';
import { integrate, summariseEnergy } from '../../src/measure/energy.ts';
import { environmentFlags } from '../../src/measure/environment-flags.ts';
import { fakeLaunch } from '../support/launch-results.ts';

const workload = { promptTokens: 100, generatedTokens: 4, depth: 0, batch: 2 };
const gpu = { name: 'Invented GPU', vendor: 'nvidia', kind: 'gpu', details: {} } as const;

function environment(change: Partial<LaunchEnvironment> = {}): LaunchEnvironment {
  return {
    gpu: null,
    gpuReason: 'There is no nvidia-smi on this machine.',
    power: null,
    powerReason: 'There is no nvidia-smi on this machine.',
    cores: 2,
    loadBefore: 0.1,
    loadAfter: 0.5,
    processor: { ours: 0.5, others: 0.01, stolen: 0 },
    processorReason: null,
    ...change,
  };
}

type Points = [number, number][];
const every100Ms = (from: number, to: number, watts: (ms: number) => number): Points =>
  Array.from({ length: (to - from) / 100 + 1 }, (_, i) => [from + 100 * i, watts(from + 100 * i)]);

/** One repetition: a prefill from 1000 to 2000 ms, a decode of four steps from there to 4000 ms. */
function launchWith(points: Points, idle: Points = []): Launch {
  const { launch } = fakeLaunch([[1000, [500, 500, 500, 500]]]);
  const repetitions = launch.repetitions.map((one) => ({ ...one, startedMs: 1000 }));
  const power = { source: 'nvidia-smi', idle, points } as const;
  return { ...launch, repetitions, environment: environment({ power, powerReason: null }) };
}

describe('integrate', () => {
  it('is exact where power changes in straight lines, at any window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 1, max: 100 }),
        (from, length) => {
          const points = every100Ms(0, 1000, (ms) => 50 + ms / 10);
          const toMs = from + length;
          const wattMs = 50 * length + (toMs ** 2 - from ** 2) / 20;
          expect(integrate(points, { fromMs: from, toMs })).toBeCloseTo(wattMs / 1000, 9);
        },
      ),
    );
  });

  it('is unknown where the trace does not cover the window', () => {
    const points = every100Ms(100, 900, () => 50);
    expect(integrate(points, { fromMs: 50, toMs: 500 })).toBeNull();
    expect(integrate(points, { fromMs: 500, toMs: 950 })).toBeNull();
    expect(integrate([], { fromMs: 1, toMs: 2 })).toBeNull();
  });
});

describe('summariseEnergy', () => {
  it('splits a launch into its phases', () => {
    // 200 W until 2000 ms, then a straight line down to 100 W at 4000 ms.
    const watts = (ms: number) => (ms <= 2000 ? 200 : 300 - ms / 20);
    const trace = every100Ms(900, 4100, watts);
    const { energy, flags } = summariseEnergy(
      [
        launchWith(trace, [
          [500, 60],
          [600, 70],
          [700, 61],
        ]),
      ],
      workload,
    );
    expect(energySchema.parse(energy)).toEqual(energy);
    expect(flags).toEqual([]);
    expect(energy).toMatchObject({ source: 'nvidia-smi', idleW: 61, idleSamples: 3, launches: 1 });
    expect(energy?.prefill).toMatchObject({ windowMs: 1000, windows: 1, samples: 11, tokens: 200 });
    expect(energy?.prefill?.joules).toBeCloseTo(200, 9);
    expect(energy?.prefill?.joulesPerToken).toBeCloseTo(1, 9);
    // The mean of 200 W and 100 W over two seconds, for 2 · 4 tokens.
    expect(energy?.decode?.joules).toBeCloseTo(300, 9);
    expect(energy?.decode?.meanW).toBeCloseTo(150, 9);
    expect(energy?.decode?.joulesPerToken).toBeCloseTo(37.5, 9);
  });

  it('adds launches up', () => {
    const one = launchWith(every100Ms(900, 4100, () => 100));
    const two = launchWith(every100Ms(900, 4100, () => 300));
    const { energy } = summariseEnergy([one, two], workload);
    expect(energy?.prefill).toMatchObject({ windowMs: 2000, windows: 2, tokens: 400, meanW: 200 });
  });

  it('withholds a phase with too few samples, and says so', () => {
    const sparse: Points = [
      [900, 100],
      [1500, 100],
      [2100, 100],
      [2500, 100],
      [3000, 100],
      [3200, 100],
      [3500, 100],
      [4100, 100],
    ];
    const { energy, flags } = summariseEnergy([launchWith(sparse)], workload);
    expect(energy?.prefill).toBeNull();
    expect(energy?.decode?.joules).toBeCloseTo(200, 9);
    expect(flags).toEqual([expect.objectContaining({ field: 'energy.prefill' })]);
  });

  it('is unknown with the reason of the launch, never zero', () => {
    const { launch } = fakeLaunch([[1000, [500]]]);
    const { energy, flags } = summariseEnergy(
      [{ ...launch, environment: environment() }],
      workload,
    );
    expect(energy).toBeNull();
    expect(flags).toEqual([
      {
        code: 'energy-unknown',
        field: 'energy',
        message: 'There is no nvidia-smi on this machine.',
      },
    ]);
    const half = [
      launchWith(every100Ms(900, 4100, () => 100)),
      { ...launch, environment: environment() },
    ];
    expect(summariseEnergy(half, workload).energy).toBeNull();
  });
});

describe('environmentFlags', () => {
  const codes = (
    change: Partial<LaunchEnvironment>,
    device = gpu as Parameters<typeof environmentFlags>[1],
  ) =>
    environmentFlags(
      [{ ...fakeLaunch([[1, [1]]]).launch, environment: environment(change) }],
      device,
    ).map(({ code }) => code);
  const samples = {
    name: 'g',
    index: 0,
    gpus: 1,
    samples: 9,
    smClockMhz: null,
    memoryClockMhz: null,
    powerW: null,
    temperatureC: null,
    memoryUsedBytes: null,
  };

  it('says why clocks are unknown on a GPU, and nothing of them elsewhere', () => {
    expect(codes({})).toEqual(['clocks-unknown']);
    expect(codes({}, { ...gpu, kind: 'cpu' })).toEqual([]);
  });

  it('tells throttling from settings and idling', () => {
    const gpuReason = null;
    expect(
      codes({
        gpu: { ...samples, throttleReasons: ['gpu-idle', 'applications-clocks-setting'] },
        gpuReason,
      }),
    ).toEqual([]);
    expect(
      codes({ gpu: { ...samples, throttleReasons: ['software-power-cap'] }, gpuReason }),
    ).toEqual(['clocks-throttled']);
  });

  it('tells other load and stolen time by their limits', () => {
    const known = { gpu: { ...samples, throttleReasons: [] }, gpuReason: null };
    expect(codes({ ...known, processor: { ours: 0.5, others: 0.1, stolen: 0.02 } })).toEqual([]);
    expect(codes({ ...known, processor: { ours: 0.5, others: 0.11, stolen: 0.03 } })).toEqual([
      'other-load',
      'cpu-steal',
    ]);
    expect(codes({ ...known, processor: { ours: 0.5, others: null, stolen: 0 } })).toEqual([]);
  });
});

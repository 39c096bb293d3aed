import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { environmentSchema, gpuSamplesSchema } from '../../src/core/environment.ts';
import { summariseGpu } from '../../src/hosts/node/watch/gpu-summary.ts';
import {
  findNvidiaQuery,
  GpuSampler,
  parseGpuLine,
} from '../../src/hosts/node/watch/nvidia-smi.ts';
import { watchLaunch } from '../../src/hosts/node/watch/watch-launch.ts';
import { withFakeNvidiaSmi, withPath } from '../support/fake-nvidia-smi.ts';

const gpu = { name: 'NVIDIA Invented 9000', vendor: 'nvidia', kind: 'gpu', details: {} } as const;
const at = (second: number, ms = 0) => new Date(2026, 0, 2, 3, 4, second, ms).getTime();

let undo = () => {};
afterEach(() => undo());

async function recorded() {
  const text = await readFile(new URL('../fixtures/nvidia-smi.csv', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => parseGpuLine(line) ?? []);
}

describe('parseGpuLine', () => {
  it('reads a line with its units', () => {
    const line =
      '2026/01/02 03:04:06.100, 1, 1755, 2619, 500.00, 41, 2048, 99, 0x0000000000000044, A, B';
    expect(parseGpuLine(line)).toEqual({
      atMs: at(6, 100),
      index: 1,
      name: 'A, B',
      smClockMhz: 1755,
      memoryClockMhz: 2619,
      powerW: 500,
      temperatureC: 41,
      memoryUsedBytes: 2048 * 2 ** 20,
      utilisationPercent: 99,
      throttleReasons: ['software-power-cap', 'hardware-thermal-slowdown'],
    });
  });

  it.each([
    '',
    'No devices were found',
    'timestamp, index, clocks.current.sm [MHz], name',
    '2026/01/02 03:04:06.100, 1, 1755',
    '2026/01/02 03:04:06.100, 99999, 1, 1, 1, 1, 1, 1, 0x0, name',
    'yesterday, 1, 1, 1, 1, 1, 1, 1, 0x0, name',
    `2026/01/02 03:04:06.100, 1, 1, 1, 1, 1, 1, 1, 0x0, ${'n'.repeat(2000)}`,
  ])('takes %j for no sample', (line) => {
    expect(parseGpuLine(line)).toBeNull();
  });

  it('takes what is not told, or beyond reason, for unknown', () => {
    const line = '2026/01/02 03:04:06.100, 0, [N/A], -5, 1e9, NaN, 99999999999999, 101, 0xzz, name';
    const { atMs, index, name, throttleReasons, ...quantities } = parseGpuLine(line) ?? {};
    expect([atMs, index, name, throttleReasons]).toEqual([at(6, 100), 0, 'name', []]);
    expect(new Set(Object.values(quantities))).toEqual(new Set([null]));
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => {
        parseGpuLine(line);
      }),
    );
  });
});

describe('summariseGpu', () => {
  it('describes the busiest GPU of the name, from the launch on', async () => {
    const found = summariseGpu(await recorded(), gpu, at(6));
    expect(gpuSamplesSchema.parse(found.gpu)).toEqual(found.gpu);
    expect(found.gpu).toMatchObject({
      index: 1,
      gpus: 2,
      samples: 4,
      smClockMhz: { min: 345, median: (1740 + 1755) / 2, max: 1980 },
      powerW: { min: 120, median: 300, max: 500 },
      temperatureC: { min: 35, median: 39.5, max: 41 },
      // Those of the last sample belong to an idle GPU.
      throttleReasons: ['software-power-cap'],
    });
    expect(found.power).toEqual({
      source: 'nvidia-smi',
      idle: [[at(5), 70]],
      points: [
        [at(6), 300],
        [at(6, 100), 500],
        [at(6, 300), 120],
      ],
    });
  });

  it('tells nothing of a GPU that the tool does not know', async () => {
    const other = { ...gpu, name: 'Iris', vendor: 'intel' };
    expect(summariseGpu(await recorded(), other, at(6))).toEqual({
      gpu: null,
      power: null,
      reason: 'nvidia-smi told nothing of Iris during a launch.',
    });
    expect(summariseGpu([], gpu, at(6)).gpu).toBeNull();
  });
});

describe('findNvidiaQuery', () => {
  it('is unknown with the reason where there is no tool', async () => {
    undo = withPath('/nowhere');
    expect(await findNvidiaQuery()).toEqual({ reason: 'There is no nvidia-smi on this machine.' });
  });

  it("finds the names that an older driver's tool understands", async () => {
    undo = await withFakeNvidiaSmi();
    const query = await findNvidiaQuery();
    expect(query).toEqual({
      fields: expect.stringContaining('clocks_throttle_reasons.active,name'),
    });
    expect(query).toEqual({ fields: expect.not.stringContaining('instant') });
  });
});

describe('a launch beside the tool', () => {
  it('is described by its samples, and the tool ends', async () => {
    undo = await withFakeNvidiaSmi();
    const watch = await watchLaunch({ backend: 'wgsl', host: 'node' });
    await sleep(400);
    await watch.end();
    const environment = watch.describe(gpu);
    expect(environmentSchema.parse(environment)).toEqual(environment);
    expect(environment.gpu).toMatchObject({ powerW: { median: 100 }, gpus: 1 });
    expect(environment.gpu?.throttleReasons).toEqual(['software-thermal-slowdown']);
    expect(environment.power?.points.length).toBeGreaterThan(1);
    expect(environment.power?.idle.length).toBeGreaterThan(1);
    expect(environment).toMatchObject({ gpuReason: null, powerReason: null });
    const software = watch.describe({ ...gpu, kind: 'software' });
    expect(software).toMatchObject({ gpu: null, gpuReason: 'No GPU computed.' });
  });

  it('stops a tool at once', async () => {
    undo = await withFakeNvidiaSmi();
    const query = await findNvidiaQuery();
    const sampler = new GpuSampler('fields' in query ? query.fields : '', 100);
    while (sampler.samples.length === 0) await sleep(10);
    await sampler.stop();
    const count = sampler.samples.length;
    await sleep(300);
    expect(sampler.samples).toHaveLength(count);
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { powerState } from '../../src/hosts/node/power-state.ts';
import { parseProcessorTime, processorShares } from '../../src/hosts/node/watch/processor-time.ts';
import { energyBetween, findRapl, RaplSampler } from '../../src/hosts/node/watch/rapl.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const ownStat = (ticks: number[]) =>
  `123 (a ) b) S 1 123 123 0 -1 4194304 1 2 3 4 ${ticks.join(' ')} 20 0 1 0 99 1 1`;

describe('processor time', () => {
  it('reads what is ours, others', () => {
    const before = parseProcessorTime('cpu  100 0 50 800 50 0 0 0 0 0\n', ownStat([1, 2, 3, 4]));
    expect(before).toEqual({ total: 1000, busy: 150, stolen: 0, ours: 10 });
    // 1000 ticks later: 500 of user and 100 of system time, 50 stolen; 450 of them are ours.
    const after = parseProcessorTime(
      'cpu  600 0 150 1100 100 0 0 50 9 9\n',
      ownStat([51, 2, 303, 104]),
    );
    if (before === null || after === null) throw new Error('not read');
    expect(processorShares(before, after, true)).toEqual({
      ours: 0.45,
      others: 0.15,
      stolen: 0.05,
    });
    expect(processorShares(before, after, false)?.others).toBeNull();
    expect(processorShares(before, before, true)).toBeNull();
  });

  it.each([
    ['', ownStat([1, 2, 3, 4])],
    ['cpu  1 2\n', ownStat([1, 2, 3, 4])],
    ['cpu  100 0 50 800 50 0 0 0 0 0\n', ''],
    ['cpu  100 0 50 99999999999999999999 50 0 0 0 0 0\n', ownStat([1, 2, 3, 4])],
  ])('is unknown from %j and %j', (all, own) => {
    expect(parseProcessorTime(all, own)).toBeNull();
  });
});

async function folderWith(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

describe('processor energy', () => {
  it('adds up packages and leaves out their parts', async () => {
    const root = await folderWith({
      'intel-rapl:0/name': 'package-0\n',
      'intel-rapl:0/energy_uj': '1000\n',
      'intel-rapl:0/max_energy_range_uj': '262143328850\n',
      'intel-rapl:0:0/name': 'core\n',
      'intel-rapl:0:0/energy_uj': '10\n',
      'intel-rapl:1/name': 'psys\n',
    });
    const found = await findRapl(root);
    expect('counters' in found && found.counters.map(({ path }) => path)).toEqual([
      join(root, 'intel-rapl:0/energy_uj'),
    ]);
    if (!('counters' in found)) return;
    const sampler = new RaplSampler(found.counters, 10_000);
    await sleep(50);
    await writeFile(join(root, 'intel-rapl:0/energy_uj'), '5001000\n');
    await sleep(50);
    await sampler.stop();
    const [point] = sampler.points;
    // 5 J in about a tenth of a second.
    expect(point?.[1]).toBeGreaterThan(5);
    expect(point?.[1]).toBeLessThan(60);
  });

  it('says why it is unknown', async () => {
    expect(await findRapl('/nowhere')).toEqual({ reason: expect.stringContaining('no energy') });
    const root = await folderWith({
      'intel-rapl:0/name': 'package-0\n',
      'intel-rapl:0/energy_uj': 'not for you',
    });
    expect(await findRapl(root)).toEqual({ reason: expect.stringContaining('more rights') });
  });

  it('knows a counter that started again', () => {
    expect(energyBetween(1_000_000, 3_000_000, 10_000_000)).toBe(2);
    expect(energyBetween(9_000_000, 1_000_000, 10_000_000)).toBe(2);
  });
});

describe('powerState', () => {
  it('tells battery from mains, and all governors', async () => {
    const files = {
      'class/power_supply/BAT0/type': 'Battery\n',
      'class/power_supply/AC/type': 'Mains\n',
      'class/power_supply/AC/online': '0\n',
      'devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave\n',
      'devices/system/cpu/cpu1/cpufreq/scaling_governor': 'performance\n',
      'devices/system/cpu/cpufreq/scaling_governor': 'ignored\n',
    };
    const cpuGovernor = 'performance, powersave';
    const root = await folderWith(files);
    expect(await powerState(root)).toEqual({ powerSource: 'battery', cpuGovernor });
    await writeFile(join(root, 'class/power_supply/AC/online'), '1\n');
    expect(await powerState(root)).toEqual({ powerSource: 'ac', cpuGovernor });
  });

  it('is unknown where the system does not tell', async () => {
    const mouse = await folderWith({
      'class/power_supply/mouse/type': 'Battery',
      'class/power_supply/mouse/scope': 'Device',
    });
    for (const root of ['/nowhere', mouse]) {
      expect(await powerState(root)).toEqual({ powerSource: null, cpuGovernor: null });
    }
  });
});

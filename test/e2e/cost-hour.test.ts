import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBookFile } from '../../src/economics/prices/book-file.ts';
import { runCli } from '../support/cli.ts';
import { gpuRecord, sampleEnergy } from '../support/sample-records.ts';

let cwd: string;
const hour = (...args: string[]) => runCli(['cost', 'hour', ...args], { cwd });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const records = [
    gpuRecord({ id: 'metered-1', energy: sampleEnergy() }),
    gpuRecord({ id: 'unmetered-1', energy: null }),
  ];
  await writeFile(
    join(cwd, 'records.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
});

const server = ['owned', '--capex', '320000', '--gpus', '8', '--years', '4'];
const keeping = ['--hosting-per-year', '3000', '--software-per-year', '4500'];

describe('cost hour', () => {
  it('takes an owned hour apart, and hands it on', async () => {
    const { code, stdout, stderr } = await hour(...server, ...keeping);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/purchase +1\.14\nhosting +0\.0428\nsoftware +0\.0642\nsum +1\.25/);
    expect(stdout).toContain('--gpu-price 1.248573');
    expect(stdout).toContain('Not counted: electricity');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('prices tokens, requests and runs that the hour serves', async () => {
    const rates = [
      '--input-tps',
      `${(5000 * 3175) / 3600}`,
      '--output-tps',
      `${(5000 * 325) / 3600}`,
    ];
    const requests = ['--requests-per-hour', '5000', '--requests-per-run', '4'];
    const { stdout } = await hour(
      ...[...server, ...keeping, ...rates, ...requests, '--output-weight', '3', '--json'],
    );
    const { served, usdPerGpuHour } = JSON.parse(stdout);
    expect(usdPerGpuHour.value).toBeCloseTo(1.248573, 6);
    expect(served.allOnTotalUsdPerMtok.value).toBeCloseTo(0.570776, 6);
    expect(served.byRatioInputUsdPerMtok.value).toBeCloseTo(0.481378, 6);
    expect(served.byRatioOutputUsdPerMtok.value).toBeCloseTo(1.444133, 6);
    expect(served.usdPer1000Requests.value).toBeCloseTo(1.997717, 6);
    expect(served.usdPerRun.value).toBeCloseTo(0.007991, 6);
  });

  it('never adds power to a rent, and says so', async () => {
    const rent = ['rented', '--price', '1.74', '--input-tps', '1000', '--output-tps', '4000'];
    const power = ['--power-kw', '1.73', '--tariff', '0.08', '--pue', '1.3'];
    const { stdout } = await hour(...rent, ...power, '--json');
    const { usdPerGpuHour, energy, served, notes } = JSON.parse(stdout);
    expect(usdPerGpuHour).toEqual({ value: 1.74, low: null, high: null });
    expect(energy.joulesPerToken.value).toBeCloseTo(0.346, 12);
    expect(energy.tokensPerSecondPerMegawatt.value).toBeCloseTo(2_890_173, 0);
    expect(served.allOnOutputUsdPerMtok.value).toBeCloseTo(0.120833, 6);
    expect(notes.join(' ')).toContain('was not added');
  });

  it('says what rents are over longer times, with the range of the price', async () => {
    const { stdout } = await hour('rented', '--price', '2.85..3.50', '--json');
    const { periods } = JSON.parse(stdout);
    expect(periods.per730Hours.low).toBeCloseTo(2080.5, 9);
    expect(periods.per730Hours.high).toBeCloseTo(2555, 9);
    expect(periods.per720Hours.low).toBeCloseTo(2052, 9);
    expect(periods.per8760Hours.high).toBeCloseTo(30_660, 9);
  });

  it('takes a rent from the price book, and says whose it is', async () => {
    const { code, stdout } = await hour('rented', '--gpu', 'H100', '--json');
    const { usdPerGpuHour, notes } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(usdPerGpuHour.value).toBe(2.95);
    expect(notes[0]).toMatch(/Price: H100 rented at nebius: .*price book [0-9a-f]{12}/);
  });

  it('counts what preemptions waste', async () => {
    const preemptions = ['--preemptions-per-hour', '0.06', '--reload-minutes', '4'];
    const { stdout } = await hour(
      ...['spot', '--price', '1.25', '--on-demand-price', '2.95', ...preemptions],
      ...['--lost-minutes', '2', '--json'],
    );
    const { usdPerGpuHour, spot } = JSON.parse(stdout);
    expect(usdPerGpuHour.value).toBeCloseTo(1.257545, 6);
    expect(spot.discountShare.value).toBeCloseTo(0.576271, 6);
  });

  it('puts what was committed and not used on a line of its own', async () => {
    const { stdout } = await hour(
      ...['committed', '--price', '2', '--committed-hours', '730', '--used-hours', '365'],
    );
    expect(stdout).toMatch(/committed hours unused +2\nhours beyond, on demand +0\nsum +4/);
  });

  it('says never where buying never pays', async () => {
    const power = ['--power-kw', '0.7', '--tariff', '0.1'];
    const rent = ['owned', '--capex', '30000', '--years', '4', ...power, '--rent-price'];
    const never = await hour(...rent, '0.05');
    expect(never.stdout).toMatch(/buying pays after, hours +never/);
    expect(never.stdout).toContain('Never: an hour of the owned GPU costs as much to run');
    const late = await hour(...rent, '0.8');
    expect(late.stdout).toContain('its life has only 35040 of them: it never pays');
  });

  it('prints a price that a price book takes', async () => {
    const { stdout } = await hour(
      ...['owned', '--capex', '35000..40000', '--years', '4', '--as-price', '=H100: "own" #1'],
    );
    const { gpus } = readBookFile(stdout, 'prices.yaml');
    expect(gpus).toMatchObject([{ gpu: '=H100: "own" #1', kind: 'owned', provider: 'own' }]);
    expect(gpus[0]?.usdPerGpuHour.low).toBeCloseTo(35_000 / 35_040, 6);
    expect(gpus[0]?.source).toContain('--capex 35000..40000 --years 4');
  });

  it('prices the energy that a record measured, and knows none where it did not', async () => {
    const energy = ['energy', '--pue', '1.3', '--tariff', '0.08', '--store', 'records.jsonl'];
    const measured = await hour(...energy, '--record', 'metered-1', '--json');
    const figures = JSON.parse(measured.stdout).energy;
    // 200 W for 3 s made 300 tokens: 2 J each, 0.5556 kWh a million
    expect(figures.joulesPerOutputToken.value).toBe(2);
    expect(figures.electricityUsdPerOutputMtok.value).toBeCloseTo((2 / 3.6) * 1.3 * 0.08, 9);
    expect(figures.joulesPerInputToken.value).toBeCloseTo(0.2, 12);
    const none = await hour(...energy, '--record', 'unmetered-1');
    expect(none.code).toBe(0);
    expect(none.stdout).toContain('since record unmetered-1 has no energy');
  });

  it.each([
    [['owned', '--capex', '35000', '--years', '0'], '--years got "0"'],
    [[...server, '--residual', '400000'], '--residual 400000 is more than --capex 320000'],
    [[...server, '--power-kw', '1', '--pue', '0.9'], '--pue got "0.9"'],
    [[...server, '--tariff', '0.1'], 'no --power-kw'],
    [['rented', '--price', '-1'], '--price got "-1"'],
    [['rented', '--price', 'NaN'], '--price got "NaN"'],
    [['rented', '--price', '1', '--capex', '3'], '--capex does not belong to cost hour rented'],
    [
      ['spot', '--price', '1', '--preemptions-per-hour', '2', '--reload-minutes', '30'],
      'leave nothing',
    ],
    [['spot', '--price', '1', '--spot-share', '50%'], 'needs --on-demand-price'],
    [['rented', '--price', '1', '--gpu', 'H100'], 'either --price or --gpu'],
    [['rented', '--gpu', 'H1OO'], 'has no GPU "H1OO"'],
    [['owned', '--capex', '1', '--years', '4', '--gpu', 'H100'], '--gpu does not belong'],
    [['lease'], 'expected rented, spot, committed, owned, edge, energy'],
    [['energy'], 'got no energy'],
    [['rented', '--price', '1', '--as-price', 'x'], '--as-price does not belong'],
    [
      ['owned', '--capex', '1', '--years', '4', '--power-kw', '1', '--as-price', 'x'],
      'no price to print',
    ],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await hour(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('prints an interval without end as such: rents around the running costs', async () => {
    const costs = ['--capex', '35000', '--years', '4', '--hosting-per-year', '25000'];
    const { stdout } = await hour('owned', ...costs, '--rent-price', '2.5..3.5');
    // 35,000 / (3.5 - 25,000 / 8,760) hours at the highest rent, never at the lowest
    expect(stdout).toMatch(/buying pays after, hours +239531 +54170 or more/);
    expect(stdout).not.toContain('Infinity');
  });
});

import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { readmeRuns, withoutBookHash } from '../support/readme-runs.ts';

const breakeven = (...args: string[]) => runCli(['cost', 'breakeven', ...args], { cwd: tmpdir() });
const twoH100 = ['--capacity-tps', '8000', '--gpus', '2', '--gpu-price', '2.85'];

describe('cost breakeven', () => {
  it('prints what its help says', async () => {
    const help = await breakeven('--help');
    expect(help.stdout).toContain('693.5 million tokens a month');
    const prices = ['--mix', '3:1', '--api-input', '3', '--api-output', '15'];
    const { code, stdout, stderr } = await breakeven(...twoH100, ...prices);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('cheaper from 693.5 Mtok a month on, 3.30 % of what it serves');
    expect(stdout).toContain('allocation basis');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('says up to where a further deployment costs more than the API again', async () => {
    const many = ['--capacity-tps', '3500', '--gpus', '2', '--gpu-price', '2.85'];
    const { stdout } = await breakeven(...many, '--api-usd-per-mtok', '0.5');
    const text = stdout.replaceAll(/\s+/g, ' ');
    // n deployments are needed above (n - 1) x 9,198 and pay from n x 8,322: the same from n = 10.5 on
    expect(text).toContain('costs more than the API again up to 16,644 Mtok, and so above each');
    expect(text).toContain('the last time up to 83,220 Mtok.');
  });

  it('shows every price that the one at the mix is made of', async () => {
    const cached = [...twoH100, '--input', '1000', '--output', '100', '--cache-hit', '50%'];
    const prices = [...cached, '--api-input', '3', '--api-output', '15'];
    const { stdout } = await breakeven(...prices, '--api-cached', '0.3');
    // (500 x 3 + 500 x 0.3 + 100 x 15) / 1100
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('API: $2.86 per Mtok at this mix');
    expect(text).toContain('$3.00 input, $0.300 cached input, $15.00 output');
    const tier = async (...mix: string[]) =>
      (await breakeven(...twoH100, ...mix, '--api', 'google/gemini-2.5-pro', '--json')).stdout;
    expect(await tier('--mix', '3:1')).toContain(', prompts up to 200000 tokens: ');
    const long = await tier('--input', '300000', '--output', '100');
    expect(long).toContain(', prompts above 200000 tokens: ');
    const without = await breakeven(...prices);
    expect(without.stdout).toContain('API: price at this mix unknown, --api-cached was not given');
  });

  it('says never as text and as JSON', async () => {
    const cheap = [...twoH100, '--api-usd-per-mtok', '0.06'];
    const text = await breakeven(...cheap);
    expect(text.stdout).toContain('Answer: never.');
    expect(text.stdout).toContain('69,350 Mtok a month, 3.30 times the 21,024 it serves');
    const { stdout } = await breakeven(...cheap, '--json', '--volume', '500');
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ verdict: 'never', basis: 'allocation', seed: 0 });
    expect(answer.breakEvenMtokPerMonth.value).toBeCloseTo(69_350, 6);
    expect(answer.capacityMtok).toEqual({ value: 21_024, low: null, high: null });
    const volume = answer.volumes.find((one: { mtokPerMonth: number }) => one.mtokPerMonth === 500);
    expect(volume.apiUsd.value).toBeCloseTo(30, 9);
    expect(volume.selfUsd.value).toBeCloseTo(4161, 9);
  });

  it.each([
    [[...twoH100], 'no price of an API'],
    [[...twoH100, '--api', 'openai/gpt-4o-mimi', '--mix', '3:1'], 'Near it: '],
    [[...twoH100, '--api-input', '3', '--api-output', '15'], 'no mix of input and output tokens'],
    [[...twoH100, '--api-usd-per-mtok', '-1'], '--api-usd-per-mtok got "-1"'],
    [[...twoH100, '--api-usd-per-mtok', 'NaN'], '--api-usd-per-mtok got "NaN"'],
    [[...twoH100, '--api-usd-per-mtok', '1', '--profile', '0,0'], 'not all are 0'],
    [
      ['--capacity-tps', '0', '--gpu-price', '1', '--api-usd-per-mtok', '1'],
      '--capacity-tps got "0"',
    ],
    [['--capacity-tps', '9', '--decode-tps', '9', '--api-usd-per-mtok', '1'], 'Give one of'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await breakeven(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('the example of self-hosting against an API', () => {
  const folder = fileURLToPath(new URL('../../examples/self-host-or-api', import.meta.url));

  it('prints what its document shows', async () => {
    const runs = readmeRuns(await readFile(`${folder}/README.md`, 'utf8'));
    expect(runs.map(({ args }) => args[1])).toEqual(['breakeven', 'breakeven', 'margin', 'margin']);
    for (const { args, output } of runs) {
      const { code, stdout, stderr } = await runCli(args, { cwd: folder });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(withoutBookHash(stdout)).toBe(withoutBookHash(output));
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
  });
});

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

let cwd: string;
const margin = (...args: string[]) => runCli(['cost', 'margin', ...args], { cwd });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const rows = [
    'customer,plan,model,input_tokens,cached_input_tokens,output_tokens,requests,usd,revenue_usd',
    'acme,pro,,,,,100,44,29',
    '=cmd(),pro,openai/gpt-4o-mimi,1000,0,100,1,,29',
    `${'長'.repeat(60)},team,openai/gpt-4o,1000000,500000,1000,10,,500000`,
  ];
  await writeFile(join(cwd, 'usage.csv'), `${rows.join('\n')}\n`);
  await writeFile(join(cwd, 'plain.csv'), 'plan,usd,revenue_usd,requests\npro,0.40,0.30,1\n');
});

describe('cost margin', () => {
  it('puts losers first, says what is unknown and near it, and fits a terminal', async () => {
    const { code, stdout, stderr } = await margin(
      ...['usage.csv', '--by', 'plan,customer', '--cache-tokens', 'inclusive', '--csv', 'out.csv'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^pro +acme +\$29\.00 +\$44\.00 +-\$15\.00 +-51\.72 %$/m);
    expect(stdout).toMatch(
      /^pro +acme +\$88\.00 +67\.05 % +\$110\.00 +73\.64 % +\$220\.00 +86\.82 %$/m,
    );
    expect(stdout).toMatch(/Unknown: .*gpt-4o-mimi.*Near it:\s/);
    expect(stdout.indexOf('acme')).toBeLessThan(stdout.indexOf('=cmd()'));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const csv = await readFile(join(cwd, 'out.csv'), 'utf8');
    expect(csv).toContain("\r\npro,'=cmd(),1,");
  });

  it('prints all figures as JSON', async () => {
    const { stdout } = await margin('usage.csv', '--cache-tokens', 'inclusive', '--json');
    const { by, groups, total, seed } = JSON.parse(stdout);
    expect({ by, seed }).toEqual({ by: ['plan'], seed: 0 });
    const pro = groups.find((one: { group: { plan: string } }) => one.group.plan === 'pro');
    expect(pro.cogsUsd).toMatchObject({ value: null, low: null, high: null });
    expect(pro.cogsAtLeastUsd).toBe(44);
    expect(pro.unpriced).toMatchObject([{ rows: 1 }]);
    expect(total.revenueUsd.value).toBe(500_058);
  });

  it('shows the worst groups, and writes all of them', async () => {
    const { stdout } = await margin(
      ...['usage.csv', '--cache-tokens', 'inclusive', '--by', 'customer', '--top', '1'],
      ...['--csv', 'all.csv'],
    );
    expect(stdout).toMatch(/^acme .*\ntotal .*\nThe total holds 2 more groups/m);
    expect((await readFile(join(cwd, 'all.csv'), 'utf8')).trim().split('\r\n')).toHaveLength(4);
  });

  it('compares the cost of a request to a posted price, and a rate to an earlier one', async () => {
    const { stdout } = await margin(
      ...['plain.csv', '--posted-usd-per-request', '0.01', '--cer-before', '80%'],
      ...['--cloud-usd', '0.105'],
    );
    expect(stdout).toContain('40 times the posted $0.01');
    expect(stdout).toContain(
      '65.00 % at $0.10 of cloud cost, 80.00 % before: -15.00 points, which',
    );
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain("-18.75 % of the rate; the cost's share");
    expect(stdout).toContain('×1.75');
    const json = await margin('plain.csv', '--posted-usd-per-request', '0.01', '--json');
    expect(JSON.parse(json.stdout).timesPosted).toBeCloseTo(40, 9);
  });

  it.each([
    [['usage.csv'], 'usage.csv:4: cached_input_tokens may or may not be part of input_tokens'],
    [['absent.csv'], 'Cannot read absent.csv'],
    [['plain.csv', '--by', 'usd'], '--by "usd" holds amounts'],
    [['plain.csv', '--target-margin', '120%'], '--target-margin got'],
    [['plain.csv', '--input-usd-per-mtok', '3'], 'Give both --input-usd-per-mtok'],
    [['plain.csv', '--model-price', 'own=1'], 'expected a model and its prices'],
    [['plain.csv', '--day', '2026-02-30'], '--day got'],
    [['plain.csv', '--cache-tokens', 'both'], 'expected inclusive or exclusive'],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await margin(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});

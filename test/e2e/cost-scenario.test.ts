import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

let cwd: string;
const mtok = (...args: string[]) => runCli(['cost', ...args], { cwd });
const widest = (text: string) => Math.max(...text.split('\n').map(({ length }) => length));

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
});

describe('cost scenario', () => {
  it('contradicts that spend rises at a tenth of the price and four times the demand', async () => {
    const start = ['--spend', '1000000', '--price-decline', '10x/year'];
    const run = ['scenario', ...start, '--demand-growth', '+300%/year', '--claim-spend', 'rises'];
    const [text, json] = await Promise.all([mtok(...run), mtok(...run, '--json')]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('$64,000');
    expect(text.stdout).toContain('with demand at +900 %');
    expect(text.stdout).toContain('contradicts');
    expect(widest(text.stdout)).toBeLessThanOrEqual(100);
    const [scenario] = JSON.parse(json.stdout).scenarios;
    expect(scenario.claim).toEqual({ spend: 'rises', verdict: 'contradicts' });
    expect(scenario.spendFactorPerYear.value).toBeCloseTo(0.4, 12);
    expect(scenario.points).toHaveLength(4);
  });

  it('finds the volume behind a bill, and spreads a grid', async () => {
    const bill = ['scenario', '--spend', '11.5e9', '--spend-after', '37e9', '--years', '1'];
    const [implied, grid] = await Promise.all([
      mtok(...bill, '--price-decline', '10x/year', '--json'),
      mtok('scenario', '--spend', '1', '--price-decline', '2x,10x', '--demand-growth', '50%,300%'),
    ]);
    expect(JSON.parse(implied.stdout).implied.volumeFactorPerYear.value).toBeCloseTo(32.17, 2);
    expect(grid.stdout.match(/^prices .*, demand .*%/gm)).toHaveLength(4);
    expect(widest(grid.stdout)).toBeLessThanOrEqual(100);
  });

  it('reads scenarios from a file, and names line and field of what is wrong in one', async () => {
    const lines = ['spend: 80000/month', 'over: 2 years', 'scenarios:'];
    const good = '  - { name: slow, priceDecline: 20%..40%/year, demandGrowth: 3% per month }';
    await writeFile(join(cwd, 'good.yaml'), [...lines, good].join('\n'));
    await writeFile(
      join(cwd, 'bad.yaml'),
      [...lines, good.replace('3% per month', '3')].join('\n'),
    );
    const [read, refused] = await Promise.all([
      mtok('scenario', 'good.yaml'),
      mtok('scenario', 'bad.yaml'),
    ]);
    expect(read.stdout).toContain('$960,000');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('bad.yaml:4: scenarios[0].demandGrowth');
    expect(refused.stdout).toBe('');
  });

  it.each([
    [['--price-decline', '+40%', '--demand-growth', '1x'], '--price-decline got "+40%"'],
    [['--price-decline', '2x'], 'cost scenario got no --demand-growth'],
    [['--price-decline', '2x', '--demand-growth', '1x', '--years', '0'], '--years got "0"'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, stdout } = await mtok('scenario', '--spend', '5', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

it('cost budget tells price from volume and mix, and fails the limit that it is given', async () => {
  const rows = [
    'period,line,budget_usd,actual_usd,budget_units,actual_units',
    '2026-01,small,1000,1100,1000,1100',
    '2026-01,large,3000,4050,300,390',
    '2026-02,small,1000,,1000,',
    '2026-02,large,3000,,300,',
  ];
  await writeFile(join(cwd, 'actuals.csv'), rows.join('\n'));
  const [over, within] = await Promise.all([
    mtok('budget', 'actuals.csv', '--fail-over', '10%'),
    mtok('budget', 'actuals.csv', '--fail-over', '30%', '--json'),
  ]);
  expect(over.code).toBe(3);
  expect(over.stdout).toMatch(/2026-01 +\+\$150\.00 +\+\$584\.62 +\+\$415\.38/);
  expect(widest(over.stdout)).toBeLessThanOrEqual(100);
  expect(within.code).toBe(0);
  expect(JSON.parse(within.stdout)).toMatchObject({
    budgetUsd: 8000,
    toDate: { usd: 1150, band: '25 to 50 %' },
    status: 'watch',
  });
});

import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { gpuRecord } from '../support/sample-records.ts';

let cwd: string;
const mtok = (...args: string[]) => runCli(['cost', 'tokens', ...args], { cwd });
const rates = ['--prefill-tps', '20000', '--decode-tps', '2000'];
const request = ['--input', '1500', '--output', '300', '--gpu-price', '2.85'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const phase = {
    ...{ joules: 10, windowMs: 100, windows: 1, samples: 9, tokens: 5, meanW: 100 },
    joulesPerToken: 2,
  };
  const energy = {
    ...{ source: 'nvidia-smi' as const, idleW: 50, idleSamples: 9, launches: 3 },
    prefill: phase,
    decode: phase,
  };
  await writeFile(join(cwd, 'records.jsonl'), `${JSON.stringify(gpuRecord({ energy }))}\n`);
});

describe('cost tokens', () => {
  it('prints the worked example, and what other rules make of it', async () => {
    const all = ['--allocation', '--batch', '64', '--requests-per-month', '12e6'];
    const { code, stdout } = await mtok(...rates, ...request, '--utilization', '40%', ...all);
    expect(code).toBe(0);
    expect(stdout).toMatch(/GPU-seconds \(the split above\) +33\.3 %/);
    expect(stdout).toMatch(/seconds of requests +0\.775 %/);
    expect(stdout).toMatch(/prefill s against mean s\/output token +70\.1 %/);
    expect(stdout).toContain('Whole deployments: 3 at $6241.50 a month');
    expect(stdout).toContain('more than one deployment serves');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('inverts a range of tokens exactly, at its own mix as over all tokens', async () => {
    const price = ['--output', '300', '--gpu-price', '2.85'];
    const { stdout } = await mtok(...rates, '--input', '1000..2000', ...price, '--json');
    const shown = JSON.parse(stdout);
    expect(shown.gpuSecondsPerRequest.low).toBeCloseTo(0.2, 12);
    expect(shown.gpuSecondsPerRequest.high).toBeCloseTo(0.25, 12);
    expect(shown.blendedUsdPerMtok.low).toBeCloseTo(shown.allOnTotalUsdPerMtok.low, 12);
    expect(shown.blendedUsdPerMtok.high).toBeCloseTo(shown.allOnTotalUsdPerMtok.high, 12);
    expect(shown.split.inputUsdPerMtok).toMatchObject({ low: null, high: null });
  });

  it('prints no rate without time and no interval without bounds', async () => {
    const price = ['--gpu-price', '2.85'];
    const cached = await mtok(
      ...rates,
      '--input',
      '100',
      '--output',
      '0',
      '--cache-hit',
      '1',
      ...price,
    );
    expect(cached.stdout).toContain('busy for 0 s.');
    const none = await mtok(...rates, '--input', '1500', '--output', '0..300', ...price);
    expect(none.stdout).toMatch(/all on output: 1M output tokens +unknown/);
    for (const { stdout } of [cached, none]) {
      expect(stdout).not.toMatch(/NaN|Infinity/);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  it('prints the same as Markdown, and not both that and JSON', async () => {
    const { code, stdout } = await mtok(...rates, ...request, '--markdown');
    expect(code).toBe(0);
    expect(stdout).toContain('| cost of | USD | 95 % interval |\n| --- | ---: | --- |');
    expect(stdout).toContain('| split: 1M output tokens | 0.396 |  |');
    expect((await mtok(...rates, ...request, '--markdown', '--json')).code).toBe(2);
  });

  it('gives the same in JSON, under the name of each rule', async () => {
    const { stdout } = await mtok(...rates, ...request, '--allocation', '--json');
    const shown = JSON.parse(stdout);
    expect(shown.usdPerRequest).toMatchObject({ low: null, high: null });
    expect(shown.usdPerRequest.value).toBeCloseTo(0.000178125, 12);
    expect(
      shown.allocation.map((one: { allocationMethod: string }) => one.allocationMethod),
    ).toEqual([
      'gpu-seconds',
      'multiplier-2.5',
      'multiplier-3',
      'request-seconds',
      'mean-tpot-sum',
    ]);
    expect(shown.allocation[3].inputShare).toMatchObject({ value: null });
    expect(shown.allocationMethod).toBe('gpu-seconds');
    expect(shown).not.toHaveProperty('monthly');
    expect(shown).not.toHaveProperty('energy');
  });

  it('writes a month of a record as FOCUS, and says its energy', async () => {
    const store = ['--record', 'latest', '--store', 'records.jsonl', '--energy'];
    const { code, stdout, stderr } = await mtok(
      ...[...store, '--gpu-price', '2.85', '--utilization', '0.5', '--focus', 'focus.csv'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Energy (nvidia-smi, idle power included): 2 J an input token');
    const [heading, used, unused, ...rest] = (await readFile(join(cwd, 'focus.csv'), 'utf8'))
      .trimEnd()
      .split('\r\n');
    expect(heading?.split(',')).toHaveLength(57 + 8);
    expect(used).toContain('2026-01-01T00:00:00Z');
    expect(used).toContain(',Used,');
    expect(unused).toContain(',Unused,');
    expect(rest).toEqual([]);
  });

  it('takes rates from the steps of a server', async () => {
    const rows = [1, 2, 3, 4, 5, 6].flatMap((k) => [
      `${4 + 40 * k},${1000 * k},0`,
      `${4 + 0.1 * k},0,${k}`,
    ]);
    const text = ['step_ms,prefill_tokens,decode_tokens', ...rows].join('\n');
    await writeFile(join(cwd, 'steps.csv'), text);
    const { stdout } = await mtok('--steps', 'steps.csv', ...request, '--json');
    const { stepFit, inputs } = JSON.parse(stdout);
    expect(stepFit).toMatchObject({ steps: 12 });
    expect(stepFit.secondsPerPrefillToken).toBeCloseTo(40e-6, 9);
    expect(inputs.prefillTps.value).toBeCloseTo(21_000 / 0.864, 2);
  });

  it('splits a total rate by a rule, and says so', async () => {
    const { stdout } = await mtok('--total-tps', '4000', '--output-weight', '3', ...request);
    expect(stdout.replaceAll('\n', ' ')).toContain('counts as 3 computed input tokens');
    const { stdout: json } = await mtok('--total-tps', '4000', ...request, '--json');
    const { allocationMethod, split } = JSON.parse(json);
    expect(allocationMethod).toBe('multiplier-2.5');
    expect(split.outputUsdPerMtok.value / split.inputUsdPerMtok.value).toBeCloseTo(2.5, 9);
  });

  it.each([
    [[...rates, ...request, '--energy'], '--energy needs a record'],
    [[...rates, ...request, '--month', '2026-11'], 'Give a file with --focus'],
    [[...rates, ...request, '--focus', 'x.csv', '--month', '2026-13'], 'such as 2026-11'],
    [[...rates, ...request, '--focus', 'no/folder/x.csv'], 'no/folder'],
    [[...rates, ...request, '--requests-per-month', '0'], '--requests-per-month'],
    [[...rates, ...request, '--batch', '0'], '--batch'],
    [[...rates, ...request, '--output-weight', '3'], '--total-tps'],
    [['--total-tps', '4000', ...request, '--allocation'], 'does not hold'],
    [[...rates, ...request, '--steps', 'steps.csv'], 'not several'],
    [[...request, '--steps', 'absent.csv'], 'absent.csv'],
  ])('%j is one clear error, and writes nothing', async (args, message) => {
    const { code, stdout, stderr } = await mtok(...args);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect((await readdir(cwd)).filter((name) => name.startsWith('x.csv'))).toEqual([]);
  });
});

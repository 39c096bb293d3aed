import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BenchRecord } from '../../src/core/record.ts';
import { runCli } from '../support/cli.ts';
import { MEASURED_CURVES } from '../support/load-curves.ts';
import { around, gpuRecord } from '../support/sample-records.ts';

let cwd: string;
const capacity = (...args: string[]) => runCli(['cost', 'capacity', ...args], { cwd });

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await capacity(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  if (!args.includes('--json')) {
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  }
  return stdout;
}

const file = async (name: string, lines: readonly string[]) => {
  await writeFile(join(cwd, name), `${lines.join('\n')}\n`);
  return name;
};

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const hours = [...Array(24).keys()];
  await file('even.csv', ['hour,rps', ...hours.map((hour) => `${hour},10`)]);
  await file('office.csv', ['hour,rps', ...hours.map((hour) => `${hour},${hour < 16 ? 2 : 26}`)]);
});

describe('mtok cost capacity', () => {
  it('shows the curve, the answer, what is odd about it, and both shapes of a day', async () => {
    const text = await ok(
      ...[MEASURED_CURVES, '--config', 'C2', '--slo-ttft-p99', '500', '--at', '30'],
      ...['--profile', 'even.csv', '--profile', 'office.csv', '--cold-start', '120'],
    );
    expect(text).toMatch(/^ +50 +29\.7 +7596 +100 % +0\.255 .* largest$/m);
    expect(text).toMatch(/up to load 50 requests\/s, 7596 output tok\/s: \$0\.255 per million/);
    expect(text).toContain('non-monotone: Load 5 is not within the SLO although 50 is');
    expect(text).toContain('At load 30: 6122 output tok/s');
    expect(text).toContain('gpu_util_pct is not used');
    expect(text).toMatch(/^used .*\nidle .*\nwasted .*\nshared .*\nbill .*100 %/m);
    expect(text).toMatch(
      /office\.csv brings the same volume in the same time as even\.csv and costs/,
    );
  });

  it('prints the same as JSON, to a file where one is named', async () => {
    const args = [MEASURED_CURVES, '--slo-ttft-p99', '500', '--slo-tpot-p90', '50', '--json'];
    const text = await ok(...args, '--profile', 'even.csv', '--profile', 'office.csv');
    const { curves, slo } = JSON.parse(text);
    expect(slo.maxLatencyMs).toEqual({ 'ttft-p99': 500, 'tpot-p90': 50 });
    const [c2, c5] = curves;
    expect([c2.name, c5.name, c5.gpus, c5.usdPerHour.value]).toEqual(['C2', 'C5', 2, 13.96]);
    expect(c2.capacity.allOnOutputUsdPerMtok.value).toBeCloseTo(0.255241, 6);
    expect(c2.contiguousLoad).toBe(1);
    expect(c2.flags.map(({ code }: { code: string }) => code)).toEqual(['non-monotone', 'backlog']);
    for (const { usedUsd, idleUsd, wastedUsd, sharedUsd, billUsd } of c2.traffic) {
      const sum = usedUsd.value + idleUsd.value + wastedUsd.value + sharedUsd.value;
      expect(Math.abs(sum / billUsd.value - 1)).toBeLessThan(1e-9);
    }
    expect(await ok(...args, '--out', 'capacity.json')).toBe('');
    expect(JSON.parse(await readFile(join(cwd, 'capacity.json'), 'utf8')).curves).toHaveLength(2);
  });

  it('gives the figures that its help names', async () => {
    const { stdout: help } = await runCli(['cost', 'capacity', '--help'], { cwd });
    for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
    const rows = help.match(/^ {2}(offered_rps.*|[\d,.]+)$/gm)?.map((line) => line.trim()) ?? [];
    expect(rows).toHaveLength(4);
    await file('curve.csv', rows);
    const text = await ok('curve.csv', '--slo-ttft-p99', '500');
    expect(text.replace(/\n {2}/g, ' ')).toContain(
      'up to load 20 requests/s, 4992 output tok/s: $0.159 per million output tokens that bear the whole bill, ' +
        '1.59 times the cheapest point, load 40 at $0.0998.',
    );
    const queue = await ok(
      ...['--erlang', '--arrival-rate', '2.5', '--service-seconds', '1'],
      ...['--max-wait-probability', '0.1'],
    );
    expect(queue).toMatch(/^ +5 +50 % +13\.0 % .* no$/m);
    expect(queue).toMatch(/^ +6 +41\.7 % +4\.74 % .* yes$/m);
    expect(queue).toContain('6 servers');
  });

  it('leaves out columns where lines would be too long', async () => {
    const runs = [0.96, 0.98, 0.99].flatMap((k) =>
      [1, 2, 4].map(
        (load) => `${load},${load * k},${load * k * 250},${load * k * 1000},${90 * k},20,3000,0.1`,
      ),
    );
    const heading =
      'rps,achieved_rps,output_tps,input_tps,ttft_p99_ms,tpot_p90_ms,e2e_p99_ms,error_rate_pct';
    await file('wide.csv', [heading, ...runs]);
    const text = await ok(
      ...['wide.csv', '--slo-ttft-p99', '400', '--slo-tpot-p90', '30', '--slo-e2e-p99', '4000'],
      ...['--max-error-rate', '1%', '--gpu-price', '2.5@2.2..2.9'],
    );
    expect(text).toContain('95 % interval');
    expect(text).toContain('More figures of each load: --json.');
  });

  it('lets ranges that are written alike vary on their own', async () => {
    const rates = ['--arrival-rate', '2..4', '--service-seconds', '2..4'];
    const { erlangs } = JSON.parse(await ok('--erlang', ...rates, '--servers', '20', '--json'));
    // drawn together it would be from 2.05² to 3.95²
    expect(erlangs.low).toBeGreaterThan(4.4);
    expect(erlangs.high).toBeLessThan(15);
  });

  it('makes a curve of the batch sizes of a store', async () => {
    const record = (batch: number, tps: number): BenchRecord => {
      const { cell, decode, ...others } = gpuRecord();
      return {
        ...others,
        id: `batch-${batch}`,
        cell: { ...cell, workload: { ...cell.workload, batch } },
        decode: decode && { ...decode, tokensPerSecond: around(tps) },
      };
    };
    const records = [record(1, 100), record(4, 300), record(8, 400)];
    await file(
      'records.jsonl',
      records.map((one) => JSON.stringify(one)),
    );
    const text = await ok('--store', 'records.jsonl', '--gpu-price', '3');
    expect(text).toContain('Closed loop');
    expect(text).toMatch(/^ +8 .* 100 %/m);
  });

  it.each([
    [[], 'got no load curve'],
    [['missing.csv'], 'missing.csv'],
    [['curve.csv', '--slo-ttft-p99', '0'], '--slo-ttft-p99'],
    [['curve.csv', '--slo-e2e-p99', '9'], 'no E2E p99'],
    [['curve.csv', '--price-basis', 'each'], 'expected total or per-gpu'],
    [['curve.csv', '--config', 'C9'], 'names none of 1 configurations'],
    [['curve.csv', '--target-load', '0'], '--target-load'],
    [['curve.csv', '--arrival-rate', '2'], '--arrival-rate needs --erlang'],
    [['curve.csv', '--erlang'], 'takes no curve'],
    [['--erlang', '--arrival-rate', '2'], '--service-seconds'],
    [['--erlang', '--arrival-rate', '2', '--service-seconds', '1'], 'nothing to find out'],
  ])('refuses %j with one error: %s', async (args, message) => {
    await file('curve.csv', ['rps,output_tps,ttft_p99_ms', '1,100,5']);
    const { code, stdout, stderr } = await capacity(...args);
    expect([code, stdout]).toEqual([args[0] === 'missing.csv' ? 1 : 2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});

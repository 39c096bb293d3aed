import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { around, gpuRecord } from '../support/sample-records.ts';

let cwd: string;
const task = (...args: string[]) => runCli(['cost', 'task', ...args], { cwd });
const unit = (record: string) => `unit: answer
models:
  hosted: { record: f16-record, usdPerGpuHour: 2.85 }
steps:
  - { name: answer, kind: llm, model: hosted, inputTokens: 512, outputTokens: 128 }
levers:
  - name: INT4
    kind: quantisation
    model: hosted
    record: ${record}
  - { name: cache, kind: response-cache, answeredShare: 0.5, assumed: true }
`;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const f16 = gpuRecord({ id: 'f16-record' });
  const int4 = gpuRecord({
    id: 'int4-record',
    prefill: { tokensPerSecond: around(10_240), ttftMs: around(50) },
    decode: {
      tokensPerSecond: around(200),
      tpotMs: { p50: 5, p95: 6, p99: 7 },
      runAhead: null,
    },
  });
  const lines = [f16, int4].map((record) => JSON.stringify(record));
  await writeFile(join(cwd, 'records.jsonl'), `${lines.join('\n')}\n`);
  await writeFile(join(cwd, 'unit.yaml'), unit('int4-record'));
  await writeFile(join(cwd, 'absent.yaml'), unit('absent'));
});

describe('levers of cost task', () => {
  it('take their factor from two records, and stack', async () => {
    const { code, stdout, stderr } = await task('unit.yaml', '--store', 'records.jsonl');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^INT4 +measured .* 0\.500 +0\.4\d+ to 0\.5\d+ +50 % /m);
    expect(stdout).toMatch(/^cache +assumed .* 0\.500 +50 % /m);
    expect(stdout).toMatch(/^all at once .* 0\.250 .* 75 %$/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const { levers } = JSON.parse(
      (await task('unit.yaml', '--store', 'records.jsonl', '--json')).stdout,
    );
    expect(levers.stackedFactor.value).toBeCloseTo(0.25, 9);
    expect(levers.each[0].basis).toEqual({ kind: 'measured', record: 'int4-record' });
  });

  it('say in which line a record is named that is not there', async () => {
    const { code, stdout, stderr } = await task('absent.yaml', '--store', 'records.jsonl');
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('absent.yaml:10: levers.0.record:');
  });
});

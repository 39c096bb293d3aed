import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { gpuRecord } from '../support/sample-records.ts';

let cwd: string;
const drift = (...args: string[]) => runCli(['cost', 'drift', ...args], { cwd });

const rows = [
  'date,usd_per_hour,tokens_per_second,tokens_per_second_cv',
  '2026-01-01,2.85,2000,0.01',
  '2026-02-01,2.85,2010,0.01',
  '2026-03-01,2.85,1800,0.01',
];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  await writeFile(join(cwd, 'costs.csv'), rows.join('\n'));
  const steady = rows.slice(0, 3).join('\n');
  await writeFile(join(cwd, 'steady.csv'), steady);
  await writeFile(join(cwd, 'unknown.csv'), `${steady}\n2026-04-01,,2000,0.01\n`);
  const records = [100, 101, 80].map((median, i) =>
    gpuRecord({
      id: `record-${i}`,
      createdAt: `2026-01-0${i + 1}T00:00:00.000Z`,
      decode: {
        tokensPerSecond: { median, low: median * 0.98, high: median * 1.02 },
        tpotMs: { p50: 10, p95: null, p99: null },
        runAhead: null,
      },
    }),
  );
  await writeFile(
    join(cwd, 'records.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
});

describe('cost drift', () => {
  it('tells a change beyond noise, names its cause and fails a gate', async () => {
    const [text, json, steady] = await Promise.all([
      drift('costs.csv', '--fail-on-drift'),
      drift('costs.csv', '--json'),
      drift('steady.csv', '--fail-on-drift', 'any'),
    ]);
    expect(text.code).toBe(3);
    expect(text.stdout).toMatch(/2026-03-01 +0\.440 +\+11\.1 % +3\.60 %.*throughput/);
    expect(Math.max(...text.stdout.split('\n').map(({ length }) => length))).toBeLessThan(101);
    expect(json.code).toBe(0);
    const { points, alarm } = JSON.parse(json.stdout);
    expect(alarm).toBe('both');
    expect(points[1].jump.cause).toBe('tokensPerSecond');
    expect(points[1].usdPerUnit).toBeCloseTo(0.439815, 6);
    expect(steady.code).toBe(0);
    expect(steady.stdout).toContain('No alarm');
  });

  it('lets a fall pass unless any change fails', async () => {
    const cheaper = [...rows.slice(0, 3), '2026-03-01,2.00,2000,0.01'].join('\n');
    await writeFile(join(cwd, 'cheaper.csv'), cheaper);
    const [rises, any] = await Promise.all([
      drift('cheaper.csv', '--fail-on-drift'),
      drift('cheaper.csv', '--fail-on-drift', 'any'),
    ]);
    expect([rises.code, any.code]).toEqual([0, 3]);
    expect(any.stdout).toContain('above all by price');
  });

  it('follows the records of one cell', async () => {
    const follow = ['--record', 'latest', '--store', 'records.jsonl'];
    const [own, prefill] = await Promise.all([
      drift(...follow, '--fail-on-drift', '--json'),
      drift(...follow, '--phase', 'prefill', '--gpu-price', '2.85', '--fail-on-drift'),
    ]);
    expect(own.code).toBe(3);
    const { points, baseline } = JSON.parse(own.stdout);
    expect(baseline.usdPerUnit).toBeCloseTo(10, 9);
    expect(points.map(({ alarm }: { alarm: string | null }) => alarm)).toEqual([null, 'both']);
    expect(prefill.code).toBe(0);
  });

  it('does not let a gate pass on a session in which the machine changed', async () => {
    const session = {
      schema: 1,
      kind: 'session',
      id: 'session',
      run: 'warm',
      createdAt: '2026-01-04T00:00:00.000Z',
      cancelled: false,
      canary: null,
      clocks: { launches: 3, lowered: 3 },
      flags: [{ code: 'session-invalid', field: null, message: 'The GPU held its clocks down.' }],
    };
    const store = join(cwd, 'warm');
    await mkdir(store);
    const lines = ['fixture-run', 'fixture-run', 'warm'].map((run, i) =>
      JSON.stringify(
        gpuRecord({ id: `record-${i}`, run, createdAt: `2026-01-0${i + 1}T00:00:00.000Z` }),
      ),
    );
    await writeFile(join(store, 'records.jsonl'), `${lines.join('\n')}\n`);
    await writeFile(join(store, 'sessions.jsonl'), `${JSON.stringify(session)}\n`);
    const follow = ['--record', 'latest', '--store', 'warm'];
    const [seen, gate] = await Promise.all([drift(...follow), drift(...follow, '--fail-on-drift')]);
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain('the session of record record-2 is invalid');
    expect(gate.code).toBe(2);
    expect(gate.stderr).toContain('cannot judge the newest point');
  });

  it.each([
    [
      ['unknown.csv', '--fail-on-drift'],
      'cannot judge the newest point of unknown.csv (2026-04-01)',
    ],
    [
      ['steady.csv', '--baseline', '2'],
      'has 2 points whose cost and noise are known, expected at least 3',
    ],
    [['--fail-on-drift', 'steady.csv'], '--fail-on-drift got "steady.csv"'],
    [['steady.csv', '--gpu-price', '2'], '--gpu-price goes with --record'],
    [[], 'cost drift got no costs'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await drift(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

import { describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { recordSchema } from '../../src/core/record.ts';
import { chargeRates } from '../../src/economics/token-cost.ts';
import { buildRecord, type RecordInput } from '../../src/measure/build-record.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';
import { sampleProfile } from '../support/sample-records.ts';

function input(change: Partial<RecordInput> = {}): RecordInput {
  return {
    id: 'id',
    run: 'run',
    key: 'key',
    createdAt: '2026-01-02T03:04:06.000Z',
    cell: fakeCell,
    seed: 42,
    protocol: DEFAULT_PROTOCOL,
    stop: { rule: 'launch-cap', spentMs: 1000 },
    modelSha256: null,
    results: [
      fakeLaunch([[200, [10, 10, 10, 10]]]),
      fakeLaunch([[250, [20, 20, 20, 20]]]),
      fakeLaunch([[400, [5, 5, 5, 65]]]),
    ],
    error: null,
    provenance: { mtok: '0.1.0' },
    charge: (device, { prefill, decode }) =>
      chargeRates(
        device,
        {
          prefill: prefill?.tokensPerSecond ?? null,
          decode: decode?.tokensPerSecond ?? null,
        },
        null,
      ),
    ...change,
  };
}

const codes = (record: ReturnType<typeof buildRecord>) => record.flags.map(({ code }) => code);

const nulls = <T extends object>(figures: T): T =>
  Object.fromEntries(Object.keys(figures).map((key) => [key, null])) as T;

/** Where the figures of a record are null: `decode.tpotMs.p95`, … */
function nullPaths(record: ReturnType<typeof buildRecord>): string[] {
  const { prefill, decode, load, memory, cost } = record;
  const visit = (value: unknown, path: string): string[] => {
    if (value === null) return [path];
    if (typeof value !== 'object' || path.endsWith('cost.price')) return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      visit(inner, path === '' ? key : `${path}.${key}`),
    );
  };
  return visit({ prefill, decode, load, memory, cost }, '');
}

describe('buildRecord', () => {
  test('of three launches', () => {
    const record = buildRecord(input());
    expect(recordSchema.parse(record)).toEqual(record);
    // 2 sequences · 100 tokens in the median launch's 250 ms; 2 tokens a step of 20 ms on average
    expect(record.prefill?.tokensPerSecond.median).toBeCloseTo(800, 10);
    expect(record.prefill?.ttftMs.median).toBe(250);
    expect(record.decode?.tokensPerSecond.median).toBeCloseTo(100, 10);
    expect(record.decode?.tpotMs).toEqual({ p50: 10, p95: null, p99: null });
    // an H200 at 3.50 $/h: 1e6 · 3.5 / (3600 · 800), and the same over 100
    expect(record.cost?.inputUsdPerMtok?.median).toBeCloseTo(1.215278, 6);
    expect(record.cost?.outputUsdPerMtok?.median).toBeCloseTo(9.722222, 6);
    expect(record.cell.variant).toEqual({ weights: 'int4', kv: 'f16', activations: 'f32' });
    expect(record.memory.peakRssBytes).toBe(5000);
    expect(record.settings).toMatchObject({ subgroups: true, 'protocol.launches': 3 });
    expect(codes(record)).toEqual([
      'format-chosen',
      'low-n',
      'target-missed',
      'do-not-rank',
      'do-not-rank',
      'p95-withheld',
      'p99-withheld',
      'no-run-ahead',
    ]);
  });

  test('with run-ahead has a throughput of its own; the cost stays with the other', () => {
    const steps = [10, 10, 10, 10];
    const change = { runAheadSteps: 3 };
    const results = [20, 16, 32].map((ms) => fakeLaunch([[200, steps, ms]], change));
    const { decode, cost, flags } = buildRecord(input({ results }));
    // 2 sequences · 4 tokens in the median launch's 20 ms; the host waits after 3 tokens and after the fourth.
    expect(decode?.runAhead).toMatchObject({ steps: 3, syncsPerToken: 0.5 });
    expect(decode?.runAhead?.tokensPerSecond.median).toBeCloseTo(400, 10);
    expect(decode?.tokensPerSecond.median).toBeCloseTo(200, 10);
    expect(cost?.outputUsdPerMtok?.median).toBeCloseTo((1e6 * 3.5) / (3600 * 200), 6);
    expect(flags.some(({ field }) => field === 'decode.runAhead')).toBe(false);
  });

  test('has the profile of the launch that took one, or says why there is none', () => {
    const protocol = { ...DEFAULT_PROTOCOL, launch: { ...DEFAULT_PROTOCOL.launch, profile: true } };
    const steps: [number, number[]] = [200, [10]];
    const profile = sampleProfile();
    const results = [fakeLaunch([steps], { profile }), fakeLaunch([steps])];
    const record = buildRecord(input({ results, protocol }));
    expect(recordSchema.parse(record).profile).toEqual(profile);
    expect(codes(record)).not.toContain('no-profile');
    expect(codes(buildRecord(input({ protocol })))).toContain('no-profile');
    expect(codes(buildRecord(input()))).not.toContain('no-profile');
  });

  test('the interval of the cost is that of the rate, turned round', () => {
    const { prefill, cost } = buildRecord(input());
    const rate = prefill?.tokensPerSecond;
    const price = cost?.inputUsdPerMtok;
    expect((price?.low ?? 0) * (rate?.high ?? 0)).toBeCloseTo((1e6 * 3.5) / 3600, 6);
    expect((price?.high ?? 0) * (rate?.low ?? 0)).toBeCloseTo((1e6 * 3.5) / 3600, 6);
  });

  test('is the same whenever it is built again', () => {
    const results = Array.from({ length: 6 }, (_, i) => fakeLaunch([[100 + i, [5, 6, 7, 8]]]));
    expect(buildRecord(input({ results }))).toEqual(buildRecord(input({ results })));
    expect(codes(buildRecord(input({ results })))).not.toContain('low-n');
  });

  test('with one launch has no interval, and says so', () => {
    const record = buildRecord(
      input({
        results: [
          fakeLaunch([
            [200, [10]],
            [210, [11]],
          ]),
        ],
      }),
    );
    expect(record.prefill?.tokensPerSecond).toMatchObject({ low: null, high: null });
    expect(record.cost?.inputUsdPerMtok).toMatchObject({ low: null, high: null });
    expect(codes(record)).toContain('no-interval');
  });

  test.each([
    ['prefill', [[null, [10, 10]]], 'cost.inputUsdPerMtok', 'decode'],
    ['decode', [[200, []]], 'cost.outputUsdPerMtok', 'prefill'],
  ] as const)('without a %s explains its absence', (absent, repetitions, price, present) => {
    const results = [fakeLaunch(repetitions.map(([p, s]) => [p, [...s]]))];
    const record = buildRecord(input({ results }));
    expect(record[absent]).toBeNull();
    expect(record[present]).not.toBeNull();
    expect(record.flags).toContainEqual(
      expect.objectContaining({ code: 'not-measured', field: absent }),
    );
    expect(record.flags).toContainEqual(
      expect.objectContaining({ code: 'not-measured', field: price }),
    );
  });

  test('every figure that is null has a reason', () => {
    const launch = fakeLaunch([[null, []]]);
    launch.launch.load = nulls(launch.launch.load);
    launch.launch.memory = nulls(launch.launch.memory);
    for (const results of [[launch], [fakeLaunch([[200, [10]]])], input().results]) {
      const record = buildRecord(input({ results }));
      const explained = record.flags.map(({ field }) => field);
      for (const path of nullPaths(record)) {
        const isInterval = /\.(low|high)$/.test(path) && codes(record).includes('no-interval');
        const reason = explained.some((field) => field !== null && path.startsWith(field));
        expect([path, isInterval || reason]).toEqual([path, true]);
      }
    }
  });

  test('names every unknown memory figure', () => {
    const launch = fakeLaunch([[200, [10]]]);
    launch.launch.memory.peakGpuBytes = null;
    launch.launch.memory.kvCacheBytes = null;
    const record = buildRecord(input({ results: [launch] }));
    const unknown = record.flags.filter(({ code }) => code === 'memory-unknown');
    expect(unknown.map(({ field }) => field)).toEqual([
      'memory.kvCacheBytes',
      'memory.peakGpuBytes',
    ]);
  });

  test('of a software adapter never passes for a GPU, nor its price for its own', () => {
    const device = { name: 'llvmpipe', vendor: 'mesa', kind: 'software', details: {} } as const;
    const record = buildRecord(input({ results: [fakeLaunch([[200, [10]]], { device })] }));
    expect(codes(record)).toEqual(expect.arrayContaining(['software-adapter', 'price-stand-in']));
    expect(record.cost?.price).toMatchObject({ gpu: 'H100', standIn: true });
  });

  test('of a GPU without a listed price has no cost', () => {
    const device = { name: 'Matrox G200', vendor: 'matrox', kind: 'gpu', details: {} } as const;
    const record = buildRecord(input({ results: [fakeLaunch([[200, [10]]], { device })] }));
    expect(record.cost).toBeNull();
    expect(record.flags).toContainEqual(
      expect.objectContaining({ code: 'price-unknown', field: 'cost' }),
    );
  });

  test('too fast for its clock is withheld when the clock did not move', () => {
    const results = [fakeLaunch([[0, [0.05, 0, 0]]], { clockQuantumMs: 0.1 })];
    const record = buildRecord(input({ results }));
    expect(record.prefill).toBeNull();
    expect(record.cost?.inputUsdPerMtok).toBeNull();
    const flagged = record.flags.filter(({ code }) => code === 'below-timer-resolution');
    expect(flagged.map(({ field }) => field)).toEqual(['prefill', 'decode']);
  });

  test('a cell that failed keeps its launches and shows no figure', () => {
    const error = new BenchError('crashed', 'the process died', { hint: 'less' });
    const record = buildRecord(input({ results: [fakeLaunch([[200, [10]]])], error }));
    expect(recordSchema.parse(record)).toEqual(record);
    expect(record.outcome).toEqual({
      status: 'failed',
      code: 'crashed',
      message: 'the process died',
      hint: 'less',
    });
    expect(record.launches).toHaveLength(1);
    expect([record.prefill, record.decode, record.load, record.cost]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(Object.values(record.memory).every((value) => value === null)).toBe(true);
    expect(codes(record)).toEqual(['not-measured']);
  });

  test.each([
    ['unsupported', 'unsupported'],
    ['no-adapter', 'unsupported'],
    ['timeout', 'timed-out'],
    ['engine', 'failed'],
    ['out-of-memory', 'failed'],
  ] as const)('%s is %s', (code, status) => {
    const record = buildRecord(input({ results: [], error: new BenchError(code, 'x') }));
    expect(record.outcome.status).toBe(status);
    expect(record.cell.variant.kv).toBe('auto');
  });

  test.each([
    [{ modelSha256: 'b'.repeat(64) }, 'model'],
    [{ device: { name: 'other', vendor: '', kind: 'gpu', details: {} } as const }, 'device'],
    [{ variant: { weights: 'int4', kv: 'f32', activations: 'f32' } as const }, 'formats'],
  ])('launches that measured different things are no result: %j', (change, what) => {
    const results = [fakeLaunch([[200, [10]]]), fakeLaunch([[200, [10]]], change)];
    const record = buildRecord(input({ results }));
    expect(record.outcome).toMatchObject({ status: 'failed' });
    expect(record.outcome.message).toContain(`different ${what}`);
  });
});

import { describe, expect, it } from 'vitest';
import { areInterleaved, matchCells } from '../../src/core/cell-pairs.ts';
import {
  comparedKeys,
  parseAllowed,
  parseSelection,
  selectRecords,
} from '../../src/core/cell-selection.ts';
import { compareRecords } from '../../src/core/compare-records.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { unmatchedText } from '../../src/report/comparison-table.ts';
import { gpuRecord } from '../support/sample-records.ts';

type CellChanges = Partial<BenchRecord['cell']>;

/** A record of a cell that differs from the sample's in these. */
function record(id: string, cell: CellChanges = {}, changes: Partial<BenchRecord> = {}) {
  const base = gpuRecord();
  return gpuRecord({ id, cell: { ...base.cell, ...cell }, ...changes });
}

/** Launches that started at these minutes. */
function startedAt(id: string, minutes: number[], changes: Partial<BenchRecord> = {}) {
  const [first] = gpuRecord().launches;
  if (first === undefined) throw new Error('a sample record without launches');
  const launches = minutes.map((minute) => ({
    ...first,
    startedAt: new Date(minute * 60_000).toISOString(),
  }));
  return record(id, {}, { launches, ...changes });
}

describe('selections', () => {
  it('read keys and values, the value up to the next key', () => {
    const selection = parseSelection('--a', 'variant=int4,model=a,b,run=latest');
    expect([...selection]).toEqual([
      ['weights', 'int4'],
      ['model', 'a,b'],
      ['run', 'latest'],
    ]);
  });

  it.each(['speed=9', 'backend', 'backend=', '', '__proto__=x', 'constructor=x'])(
    'refuse %j with the keys there are',
    (text) => {
      expect(() => parseSelection('--a', text)).toThrow(
        expect.objectContaining({ code: 'usage', hint: expect.stringContaining('backend') }),
      );
    },
  );

  it('compare on what both name with different values', () => {
    const a = parseSelection('--a', 'backend=wgsl,kv=f16,run=x');
    const b = parseSelection('--b', 'backend=ort-cpu,kv=f16,run=y');
    expect(comparedKeys(a, b)).toEqual(['backend']);
    expect(parseAllowed('--allow', 'driver, variant')).toEqual(['driver', 'weights']);
    expect(() => parseAllowed('--allow', 'run')).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });

  it('choose records: words whole, devices and models by a part, the latest run', () => {
    const records = [
      record('old', {}, { run: 'r1', provenance: { commit: 'abc123' } }),
      record('new', { backend: 'ort-webgpu' }, { run: 'r2', provenance: { commit: 'def456' } }),
    ];
    const ids = (text: string) =>
      selectRecords(records, parseSelection('--a', text)).map(({ id }) => id);
    expect(ids('backend=wgsl')).toEqual(['old']);
    expect(ids('backend=ort')).toEqual([]);
    expect(ids('device=gpu 9000')).toEqual(['old', 'new']);
    expect(ids('run=latest')).toEqual(['new']);
    expect(ids('commit=abc')).toEqual(['old']);
    expect(ids('model=fixture,weights=int4,batch=1')).toEqual(['old', 'new']);
  });
});

describe('matching', () => {
  it('refuses what differs, and names it', () => {
    const driver = { ...gpuRecord().device, details: { driver: '2' } } as BenchRecord['device'];
    const { pairs, unmatched } = matchCells(
      [record('a')],
      [record('b', {}, { device: driver })],
      [],
    );
    expect(pairs).toEqual([]);
    expect(unmatched.map(({ side }) => side)).toEqual(['A', 'B']);
    const [first] = unmatched;
    expect(first && unmatchedText(first)).toContain('driver is unknown in A and 2 in B');
  });

  it.each([
    ['model', {}, { modelSha256: 'cd'.repeat(32) }],
    ['weights', { variant: { weights: 'int8', kv: 'f16', activations: 'f32' } }, {}],
    ['kv', { variant: { weights: 'int4', kv: 'f32', activations: 'f32' } }, {}],
    ['backend', { backend: 'ort-webgpu' }, {}],
    ['host', { host: 'chromium' }, {}],
    ['prompt', { workload: { promptTokens: 9, generatedTokens: 128, depth: 0, batch: 1 } }, {}],
    ['depth', { workload: { promptTokens: 512, generatedTokens: 128, depth: 1, batch: 1 } }, {}],
    ['engine', {}, { provenance: { webgpu: '9.9.9' } }],
    ['machine', {}, { provenance: { cpu: 'another' } }],
  ] as const)('holds %s fast until it is allowed', (key, cell, changes) => {
    const [a, b] = [
      [record('a')],
      [record('b', cell as CellChanges, changes as Partial<BenchRecord>)],
    ];
    const { pairs, unmatched } = matchCells(a, b, []);
    expect(pairs).toEqual([]);
    expect(unmatched[0]?.nearest?.keys).toContain(key);
    const keys = unmatched[0]?.nearest?.keys ?? [];
    expect(matchCells(a, b, keys).pairs).toHaveLength(1);
  });

  it('takes the newest of a cell and, where keys are free, the nearest', () => {
    const a = [record('a')];
    const b = [
      record('older', {}, { createdAt: '2026-01-01T00:00:00.000Z' }),
      record('newer', {}, { createdAt: '2026-01-03T00:00:00.000Z' }),
      record('other', { backend: 'ort-webgpu' }, { createdAt: '2026-01-09T00:00:00.000Z' }),
    ];
    expect(matchCells(a, b, []).pairs.map((pair) => pair.b.id)).toEqual(['newer']);
    const { pairs, unmatched } = matchCells(a, b, ['backend']);
    expect(pairs.map((pair) => pair.b.id)).toEqual(['newer']);
    expect(unmatched.map((cell) => cell.record.id)).toEqual(['other']);
  });
});

describe('launches', () => {
  it('are pairs where they took turns in one run', () => {
    const a = startedAt('a', [0, 3, 4]);
    expect(areInterleaved(a, startedAt('b', [1, 2, 5]))).toBe(true);
    expect(areInterleaved(a, startedAt('b', [1, 2, 5, 6, 7]))).toBe(true);
    expect(areInterleaved(a, startedAt('b', [1, 3.5, 2]))).toBe(false);
    expect(areInterleaved(a, startedAt('b', [10, 11, 12]))).toBe(false);
    expect(areInterleaved(a, startedAt('b', [1, 2, 5], { run: 'another' }))).toBe(false);
  });
});

describe('a comparison', () => {
  const metrics = ['prefill', 'ttft', 'decode'] as const;

  it('of a record with itself finds no difference', () => {
    const minutes = [0, 1, 2, 3, 4, 5, 6, 7];
    const self = startedAt('self', minutes);
    const { pairs } = matchCells([self], [self], []);
    const { rows } = compareRecords({ pairs, metrics, noise: [], seed: 42 });
    expect(rows.map(({ verdict }) => verdict)).toEqual(['SAME', 'SAME', 'SAME']);
    expect(rows[0]).toMatchObject({ a: 5120, b: 5120, p: 1, isPaired: true, test: 'sign-flip' });
  });

  it('permutes labels where the signs of so few pairs could not be sure', () => {
    const self = startedAt('self', [0, 1, 2, 3, 4]);
    const { pairs } = matchCells([self], [self], []);
    const { rows } = compareRecords({ pairs, metrics, noise: [], seed: 42 });
    expect(rows[0]).toMatchObject({ isPaired: true, test: 'labels' });
  });

  it('counts figures of the same times as one test', () => {
    const minutes = [0, 1, 2, 3, 4, 5];
    const { pairs } = matchCells([startedAt('a', minutes)], [startedAt('b', minutes)], []);
    expect(compareRecords({ pairs, metrics, noise: [], seed: 42 }).tests).toBe(2);
  });

  it('leaves out what a side does not have, with the reason', () => {
    const none = { prefillMs: 100, stepMs: [10], runAheadMs: null };
    const b = gpuRecord({ id: 'b' });
    b.launches = b.launches.map((launch) => ({ ...launch, repetitions: [none] }));
    const { pairs } = matchCells([gpuRecord({ id: 'a' })], [b], []);
    const { rows, skipped } = compareRecords({ pairs, metrics: ['run-ahead'], noise: [], seed: 1 });
    expect(rows).toEqual([]);
    expect(skipped[0]?.reason).toBe('B has no run-ahead tok/s');
  });
});

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchCells } from '../../src/core/cell-pairs.ts';
import { marginFor } from '../../src/core/noise-margin.ts';
import { describeNoise, type NoiseRecord, noiseFloorOf } from '../../src/core/noise-record.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { Rng } from '../../src/core/rng.ts';
import { noiseRecord, twins } from '../../src/measure/noise.ts';
import { renderNoise } from '../../src/report/noise-table.ts';
import {
  appendNoiseRecord,
  noiseStorePath,
  readNoiseRecords,
} from '../../src/store/noise-records.ts';
import { gpuRecord } from '../support/sample-records.ts';

/** The sample's cell with launches whose prefills took these times. */
function timed(id: string, times: readonly number[]): BenchRecord {
  const base = gpuRecord({ id });
  const [first] = base.launches;
  if (first === undefined) throw new Error('a sample record without launches');
  const launches = times.map((prefillMs) => ({
    ...first,
    repetitions: [{ prefillMs, stepMs: [10], runAheadMs: null }],
  }));
  return { ...base, launches };
}

function noise(changes: Partial<NoiseRecord> = {}): NoiseRecord {
  const record = noiseRecord(
    timed('a', [100, 100, 100, 100, 100, 100]),
    timed('b', [110, 90, 110, 90, 110, 90]),
    { id: 'noise', createdAt: '2026-01-01T00:00:00.000Z' },
  );
  if (record === null) throw new Error('no noise record');
  return { ...record, ...changes };
}

describe('a noise floor', () => {
  it('of single launches is the 95th percentile of |log ratio|', () => {
    const ratios = Array.from({ length: 21 }, (_, i) => (i % 2 === 0 ? 1 : -1) * (i / 100));
    expect(describeNoise('decode', ratios).launchFloor).toBeCloseTo(0.19, 12);
  });

  it('shrinks with the root of the launches', () => {
    const rng = new Rng('noise of a machine');
    const ratios = Array.from({ length: 400 }, () => 0.02 * rng.normal());
    expect(noiseFloorOf(ratios, 1) / 0.02).toBeCloseTo(1.96, 0);
    // the pseudo-median has 95 % of the mean's efficiency
    expect(noiseFloorOf(ratios, 16) / 0.02).toBeCloseTo(1.96 / Math.sqrt(16 * 0.95), 1);
    expect(noiseFloorOf(ratios, 16)).toBe(noiseFloorOf(ratios, 16));
  });

  it('comes from the launches of a cell and its twin', () => {
    const { floors, sides, driver } = noise();
    expect(floors.map(({ metric }) => metric)).toEqual([
      'prefill',
      'decode',
      'ttft',
      'tpot',
      'end-to-end',
    ]);
    expect(floors[0]?.logRatios[0]).toBeCloseTo(Math.log(100 / 110), 12);
    expect(floors[1]?.floor).toBe(0);
    expect(sides.map((launches) => launches.length)).toEqual([6, 6]);
    expect(driver).toBe('unknown');
  });

  it('is none where a side did not finish', () => {
    const failed = gpuRecord({ outcome: { status: 'failed' } });
    expect(noiseRecord(gpuRecord(), failed, { id: 'x', createdAt: '' })).toBeNull();
  });

  it('is shown with the margin it makes', () => {
    const text = renderNoise([noise()]);
    expect(text).toMatch(/prefill tok\/s +6 +1\d\.\d/);
    expect(text).toMatch(/decode tok\/s +6 +0 +0 +2\.00/);
    expect(renderNoise([])).toBe('');
  });
});

describe('twins', () => {
  it('are records of one key', () => {
    const record = (id: string, key: string) => gpuRecord({ id, key });
    const pairs = twins([record('1', 'k'), record('2', 'l'), record('3', 'k'), record('4', 'm')]);
    expect(pairs.map((pair) => pair.map(({ id }) => id))).toEqual([['1', '3']]);
  });
});

describe('a margin', () => {
  const { pairs } = matchCells([gpuRecord({ id: 'a' })], [gpuRecord({ id: 'b' })], []);
  const [pair] = pairs;
  if (pair === undefined) throw new Error('sample records do not match');

  it('is 2 % where nothing is known, and where the machine is quieter', () => {
    expect(marginFor(pair, 'prefill', 10, [])).toEqual({ value: 0.02, noiseIds: [], floor: null });
    expect(marginFor(pair, 'decode', 10, [noise()])).toEqual({
      value: 0.02,
      noiseIds: ['noise'],
      floor: 0,
    });
  });

  it('is the floor where the machine is noisier, of the newest that fits', () => {
    const newer = noise({ id: 'newer', createdAt: '2026-02-01T00:00:00.000Z' });
    const margin = marginFor(pair, 'prefill', 6, [newer, noise()]);
    expect(margin.noiseIds).toEqual(['newer']);
    expect(margin.value).toBe(margin.floor);
    expect(margin.value).toBeGreaterThan(0.05);
    expect(margin.value).toBeLessThan(0.12);
  });

  it.each([
    ['driver', { driver: 'another' }],
    ['device', { device: { name: 'another', vendor: 'x', kind: 'gpu', details: {} } }],
    ['backend', { cell: { ...gpuRecord().cell, backend: 'ort-webgpu' } }],
    ['host', { cell: { ...gpuRecord().cell, host: 'chromium' } }],
  ] as [string, Partial<NoiseRecord>][])('does not take the floor of another %s', (_, changes) => {
    expect(marginFor(pair, 'prefill', 6, [noise(changes)]).floor).toBeNull();
  });
});

describe('the noise file of a store', () => {
  it('lies beside the records, holds what was added, and passes over what is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
    const path = noiseStorePath(folder);
    expect(noiseStorePath(join(folder, 'x.jsonl'))).toBe(path);
    expect(await readNoiseRecords(path)).toEqual({ records: [], problems: [] });
    await writeFile(path, '{"kind":"noise"}\nnot json\n');
    await appendNoiseRecord(path, noise());
    const { records, problems } = await readNoiseRecords(path);
    expect(records.map(({ id }) => id)).toEqual(['noise']);
    expect(problems.map(({ line }) => line)).toEqual([1, 2]);
  });
});

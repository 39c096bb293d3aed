import { describe, expect, it } from 'vitest';
import { compareContenders, type Entry } from '../../bench/kernels/compare-contenders.ts';
import { drawData } from '../../bench/kernels/draw-data.ts';
import type { Contender, OperationData } from '../../bench/kernels/operation.ts';
import { operationCost, operationName } from '../../bench/kernels/operation-cost.ts';
import { sampleOracle } from '../../bench/kernels/operation-oracle.ts';
import { matmul } from '../../src/backends/reference/ops.ts';
import { BenchError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import { dequantise } from '../../src/model/quantise.ts';
import { samplePeaks } from '../support/kernel-records.ts';

const operation = { kind: 'product', format: 'int8', rows: 2, k: 64, n: 48 } as const;
const subject = { name: operationName(operation), operation, uses: ['some model'] };
const data = drawData(operation, new Rng('data'));
const samples = sampleOracle(operation, data, new Rng('samples'));
const BLOCKS = 8;

function right(given: OperationData): Float32Array {
  if (given.kind !== 'product') throw new Error('a product was drawn');
  const weights = dequantise('int8', given.planes, operation.n, operation.k);
  return Float32Array.from(matmul(given.x, operation.rows, operation.k, weights, operation.n));
}

/** A contender whose samples take what `ms` says, by how many were taken before. */
function entry(
  role: Entry['role'],
  ms: (sample: number) => number,
  log: string[],
  change: Partial<Contender> = {},
): Entry {
  let count = 0;
  return {
    role,
    open: async (given) => ({
      name: `fake ${role}`,
      settings: { role },
      output: async () => right(given),
      sample: async () => {
        log.push(role);
        return ms(count++);
      },
      dispose: async () => void log.push(`dispose ${role}`),
      ...change,
    }),
  };
}

const compare = (entries: readonly Entry[]) =>
  compareContenders(subject, data, samples, entries, {
    blocks: BLOCKS,
    peaks: samplePeaks,
    rng: new Rng('compare'),
  });

describe('contenders', () => {
  it('are sampled once a block, in random order, and the first samples are thrown away', async () => {
    const log: string[] = [];
    const drift = (count: number) => (count === 0 ? 1000 : 1);
    const { contenders } = await compare([
      entry('cold', drift, log),
      entry('warm', drift, log),
      entry('peer', drift, log),
    ]);
    const blocks = Array.from({ length: BLOCKS + 1 }, (_, i) => log.slice(3 * i, 3 * i + 3));
    for (const block of blocks) expect([...block].sort()).toEqual(['cold', 'peer', 'warm']);
    expect(new Set(blocks.slice(1).map((block) => block.join())).size).toBeGreaterThan(1);
    expect(log.slice(-3)).toEqual(['dispose cold', 'dispose warm', 'dispose peer']);
    for (const { samplesMs } of contenders) expect(samplesMs).toEqual(Array(BLOCKS).fill(1));
  });

  it('are compared block by block, so that what slows a block down cancels out', async () => {
    const slow = (count: number) => (count % 3 === 0 ? 10 : 1);
    const { ratio, contenders } = await compare([
      entry('cold', slow, []),
      entry('peer', (count) => 1.5 * slow(count), []),
    ]);
    expect(ratio?.median).toBeCloseTo(1.5, 9);
    expect(ratio?.low).toBeCloseTo(1.5, 9);
    expect(ratio?.high).toBeCloseTo(1.5, 9);
    const { bytes, flops } = operationCost(operation);
    const figures = contenders[0]?.figures;
    expect(figures?.ms.median).toBe(1);
    expect(figures?.gbPerSecond).toBeCloseTo(bytes / 1e6, 9);
    expect(figures?.gflopPerSecond).toBeCloseTo(flops / 1e6, 9);
    expect(figures?.bound).toBe('bandwidth');
    expect(figures?.peakShare).toBeCloseTo(bytes / 100e6, 9);
  });

  it('that are wrong are not timed, and there is no ratio', async () => {
    const log: string[] = [];
    const output = async () => right(data).map((value, i) => (i === 0 ? 1.01 * value : value));
    const { contenders, ratio, outcome } = await compare([
      entry('cold', () => 1, log),
      entry('peer', () => 1, log, { output }),
    ]);
    expect(log).not.toContain('peer');
    expect(ratio).toBeNull();
    expect(outcome).toEqual({ status: 'ok' });
    const peer = contenders.find(({ role }) => role === 'peer');
    expect(peer?.outcome).toMatchObject({ status: 'failed', code: 'quality' });
    expect(peer?.accuracy?.nmse).toBeGreaterThan(1e-8);
    expect(peer?.figures).toBeNull();
  });

  it('that cannot be prepared or break on the way leave the others be', async () => {
    const unsupported: Entry = {
      role: 'warm',
      open: async () => {
        throw new BenchError('unsupported', 'no such operator', { hint: 'None.' });
      },
    };
    const breaks = (count: number): number => {
      if (count > 3) throw new Error('lost its temper');
      return 1;
    };
    const { contenders } = await compare([
      entry('cold', () => 1, []),
      unsupported,
      entry('peer', breaks, []),
    ]);
    expect(contenders.map(({ outcome }) => outcome)).toMatchObject([
      { status: 'ok' },
      { status: 'unsupported', message: 'no such operator', hint: 'None.' },
      { status: 'failed', code: 'engine', message: 'lost its temper' },
    ]);
    expect(contenders[0]?.samplesMs).toHaveLength(BLOCKS);
  });

  it('go down with the device, and are disposed of', async () => {
    const log: string[] = [];
    const lost = (): number => {
      throw new BenchError('device-lost', 'gone');
    };
    await expect(
      compare([entry('cold', () => 1, log), entry('peer', lost, log)]),
    ).rejects.toMatchObject({ code: 'device-lost' });
    expect(log.slice(-2)).toEqual(['dispose cold', 'dispose peer']);
  });
});

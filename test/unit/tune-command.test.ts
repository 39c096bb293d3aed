import { describe, expect, it } from 'vitest';
import { operationName } from '../../bench/kernels/operation-cost.ts';
import { operationsToTune } from '../../bench/kernels/tuned-operations.ts';
import { tuneOptions } from '../../src/cli/tune-options.ts';
import { tuneJson, tuneText } from '../../src/cli/tune-text.ts';
import type { Tuning } from '../../src/hosts/node/tuning-state.ts';
import {
  adapterIdentity,
  TUNED_VERSION,
  type TunedEntry,
} from '../../src/model/decoder/tuned-table.ts';
import { presets } from '../../src/model/presets.ts';

const { config } = presets['llama-3.2-1b'];

describe('what is tuned', () => {
  const names = (rows: number[], contexts: number[], configs = [config]) =>
    operationsToTune({ configs, formats: ['int4'], kv: 'auto', rows, contexts }).map(operationName);

  it('is what a decode step of one sequence runs', () => {
    expect(names([1], [4096])).toEqual([
      'int4 1×2048→3072',
      'int4 1×2048→2048',
      'int4 1×2048→16384',
      'int4 1×8192→2048',
      'int4 1×2048→128256',
      'attention 32/8 heads of 64, 1 at 4095, kv f16',
    ]);
  });

  it('is what a prefill runs: all but the head, whose last row is a decode step’s', () => {
    expect(names([512], [4096])).toEqual([
      'int4 512×2048→3072',
      'int4 512×2048→2048',
      'int4 512×2048→16384',
      'int4 512×8192→2048',
      'attention 32/8 heads of 64, 512 at 0, kv f16',
    ]);
  });

  it('has each operation once, decode first, within the model’s context', () => {
    const twice = names([128, 1], [512, 4096], [config, config]);
    expect(new Set(twice).size).toBe(twice.length);
    expect(twice).toEqual(names([1, 128], [512, 4096]));
    expect(twice.findIndex((name) => name.includes('128×'))).toBe(7);
    const short = { ...config, context: 300 };
    expect(names([1], [512, 4096], [short]).at(-1)).toContain('1 at 299');
  });

  it('takes the cache that the wgsl backend takes beside the weights', () => {
    const kv = (format: 'f32' | 'int8') =>
      operationsToTune({
        configs: [config],
        formats: [format],
        kv: 'auto',
        rows: [1],
        contexts: [512],
      }).at(-1);
    expect(kv('f32')).toMatchObject({ kv: 'f32' });
    expect(kv('int8')).toMatchObject({ kv: 'f16' });
  });
});

describe('the command line', () => {
  it('names models, presets or both', () => {
    expect(tuneOptions({}).models).toEqual(['synthetic:test-1m']);
    const both = tuneOptions({ model: ['/m', '/m'], shapes: 'bench-25m, test-1m' });
    expect(both.models).toEqual(['/m', 'synthetic:bench-25m', 'synthetic:test-1m']);
    expect(tuneOptions({ budget: '2.5', rows: '1,64', context: '512', kv: 'int8' })).toMatchObject({
      budgetSeconds: 2.5,
      rows: [1, 64],
      contexts: [512],
      kv: 'int8',
    });
  });

  it.each([
    [{ shapes: 'llama-9' }, 'no preset'],
    [{ shapes: 'test-1m,' }, 'empty word'],
    [{ variant: 'int5' }, 'int5'],
    [{ kv: 'int4' }, 'int4'],
    [{ budget: '0' }, '--budget'],
    [{ rows: '0' }, '--rows'],
    [{ context: '1e9' }, '--context'],
  ])('refuses %j', (argv, message) => {
    expect(() => tuneOptions(argv)).toThrow(message);
  });
});

describe('what is printed', () => {
  const device = { name: 'llvmpipe', vendor: 'mesa', kind: 'software', details: {} } as const;
  const [first, second, third, fourth] = operationsToTune({
    configs: [config],
    formats: ['int4'],
    kv: 'auto',
    rows: [1],
    contexts: [512],
  });
  if (!first || !second || !third || !fourth) throw new Error('too few operations');
  const entry: TunedEntry = {
    operation: first,
    choice: { kernel: 'matvec', tunables: { wg: 64, rows: 2 } },
    ms: 0.5,
    defaultMs: 1,
    tried: 12,
    candidates: 40,
    skipped: [
      { choice: { kernel: 'matvec', tunables: { wg: 3 } }, reason: 'wrong result:\n[0, 0] is 1' },
    ],
  };
  const tuning: Tuning = {
    device,
    table: {
      version: TUNED_VERSION,
      adapter: adapterIdentity(device),
      kernelsSha256: '0'.repeat(64),
      created: new Date(0).toISOString(),
      entries: [entry],
    },
    path: '/cache/tuned/a.json',
    outcomes: [
      { operation: first, outcome: { status: 'tuned', entry } },
      { operation: second, outcome: { status: 'kept', entry: { ...entry, defaultMs: null } } },
      {
        operation: third,
        outcome: { status: 'failed', code: 'quality', message: 'nothing is right' },
      },
      { operation: fourth, outcome: { status: 'not-reached' } },
    ],
  };

  it('has a row for each operation and the reason for all that was skipped', () => {
    const text = tuneText(tuning);
    expect(text).toMatch(/1×2048→3072 +1\.00 +0\.500 +2\.00× +12 +1 +matvec rows 2 wg 64\n/);
    expect(text).toMatch(
      /1×2048→2048 +n\/a +0\.500 +n\/a +12 +1 +matvec rows 2 wg 64 \(tuned before\)\n/,
    );
    expect(text).toContain('failed: quality');
    expect(text).toContain('1 operation not reached');
    expect(text).toContain('software adapter');
    expect(text).toContain('skipped matvec wg 3: wrong result: [0, 0] is 1');
    expect(text).toContain('nothing is right');
  });

  it('is also there as JSON', () => {
    const { operations, path } = JSON.parse(tuneJson(tuning));
    expect(path).toBe('/cache/tuned/a.json');
    expect(operations.map(({ status }: { status: string }) => status)).toEqual([
      'tuned',
      'kept',
      'failed',
      'not-reached',
    ]);
    expect(operations[0].entry).toEqual(entry);
  });
});

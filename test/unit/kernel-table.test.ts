import { describe, expect, it } from 'vitest';
import { kernelRecordSchema } from '../../src/core/kernel-record.ts';
import { renderKernelTable } from '../../src/report/kernel-table.ts';
import { renderValidation } from '../../src/report/validation-table.ts';
import { contenderRecord, measurementRecord, validationRecord } from '../support/kernel-records.ts';

/** The row that begins with these words. */
function rowOf(table: string, start: string): string {
  return table.split('\n').find((line) => line.startsWith(start)) ?? '';
}

describe('the table of timings', () => {
  it('has a row for an operation, with both sides and what bounds it', () => {
    const table = renderKernelTable([measurementRecord()]);
    expect(rowOf(table, 'qkv').split(/ {2,}/)).toEqual([
      'qkv',
      '2048→3072',
      'int4',
      '1',
      '2.00 ±5.0%',
      '2.00',
      '50.0',
      '100',
      '50% bw',
      '2.00',
      '1.50 [1.40, 1.62]',
      '3e-14',
      '3e-14',
    ]);
    expect(table).toContain('\nllama-3.2-1b\n');
    expect(table).toContain(
      'read 100 GB/s, copy 80.0 GB/s; multiply-add f32 1000 GFLOP/s, f16 2000',
    );
    expect(table).toContain('- wgsl matvec: wg 64 — int4 1×2048→3072');
    expect(table).toContain('- ort-webgpu MatMulNBits: accuracyLevel 1 — int4 1×2048→3072');
    expect(table).not.toContain('SOFTWARE');
  });

  it('shows an operation with every model that uses it', () => {
    const uses = ['llama-3.2-1b o', 'other down'];
    const table = renderKernelTable([measurementRecord({ uses })]);
    expect(rowOf(table, 'o ')).not.toBe('');
    expect(table.indexOf('\nother\n')).toBeGreaterThan(table.indexOf('\nllama-3.2-1b\n'));
    expect(rowOf(table, 'down ')).not.toBe('');
  });

  it('warns above and below of a software adapter', () => {
    const device = { name: 'llvmpipe', vendor: 'mesa', kind: 'software', details: {} } as const;
    const lines = renderKernelTable([measurementRecord({ device })])
      .trimEnd()
      .split('\n');
    expect(lines[0]).toContain('SOFTWARE ADAPTER: everything here ran on llvmpipe');
    expect(lines.at(-1)).toBe(lines[0]);
  });

  it('says n/a for a ratio that there is none of, and why', () => {
    const wrong = contenderRecord('peer', {
      outcome: { status: 'failed', code: 'quality', message: 'wrong result: [0, 1] is 3' },
      figures: null,
      samplesMs: [],
    });
    const record = measurementRecord({
      contenders: [contenderRecord('cold'), wrong],
      ratio: null,
    });
    const table = renderKernelTable([record]);
    expect(rowOf(table, 'qkv')).toMatch(/ failed +n\/a +3e-14 +3e-14 +1$/);
    expect(table).toContain('(1) peer: [quality] wrong result: [0, 1] is 3');
  });

  it('leaves the columns of a peer out where none was asked for', () => {
    const record = measurementRecord({ contenders: [contenderRecord('cold')], ratio: null });
    expect(renderKernelTable([record])).not.toMatch(/^operation.*peer/m);
  });

  it('names what was left out', () => {
    const outcome = {
      status: 'skipped',
      message: 'left out: about 9 s more',
      hint: 'Try.',
    } as const;
    const skipped = measurementRecord({ name: 'int8 8×1→2', outcome, contenders: [], ratio: null });
    const table = renderKernelTable([measurementRecord(), skipped]);
    expect(table).toContain('Not timed, 1 of 2 operations:');
    expect(table).toContain('- int8 8×1→2 (llama-3.2-1b qkv): left out: about 9 s more\nTry.');
  });

  it('copes with nothing but what was left out', () => {
    const outcome = { status: 'skipped', message: 'left out' } as const;
    const skipped = measurementRecord({ outcome, contenders: [], ratio: null });
    expect(renderKernelTable([skipped])).toContain('Not timed, 1 of 1 operations:');
  });
});

describe('the tables of validations', () => {
  const fine = {
    kernel: 'matvec',
    cases: 12,
    notRunnable: [],
    failures: [],
    paths: [
      { path: 'activations f32, weights-int4', cases: 9, nmse: 2e-14 },
      { path: 'activations f16, weights-int4', cases: 3, nmse: 4e-8 },
    ],
  };
  const partly = {
    ...fine,
    cases: 9,
    notRunnable: [{ reason: 'the device has no shader-f16', cases: 3 }],
    failures: ['past-end', 'exact'].map((bindings) => ({
      case: 'matvec (int4 1×32→7, seed 1)',
      bindings,
      message: 'matvec (int4 1×32→7, seed 1): y [3] is NaN',
    })),
    paths: [{ path: 'activations f32, weights-int4', cases: 8, nmse: 5e-14 }],
  };

  it('count cases by configuration, with reasons and failures', () => {
    const text = renderValidation([
      validationRecord('all features', [fine]),
      validationRecord('without shader-f16', [partly]),
    ]);
    expect(text).toMatch(/^matvec +12 +9 \+ 3 n\/a \(1\), 1 WRONG$/m);
    expect(text).toContain('(1) the device has no shader-f16');
    expect(text).toContain(
      '- without shader-f16, exact bindings: matvec (int4 1×32→7, seed 1): y [3] is NaN',
    );
  });

  it('give the worst error of each precision over all configurations', () => {
    const text = renderValidation([
      validationRecord('all features', [fine]),
      validationRecord('without shader-f16', [partly]),
    ]);
    expect(text).toMatch(/^matvec +activations f16, weights-int4 +3 +4e-8$/m);
    expect(text).toMatch(/^ +activations f32, weights-int4 +17 +5e-14$/m);
  });
});

describe('kernel records', () => {
  it('survive JSON', () => {
    for (const record of [measurementRecord(), validationRecord('all features', [])]) {
      expect(kernelRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    }
  });

  it.each([
    ['schema', { schema: 2 }],
    ['bytes', { bytes: -1 }],
    ['operation', { operation: { kind: 'product', format: 'int3', rows: 1, k: 1, n: 1 } }],
    ['kind', { kind: 'bench' }],
  ])('with a wrong %s are refused', (_, change) => {
    expect(kernelRecordSchema.safeParse({ ...measurementRecord(), ...change }).success).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import type { Peaks } from '../../src/core/kernel-peaks.ts';
import { rooflineSchema } from '../../src/core/roofline.ts';
import { type MeasuredCell, placeOnRoofline } from '../../src/measure/roofline.ts';
import { decodeStepWork, prefillWork } from '../../src/model/work.ts';
import { tinyConfig } from '../support/fake-backend.ts';
import { around } from '../support/sample-records.ts';

const peaks: Peaks = {
  readGbPerSecond: 100,
  copyGbPerSecond: 80,
  f32GflopPerSecond: 1000,
  f16GflopPerSecond: 4000,
  dispatchUs: 5,
  encodeUs: 1,
  bufferBytes: 2 ** 20,
  clock: 'gpu',
};
const workload = { promptTokens: 4, generatedTokens: 3, depth: 0, batch: 2 };
const cell: MeasuredCell = {
  variant: { weights: 'f16', kv: 'f16', activations: 'f32' },
  workload,
  device: 'Invented GPU 9000',
  settings: {},
  prefill: { tokensPerSecond: around(8e6), ttftMs: around(0.001) },
  decode: {
    tokensPerSecond: around(4e6),
    tpotMs: { p50: 0.0005, p95: null, p99: null },
    runAhead: null,
  },
};
const found = { adapter: 'Invented GPU 9000', peaks };
const request = { config: tinyConfig, weights: 'f16', kv: 'f16', workload } as const;

describe('placeOnRoofline', () => {
  it('divides achieved rates by the peaks and carries the interval', () => {
    const { roofline, flags } = placeOnRoofline(cell, tinyConfig, found);
    expect(flags).toEqual([]);
    expect(rooflineSchema.parse(roofline)).toEqual(roofline);
    expect(roofline?.peakGbPerSecond).toBe(100);
    // 8e6 tokens a second in passes of 2 · 4 tokens: a million prefills; two sequences a step: 2e6 steps.
    const prefill = prefillWork(request);
    expect(roofline?.prefill?.mbu.median).toBeCloseTo((prefill.bytes * 1e6) / 100e9, 12);
    expect(roofline?.prefill?.mfu.median).toBeCloseTo((prefill.flops * 1e6) / 1000e9, 12);
    const decode = decodeStepWork(request);
    expect(roofline?.decode?.mbu.median).toBeCloseTo((decode.bytes * 2e6) / 100e9, 12);
    expect(roofline?.decode?.mbu.low).toBeCloseTo((0.9 * decode.bytes * 2e6) / 100e9, 12);
    expect(roofline?.decode?.mfu.high).toBeCloseTo((1.1 * decode.flops * 2e6) / 1000e9, 12);
  });

  it('holds f16 products against the f16 peak', () => {
    const half = { ...cell, variant: { ...cell.variant, activations: 'f16' as const } };
    const of = (one: MeasuredCell) => placeOnRoofline(one, tinyConfig, found).roofline;
    expect(of(half)?.decode?.arithmetic).toBe('f16');
    const ratio = (of(half)?.decode?.mfu.median ?? 0) / (of(cell)?.decode?.mfu.median ?? 1);
    expect(ratio).toBeCloseTo(1 / 4, 12);
    const units = { ...cell, settings: { products: 'f16 operands, f32 sums' } };
    expect(of(units)?.prefill?.arithmetic).toBe('f16');
    expect(of(units)?.decode?.arithmetic).toBe('f32');
  });

  it('has no phase that was not measured', () => {
    const { roofline } = placeOnRoofline({ ...cell, prefill: null }, tinyConfig, found);
    expect(roofline?.prefill).toBeNull();
    expect(roofline?.decode).not.toBeNull();
  });

  it.each([
    [{ reason: 'no peaks' }, 'no peaks'],
    [{ adapter: 'another', peaks }, 'measured on another'],
  ])('is unknown with a reason: %j', (peaksFound, message) => {
    const { roofline, flags } = placeOnRoofline(cell, tinyConfig, peaksFound);
    expect(roofline).toBeNull();
    expect(flags).toEqual([
      expect.objectContaining({
        code: 'roofline-unknown',
        field: 'roofline',
        message: expect.stringContaining(message),
      }),
    ]);
  });
});

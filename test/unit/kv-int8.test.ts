import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dequantiseKv, quantiseKv } from '../../src/model/kv-int8.ts';

describe('an int8 cache row', () => {
  it('has codes to the nearest, ties to even, and the scale of its largest magnitude', () => {
    const rows = quantiseKv([-127, 0.5, 1.5, -2.5, 63.5, 0.49, 0, 0, 0, 0, 2, -0.0079], 4);
    expect([...rows.scales]).toEqual([1, 0.5, Math.fround(2 / 127)].map(Math.fround));
    expect([...rows.codes]).toEqual([-127, 0, 2, -2, 127, 1, 0, 0, 0, 0, 127, -1]);
  });

  it('of zeros, or of what is too small for a scale, is one of zeros', () => {
    const rows = quantiseKv([0, -0, 0, 0, 1e-37, -1e-37, 0, 0], 4);
    expect([...rows.scales]).toEqual([0, 0]);
    expect([...dequantiseKv(rows, 4)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'with %d gives no number back',
    (bad) => {
      const values = dequantiseKv(quantiseKv([1, bad, 2, 3, 4, 5, 6, 7], 4), 4);
      expect(values.slice(0, 4).some(Number.isFinite)).toBe(false);
      expect(values[4]).toBeCloseTo(4, 1);
    },
  );

  it('is off by half a step at most', () => {
    const row = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(row, (x) => {
        const rows = quantiseKv(x, 8);
        const [scale = 0] = rows.scales;
        dequantiseKv(rows, 8).forEach((value, i) => {
          expect(Math.abs(value - (x[i] ?? 0))).toBeLessThanOrEqual(0.5001 * scale + 2e-36);
        });
        if (scale > 0) expect(Math.max(...rows.codes.map(Math.abs))).toBe(127);
      }),
    );
  });
});

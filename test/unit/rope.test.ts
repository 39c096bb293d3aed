import { describe, expect, it } from 'vitest';
import { rope } from '../../src/backends/reference/ops.ts';
import { type RopeConfig, ropeFrequencies, ropeTables } from '../../src/model/rope.ts';

const scaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4 } as const;

describe('ropeFrequencies', () => {
  it('is a geometric series from 1 down to θ^(−(d−2)/d)', () => {
    const frequencies = ropeFrequencies({ headDim: 8, ropeTheta: 10000, ropeScaling: null });
    [1, 0.1, 0.01, 0.001].forEach((expected, i) => {
      expect(frequencies[i]).toBeCloseTo(expected, 15);
    });
  });

  // θ = 16, headDim 4: frequencies 1 and 1/4, so wavelengths 2π and 8π.
  it.each([
    // Turns 2 and ½ in the original context: blend (2−1)/(4−1) = ⅓ → ⅔·⅛ + ⅓ = 5/12; below low: ¼·⅛.
    { originalContext: 4 * Math.PI, expected: [5 / 12, 1 / 32] },
    // Turns 8 and 2: unchanged; blended to ¼·5/12.
    { originalContext: 16 * Math.PI, expected: [1, 5 / 48] },
    // Turns 32 and 8: both unchanged.
    { originalContext: 64 * Math.PI, expected: [1, 1 / 4] },
  ])('scales by wavelength as Llama 3.1 does, original context $originalContext', (row) => {
    const ropeScaling = { ...scaling, originalContext: row.originalContext };
    const frequencies = ropeFrequencies({ headDim: 4, ropeTheta: 16, ropeScaling });
    row.expected.forEach((value, i) => {
      expect(frequencies[i]).toBeCloseTo(value, 12);
    });
  });
});

describe('ropeTables', () => {
  it('holds cos and sin of position · frequency, rounded once', () => {
    const config: RopeConfig = { headDim: 6, ropeTheta: 500, ropeScaling: null };
    const { cos, sin } = ropeTables(config, 100);
    expect(cos.length).toBe(300);
    for (const [position, i] of [
      [0, 0],
      [1, 2],
      [99, 1],
    ] as const) {
      const angle = position * 500 ** (-i / 3);
      expect(cos[position * 3 + i]).toBeCloseTo(Math.cos(angle), 6);
      expect(sin[position * 3 + i]).toBeCloseTo(Math.sin(angle), 6);
    }
  });
});

describe('rope', () => {
  const config: RopeConfig = { headDim: 4, ropeTheta: 100, ropeScaling: null };
  const tables = ropeTables(config, 64);

  it('multiplies (xᵢ + j·xᵢ₊ₕₐₗf) by e^(j·angle), each row at its own position', () => {
    const x = Float64Array.of(1, 2, 3, 4, -1, 0.5, 2, -3, 0.1, 0.2, 0.3, 0.4, 5, 6, 7, 8);
    const positions = [3, 41];
    const y = rope(x, positions, 2, 4, tables); // [2 rows, 2 heads, 4]
    positions.forEach((position, row) => {
      for (let head = 0; head < 2; head++) {
        for (let i = 0; i < 2; i++) {
          const at = (row * 2 + head) * 4 + i;
          const [re = 0, im = 0] = [x[at], x[at + 2]];
          const angle = position * 100 ** (-i / 2);
          const length = Math.hypot(re, im);
          const turned = Math.atan2(im, re) + angle;
          expect(y[at]).toBeCloseTo(length * Math.cos(turned), 6);
          expect(y[at + 2]).toBeCloseTo(length * Math.sin(turned), 6);
        }
      }
    });
  });

  it('keeps scores a function of the distance alone', () => {
    const q = Float64Array.of(0.3, -1, 2, 0.7);
    const k = Float64Array.of(1.1, 0.4, -0.2, 0.9);
    const score = (qAt: number, kAt: number) => {
      const a = rope(q, [qAt], 1, 4, tables);
      const b = rope(k, [kAt], 1, 4, tables);
      return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    };
    expect(score(9, 4)).toBeCloseTo(score(55, 50), 5);
    expect(score(9, 4)).not.toBeCloseTo(score(9, 5), 2);
  });
});

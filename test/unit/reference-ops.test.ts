import { describe, expect, it } from 'vitest';
import {
  argmax,
  attention,
  matmul,
  rmsnorm,
  softmax,
  swiglu,
} from '../../src/backends/reference/ops.ts';
import { Rng } from '../../src/core/rng.ts';

function normals(n: number, ...path: (number | string)[]): Float64Array {
  const rng = new Rng('ops', ...path);
  return Float64Array.from({ length: n }, () => rng.normal());
}

describe('matmul', () => {
  it('is x·wᵀ + bias', () => {
    // [1 2; 3 4] · [1 10; 100 1000; 0 1]ᵀ
    const y = matmul(Float32Array.of(1, 2, 3, 4), 2, 2, Float32Array.of(1, 10, 100, 1000, 0, 1), 3);
    expect([...y]).toEqual([21, 2100, 2, 43, 4300, 4]);
    const biased = matmul(
      Float32Array.of(1, 2),
      1,
      2,
      Float32Array.of(1, 1),
      1,
      Float32Array.of(-3),
    );
    expect([...biased]).toEqual([0]);
  });

  it.each([1, 3, 4, 5, 31, 172])('sums every one of %i columns once', (cols) => {
    const powers = Float64Array.from({ length: cols }, (_, i) => 2 ** (i % 40));
    const y = matmul(powers, 1, cols, new Float64Array(cols).fill(1), 1);
    expect(y[0]).toBe(powers.reduce((a, b) => a + b, 0));
  });

  it('refuses arrays of the wrong length', () => {
    expect(() => matmul(new Float32Array(5), 2, 3, new Float32Array(3), 1)).toThrow(/x has 5/);
    expect(() => matmul(new Float32Array(6), 2, 3, new Float32Array(4), 1)).toThrow(/w has 4/);
  });
});

describe('rmsnorm', () => {
  it('divides each row by its root mean square, eps inside the root', () => {
    const x = Float64Array.of(3, 4, 0, 0);
    const y = rmsnorm(x, 2, 2, Float64Array.of(1, -2), 0.5);
    const scale = 1 / Math.sqrt(12.5 + 0.5);
    expect([...y]).toEqual([3 * scale, -8 * scale, 0, -0]);
  });
});

describe('attention', () => {
  it('weighs values by the softmax of scaled scores', () => {
    const keys = Float64Array.of(1, 0, 0, 1);
    const values = Float64Array.of(10, 0, 0, 10);
    const shape = { heads: 1, kvHeads: 1, headDim: 2 };
    const [a, b] = attention(Float64Array.of(1, 0), keys, values, 1, 1, shape);
    const first = Math.exp(Math.SQRT1_2) / (Math.exp(Math.SQRT1_2) + 1);
    expect(a).toBeCloseTo(10 * first, 12);
    expect(b).toBeCloseTo(10 * (1 - first), 12);
  });

  it('sees nothing after its own position', () => {
    const shape = { heads: 1, kvHeads: 1, headDim: 4 };
    const [q, keys, values] = [normals(12, 'q'), normals(20, 'k'), normals(20, 'v')];
    const out = attention(q, keys, values, 3, 1, shape);
    for (let row = 0; row < 3; row++) {
      const blind = (x: Float64Array) => x.map((v, i) => (i >= (row + 2) * 4 ? Number.NaN : v));
      const one = attention(
        q.slice(row * 4, row * 4 + 4),
        blind(keys),
        blind(values),
        1,
        row + 1,
        shape,
      );
      expect([...one]).toEqual([...out.slice(row * 4, row * 4 + 4)]);
    }
  });

  it.each([
    { heads: 6, kvHeads: 2 },
    { heads: 7, kvHeads: 1 },
    { heads: 3, kvHeads: 3 },
  ])(
    'gives consecutive query heads one key-value head: $heads over $kvHeads',
    ({ heads, kvHeads }) => {
      const [headDim, seq, start] = [5, 2, 3];
      const length = seq + start;
      const q = normals(seq * heads * headDim, 'q');
      const keys = normals(length * kvHeads * headDim, 'k');
      const values = normals(length * kvHeads * headDim, 'v');
      const out = attention(q, keys, values, seq, start, { heads, kvHeads, headDim });
      /** Head `h` of x [n, count, headDim] as an array of its own. */
      const head = (x: Float64Array, count: number, h: number) =>
        x.filter((_, i) => Math.floor(i / headDim) % count === h);
      for (let h = 0; h < heads; h++) {
        const kvHead = Math.floor(h / (heads / kvHeads));
        const single = { heads: 1, kvHeads: 1, headDim };
        const [k1, v1] = [head(keys, kvHeads, kvHead), head(values, kvHeads, kvHead)];
        const alone = attention(head(q, heads, h), k1, v1, seq, start, single);
        expect([...head(out, heads, h)]).toEqual([...alone]);
      }
    },
  );
});

describe('softmax', () => {
  it('survives scores whose exponential overflows', () => {
    const y = softmax(Float64Array.of(1000, 1000 + Math.LN2, -1000));
    expect(y[0]).toBeCloseTo(1 / 3, 12);
    expect(y[1]).toBeCloseTo(2 / 3, 12);
    expect(y[2]).toBe(0);
  });
});

describe('swiglu', () => {
  it('is gate · sigmoid(gate) · up', () => {
    const y = swiglu(Float64Array.of(0, Math.log(3), -800), Float64Array.of(5, 2, 1));
    expect(y[0]).toBe(0);
    expect(y[1]).toBeCloseTo(Math.log(3) * 0.75 * 2, 12);
    expect(y[2]).toBeCloseTo(0, 12);
  });
});

describe('argmax', () => {
  it('takes the lowest index of equal values', () => {
    expect(argmax(Float32Array.of(-3, -1, -1, -2))).toBe(1);
    expect(argmax(Float32Array.of(-5))).toBe(0);
  });
});

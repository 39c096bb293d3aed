import { describe, expect, it } from 'vitest';
import { drawData } from '../../bench/kernels/draw-data.ts';
import { tolerances } from '../../bench/kernels/expectation.ts';
import type { Operation } from '../../bench/kernels/operation.ts';
import { operationCost } from '../../bench/kernels/operation-cost.ts';
import { checkOutput, outputLength, sampleOracle } from '../../bench/kernels/operation-oracle.ts';
import { attention, matmul } from '../../src/backends/reference/ops.ts';
import { KV_FORMATS, WEIGHT_FORMATS } from '../../src/core/cell.ts';
import { Rng } from '../../src/core/rng.ts';
import { dequantise } from '../../src/model/quantise.ts';

const meanSquare = (values: Float32Array) =>
  values.reduce((sum, v) => sum + v * v, 0) / values.length;

/** The whole result, computed the slow way. */
function exact(operation: Operation): {
  output: Float32Array;
  samples: ReturnType<typeof sampleOracle>;
} {
  const data = drawData(operation, new Rng('draw'));
  const samples = sampleOracle(operation, data, new Rng('samples'), 256);
  if (operation.kind === 'product' && data.kind === 'product') {
    const { format, rows, n, k } = operation;
    const weights = dequantise(format, data.planes, n, k);
    return { output: Float32Array.from(matmul(data.x, rows, k, weights, n)), samples };
  }
  if (operation.kind !== 'attention' || data.kind !== 'attention') throw new Error('kinds differ');
  const { kvHeads, headDim, position, seq } = operation;
  // The oracle wants positions before heads.
  const turned = (cache: Float32Array) => {
    const length = position + seq;
    return cache.map((_, i) => {
      const [at, c] = [Math.floor(i / headDim), i % headDim];
      return cache[((at % kvHeads) * length + Math.floor(at / kvHeads)) * headDim + c] ?? 0;
    });
  };
  const y = attention(data.q, turned(data.k), turned(data.v), seq, position, operation);
  return { output: Float32Array.from(y), samples };
}

const product = { kind: 'product', format: 'int4', rows: 5, n: 129, k: 77 } as const;
const attending = {
  kind: 'attention',
  heads: 6,
  kvHeads: 2,
  headDim: 20,
  kv: 'f16',
  position: 9,
  seq: 4,
} as const;

describe('drawn inputs', () => {
  it.each(WEIGHT_FORMATS)('%s weights give products of mean square 1', (format) => {
    const { output, samples } = exact({ ...product, format, rows: 16, k: 1024 });
    expect(meanSquare(output)).toBeGreaterThan(0.8);
    expect(meanSquare(output)).toBeLessThan(1.25);
    expect(samples).toHaveLength(256);
  });

  it.each(WEIGHT_FORMATS)('%s blocks that a row does not fill end in zeros', (format) => {
    const data = drawData({ ...product, format, k: 45 }, new Rng('draw'));
    if (data.kind !== 'product') throw new Error('not a product');
    const { planes } = data;
    if (format === 'f32' || format === 'f16') {
      expect(planes.data).toHaveLength(129 * 45 * (format === 'f32' ? 4 : 2));
      return;
    }
    const weights = dequantise(format, planes, 129, 64);
    for (let row = 0; row < 129; row++) {
      expect(weights.subarray(row * 64 + 45, (row + 1) * 64).some((w) => w !== 0)).toBe(false);
      expect(weights.subarray(row * 64, row * 64 + 45).some((w) => w !== 0)).toBe(true);
    }
  });

  it('int8 codes are never −128, and repeat only with the seed', () => {
    const operation = { ...product, format: 'int8', n: 500, k: 512 } as const;
    const [a, b, c] = ['x', 'x', 'y'].map((seed) => drawData(operation, new Rng(seed)));
    if (a?.kind !== 'product') throw new Error('not a product');
    expect(a.planes.codes?.includes(0x80)).toBe(false);
    expect(a.planes.codes?.includes(0x81)).toBe(true);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('an int8 cache is what its codes and scales stand for', () => {
    const data = drawData({ ...attending, kv: 'int8' }, new Rng('draw'));
    if (data.kind !== 'attention') throw new Error('not attention');
    for (let row = 0; row < data.k.length / 20; row++) {
      const values = data.k.subarray(row * 20, (row + 1) * 20);
      const scale = Math.fround(Math.max(...values.map(Math.abs)) / 127);
      for (const value of values)
        expect(Math.fround(Math.round(value / scale) * scale)).toBe(value);
    }
  });
});

describe('the sampled oracle', () => {
  it.each([product, attending, ...KV_FORMATS.map((kv) => ({ ...attending, kv }))])(
    'agrees with the whole result: %o',
    (operation) => {
      const { output, samples } = exact(operation);
      expect(output).toHaveLength(outputLength(operation));
      expect(checkOutput(operation, samples, output).problem).toBeNull();
      const indices = samples.map(({ index }) => index);
      expect(indices).toContain(0);
      expect(indices).toContain(outputLength(operation) - 1);
    },
  );

  it.each([product, attending])('fails what is wrong: %o', (operation) => {
    const { output, samples } = exact(operation);
    const problem = (change: (copy: Float32Array) => void, tolerance?: typeof tolerances.f16) => {
      const copy = output.slice();
      change(copy);
      return checkOutput(operation, samples, copy, tolerance).problem;
    };
    const at = samples.at(-1)?.index ?? 0;
    expect(problem((y) => y.fill(0))).toContain('wanted');
    expect(problem((y) => y.reverse())).toContain('wanted');
    expect(problem((y) => y.set([(y[at] ?? 0) * 1.001 + 1e-3], at))).toContain('1 of');
    expect(problem((y) => y.set([(y[at] ?? 0) * 1.0001], at), tolerances.f16)).toBeNull();
    const unsampled = output.findIndex((_, i) => !samples.some(({ index }) => index === i));
    if (unsampled >= 0) expect(problem((y) => y.set([Number.NaN], unsampled))).toContain('NaN');
    expect(checkOutput(operation, samples, output.subarray(1)).problem).toContain('elements');
  });
});

it('costs are those of the formulas', () => {
  expect(operationCost(product)).toEqual({
    bytes: 129 * 3 * 18 + 5 * (77 + 129) * 4,
    flops: 2 * 5 * 129 * 77,
  });
  const pairs = 6 * (10 + 11 + 12 + 13);
  expect(operationCost(attending, 'f16')).toEqual({
    bytes: 2 * 2 * 13 * 20 * 2 + 2 * 4 * 6 * 20 * 2,
    flops: 4 * pairs * 20,
  });
});

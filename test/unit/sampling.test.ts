import { describe, expect, it, test } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  checkSampling,
  nucleus,
  type Sampling,
  sampleToken,
  uniformAt,
} from '../../src/core/sampling.ts';

const plain: Sampling = { temperature: 1, topK: 64, topP: 1, seed: 7 };

/** Σ (observed − expected)² / expected. */
function chiSquared(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce(
    (sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 1),
    0,
  );
}

/** How often each token is drawn over `draws` seeds and positions. */
function counts(
  logits: readonly number[],
  sampling: Omit<Sampling, 'seed'>,
  draws: number,
): number[] {
  const found = logits.map(() => 0);
  for (let i = 0; i < draws; i++) {
    const token = sampleToken(logits, { ...sampling, seed: i % 1000 }, Math.floor(i / 1000), i % 3);
    found[token] = (found[token] ?? 0) + 1;
  }
  return found;
}

describe('uniformAt', () => {
  // Worked out by hand from the definition of pcg3d with arbitrary-precision integers.
  it.each([
    [0, 0, 0],
    [1, 2, 3],
    [2 ** 32 - 1, 4095, 31],
  ])('is the first word of pcg3d at %i, %i, %i', (seed, position, sequence) => {
    const word = (value: bigint) => BigInt.asUintN(32, value);
    let [x, y, z] = [seed, position, sequence].map((v) =>
      word(BigInt(v) * 1664525n + 1013904223n),
    ) as [bigint, bigint, bigint];
    x = word(x + y * z);
    y = word(y + z * x);
    z = word(z + x * y);
    x ^= x >> 16n;
    y ^= y >> 16n;
    z ^= z >> 16n;
    x = word(x + y * z);
    expect(uniformAt(seed, position, sequence)).toBe(Number(x >> 8n) / 2 ** 24);
  });

  it.each([
    ['seeds', (i: number) => uniformAt(i, 100, 0)],
    ['positions', (i: number) => uniformAt(42, i, 0)],
    ['sequences', (i: number) => uniformAt(42, 100, i)],
  ])('is even over neighbouring %s', (_, draw) => {
    const bins = Array<number>(256).fill(0);
    const draws = 100_000;
    for (let i = 0; i < draws; i++) {
      const at = Math.floor(draw(i) * 256);
      bins[at] = (bins[at] ?? 0) + 1;
    }
    // 255 degrees of freedom: the 0.1 % and 99.9 % points.
    const distance = chiSquared(
      bins,
      bins.map(() => draws / 256),
    );
    expect(distance).toBeGreaterThan(190);
    expect(distance).toBeLessThan(331);
  });

  it('is not correlated between neighbours', () => {
    let sum = 0;
    const draws = 50_000;
    for (let i = 0; i < draws; i++)
      sum += (uniformAt(9, i, 0) - 0.5) * (uniformAt(9, i + 1, 0) - 0.5);
    expect(Math.abs(sum / draws) * 12).toBeLessThan(4 / Math.sqrt(draws));
  });
});

describe('sampleToken', () => {
  const logits = [2, 1, 0, -1, 1.5, Number.NEGATIVE_INFINITY, 0.5, -3];
  const weights = logits.map((logit) => Math.exp(logit));

  it('draws tokens as often as their probabilities say', () => {
    const draws = 200_000;
    const total = weights.reduce((a, b) => a + b);
    const found = counts(logits, plain, draws);
    expect(found[5]).toBe(0);
    const open = logits.flatMap((_, i) => (i === 5 ? [] : [i]));
    const distance = chiSquared(
      open.map((i) => found[i] ?? 0),
      open.map((i) => (draws * (weights[i] ?? 0)) / total),
    );
    expect(distance).toBeLessThan(22.5); // 6 degrees of freedom, 99.9 %
  });

  it('draws from the top K and P only, with their shares of what is left', () => {
    const draws = 100_000;
    // Of the three most likely (tokens 0, 4, 1: 0.51, 0.31, 0.19) two reach 80 %.
    const found = counts(logits, { temperature: 1, topK: 3, topP: 0.8 }, draws);
    expect(found.flatMap((count, token) => (count > 0 ? [token] : []))).toEqual([0, 4]);
    const share = 1 / (1 + Math.exp(-0.5));
    expect(Math.abs((found[0] ?? 0) / draws - share)).toBeLessThan(0.006);
  });

  it('nears the most likely token as it gets colder, and an even choice as it gets hotter', () => {
    expect(counts(logits, { ...plain, temperature: 0.01 }, 2000)[0]).toBe(2000);
    const hot = counts(logits, { ...plain, temperature: 1000 }, 70_000);
    for (const [token, count] of hot.entries()) {
      if (token !== 5) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    }
  });

  it('takes the lowest of equal tokens first', () => {
    expect(nucleus([1, 3, 3, 2, 3], { temperature: 1, topK: 2, topP: 1 }).tokens).toEqual([1, 2]);
    expect(sampleToken([1, 3, 3], { ...plain, topK: 1 }, 5, 0)).toBe(1);
  });

  test('the K largest are those of a sort', () => {
    const rng = new Rng('largest');
    for (let round = 0; round < 50; round++) {
      const values = Array.from({ length: rng.integer(1, 200) }, () => rng.integer(0, 40));
      const topK = rng.integer(1, 65);
      const order = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
      const { tokens } = nucleus(values, { temperature: 1000, topK, topP: 1 });
      expect(tokens).toEqual(order.slice(0, topK));
    }
  });

  it('gives the same for the same seed, position and sequence, and else not always', () => {
    const draw = (seed: number, position: number, sequence: number) =>
      sampleToken(logits, { ...plain, temperature: 5, seed }, position, sequence);
    const series = (f: (i: number) => number) => Array.from({ length: 50 }, (_, i) => f(i));
    const first = series((i) => draw(1, i, 0));
    expect(series((i) => draw(1, i, 0))).toEqual(first);
    expect(series((i) => draw(2, i, 0))).not.toEqual(first);
    expect(series((i) => draw(1, i, 1))).not.toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(3);
  });
});

test.each([
  [{ temperature: 0 }, 'temperature'],
  [{ temperature: Number.NaN }, 'temperature'],
  [{ topK: 0 }, 'top-k'],
  [{ topK: 65 }, 'top-k'],
  [{ topK: 1.5 }, 'top-k'],
  [{ topP: 0 }, 'top-p'],
  [{ topP: 1.1 }, 'top-p'],
  [{ seed: -1 }, 'seed'],
  [{ seed: 2 ** 32 }, 'seed'],
])('%j is refused by name', (change, name) => {
  expect(() => checkSampling({ ...plain, ...change })).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining(name) }),
  );
});

import { describe, expect, it } from 'vitest';
import { NORMAL_LEVELS, normalTable } from '../../src/core/normal-table.ts';
import { Rng } from '../../src/core/rng.ts';

/** xoshiro128** as its authors' C code states it, in BigInt so that no 32-bit trick is shared. */
function xoshiro(state: bigint[]): () => number {
  const mask = 0xffffffffn;
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const s = [...state];
  return () => {
    const [s0 = 0n, s1 = 0n, s2 = 0n, s3 = 0n] = s;
    const result = (rotl((s1 * 5n) & mask, 7n) * 9n) & mask;
    const c = s2 ^ s0;
    const d = s3 ^ s1;
    s[1] = s1 ^ c;
    s[0] = s0 ^ d;
    s[2] = c ^ ((s1 << 9n) & mask);
    s[3] = rotl(d, 11n);
    return Number(result);
  };
}

function stateOf(rng: Rng): bigint[] {
  const { state } = rng as unknown as { state: Uint32Array };
  return Array.from(state, BigInt);
}

function moments(values: Iterable<number>) {
  const all = [...values];
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const central = (power: number) =>
    all.reduce((sum, v) => sum + (v - mean) ** power, 0) / all.length;
  return { mean, std: Math.sqrt(central(2)), kurtosis: central(4) / central(2) ** 2 };
}

describe('Rng', () => {
  it('is xoshiro128**', () => {
    const rng = new Rng('any', 7);
    const expected = xoshiro(stateOf(rng));
    for (let i = 0; i < 1000; i++) expect(rng.u32()).toBe(expected());
    const words = new Uint32Array(100);
    rng.fillU32(words);
    for (const word of words) expect(word).toBe(expected());
    expect(rng.u32()).toBe(expected());
  });

  it('draws the same words in bulk as one by one', () => {
    const bulk = new Rng(3);
    const single = new Rng(3);
    const out = new Float32Array(11);
    bulk.fillNormal(out, 5, 2);
    const table = normalTable();
    for (let i = 0; i < out.length; i += 2) {
      const word = single.u32();
      expect(out[i]).toBe(Math.fround(5 + 2 * (table[word >>> 20] ?? 0)));
      if (i + 1 < out.length) {
        expect(out[i + 1]).toBe(Math.fround(5 + 2 * (table[(word >>> 8) & 4095] ?? 0)));
      }
    }
    expect(bulk.u32()).toBe(single.u32());
  });

  it('forks by path, whatever was drawn before', () => {
    const fresh = new Rng('seed', 1);
    const used = new Rng('seed', 1);
    for (let i = 0; i < 10; i++) used.u32();
    const first = fresh.fork('tensor', 9).u32();
    expect(used.fork('tensor', 9).u32()).toBe(first);
    expect(new Rng('seed', 1, 'tensor', 9).u32()).toBe(first);
    expect(fresh.fork('tensor').fork(9).u32()).toBe(first);
  });

  it('tells paths apart', () => {
    const paths = [[], [0], [1], [-1], [2 ** 32], [2 ** 33], ['1'], ['ab'], ['a', 'b'], ['b', 'a']];
    const firsts = paths.map((path) => new Rng(...path).u32());
    expect(new Set(firsts).size).toBe(paths.length);
    const rows = Array.from({ length: 20000 }, (_, row) => new Rng('w').fork(row).u32());
    expect(new Set(rows).size).toBeGreaterThan(19990);
  });

  it('has uncorrelated neighbours', () => {
    const n = 4096;
    const a = new Float32Array(n);
    const b = new Float32Array(n);
    new Rng('w', 0).fillNormal(a, 0, 1);
    new Rng('w', 1).fillNormal(b, 0, 1);
    const correlation = a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0) / n;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
  });

  it('draws integers in range, each about as often', () => {
    const rng = new Rng(11);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70000; i++) {
      const slot = rng.integer(-3, 4) + 3;
      counts[slot] = (counts[slot] ?? Number.NaN) + 1;
    }
    const chiSquare = counts.reduce((sum, c) => sum + (c - 10000) ** 2 / 10000, 0);
    expect(chiSquare).toBeLessThan(22.5); // 6 degrees of freedom, p = 0.001
    expect(() => rng.integer(3, 3)).toThrow(/empty range/);
  });

  it('shuffles to a permutation, every place equally likely', () => {
    const rng = new Rng(5);
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) {
      const shuffled = rng.shuffle([0, 1, 2, 3]);
      expect([...shuffled].sort()).toEqual([0, 1, 2, 3]);
      shuffled.forEach((value, place) => {
        sums[place] = (sums[place] ?? 0) + value;
      });
    }
    for (const sum of sums) expect(sum / 8000).toBeCloseTo(1.5, 1);
  });

  it('draws normals and uniforms with the right moments', () => {
    const rng = new Rng(2);
    const normal = moments(Array.from({ length: 100000 }, () => rng.normal()));
    expect(normal.mean).toBeCloseTo(0, 1);
    expect(normal.std).toBeCloseTo(1, 1);
    expect(normal.kurtosis).toBeGreaterThan(2.85);
    expect(normal.kurtosis).toBeLessThan(3.15);
    const uniform = moments(Array.from({ length: 100000 }, () => rng.uniform()));
    expect(uniform.mean).toBeCloseTo(0.5, 2);
    expect(uniform.std).toBeCloseTo(1 / Math.sqrt(12), 2);
  });
});

describe('normalTable', () => {
  it('holds the quantiles of the normal distribution', () => {
    // Published quantiles (NIST): Φ⁻¹(0.75), Φ⁻¹(0.975), Φ⁻¹(0.999)
    const published = [
      [0.75, 0.6744898],
      [0.975, 1.959964],
      [0.999, 3.090232],
    ] as const;
    const table = normalTable();
    for (const [p, quantile] of published) {
      const place = p * NORMAL_LEVELS - 0.5;
      const below = table[Math.floor(place)] ?? Number.NaN;
      const above = table[Math.floor(place) + 1] ?? Number.NaN;
      const between = below + (place - Math.floor(place)) * (above - below);
      expect(Math.abs(between / quantile - 1)).toBeLessThan(1e-3); // variance scaled to 1
    }
  });

  it('rises, is symmetric and has variance 1', () => {
    const table = normalTable();
    table.forEach((value, i) => {
      expect(value).toBe(-(table[NORMAL_LEVELS - 1 - i] ?? 0));
      if (i > 0) expect(value).toBeGreaterThan(table[i - 1] ?? 0);
    });
    expect(table.reduce((sum, v) => sum + v * v, 0) / NORMAL_LEVELS).toBeCloseTo(1, 12);
  });
});

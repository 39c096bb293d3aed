import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { meanInterval } from '../../src/quality/block-bootstrap.ts';
import { LogitsComparison } from '../../src/quality/comparison.ts';
import {
  klDivergence,
  logSumExp,
  negativeLogLikelihood,
  topOne,
} from '../../src/quality/divergence.ts';
import { TextLikelihood } from '../../src/quality/perplexity.ts';

const logs = (...p: number[]) => Float64Array.from(p, Math.log);

describe('KL divergence', () => {
  it('is Σ p·log(p/q), computed by hand', () => {
    // ½·log(½ / ¼) + ½·log(½ / ¾) = ½·log(4/3)
    expect(klDivergence(logs(0.5, 0.5), logs(0.25, 0.75))).toBeCloseTo(Math.log(4 / 3) / 2, 15);
    // The other way round: ¼·log ½ + ¾·log 3/2
    expect(klDivergence(logs(0.25, 0.75), logs(0.5, 0.5))).toBeCloseTo(
      0.25 * Math.log(0.5) + 0.75 * Math.log(1.5),
      15,
    );
    // A token that P never takes costs nothing; one that Q never takes costs what its logarithm says.
    expect(klDivergence(Float64Array.of(0, -1000), Float64Array.of(0, 0))).toBeCloseTo(
      Math.LN2,
      15,
    );
    expect(klDivergence(Float64Array.of(0, 0), Float64Array.of(0, -1000))).toBeCloseTo(
      500 - Math.LN2,
      10,
    );
  });

  it('resolves differences far below the rounding of a probability', () => {
    // Two tokens, logits (0, 0) and (0, e): KL = log cosh(e/2) ≈ e²/8.
    for (const e of [1e-3, 1e-6, 1e-9]) {
      const kl = klDivergence(Float64Array.of(0, 0), Float64Array.of(0, e));
      expect(kl / (e * e)).toBeCloseTo(1 / 8, 5);
    }
  });

  const row = fc.array(fc.float({ min: -80, max: 80, noNaN: true }), {
    minLength: 9,
    maxLength: 9,
  });
  const size = fc.float({ min: -300, max: 300, noNaN: true });

  it('is never below 0, is 0 of equals, and does not see a shift', () => {
    fc.assert(
      fc.property(row, row, size, (a, b, shift) => {
        const [p, q] = [Float64Array.from(a), Float64Array.from(b)];
        const kl = klDivergence(p, q);
        expect(kl).toBeGreaterThanOrEqual(0);
        expect(klDivergence(p, p)).toBe(0);
        const moved = klDivergence(
          p.map((v) => v + shift),
          q.map((v) => v - shift),
        );
        expect(Math.abs(moved - kl)).toBeLessThanOrEqual(1e-11 * (1 + kl));
      }),
    );
  });

  it('is what the plain formula says where that is exact enough', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const [p, q] = [Float64Array.from(a), Float64Array.from(b)];
        const [logP, logQ] = [logSumExp(p), logSumExp(q)];
        const plain = a.reduce((sum, v, i) => {
          const log = v - logP;
          return sum + Math.exp(log) * (log - ((q[i] ?? 0) - logQ));
        }, 0);
        expect(klDivergence(p, q)).toBeCloseTo(plain, 9);
      }),
    );
  });

  it('of what is no number is none', () => {
    expect(klDivergence(Float64Array.of(0, Number.NaN), Float64Array.of(0, 0))).toBeNaN();
    expect(klDivergence(Float64Array.of(0, 0), Float64Array.of(Number.NaN, 0))).toBeNaN();
  });
});

describe('of one row', () => {
  it('log-sum-exp neither overflows nor underflows', () => {
    expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp(Float32Array.of(-1000, -1000))).toBeCloseTo(-1000 + Math.LN2, 12);
  });

  it('the first of equal logits is taken', () => {
    expect(topOne(Float32Array.of(1, 3, 3, 2))).toBe(1);
  });

  it('the likelihood of a token is its probability', () => {
    expect(negativeLogLikelihood(logs(0.1, 0.2, 0.7), 1)).toBeCloseTo(-Math.log(0.2), 14);
    expect(() => negativeLogLikelihood(logs(0.5, 0.5), 2)).toThrow(/token 2/);
  });
});

describe('a comparison', () => {
  it('sums errors over all positions and shows the worst', () => {
    const comparison = new LogitsComparison();
    comparison.add(Float32Array.of(3, 4), Float32Array.of(3, 5));
    comparison.add(Float32Array.of(0, 0), Float32Array.of(0, 0));
    comparison.add(Float32Array.of(2, 0), Float32Array.of(0, 1));
    const { nmse, maxAbs, topOne: agreement, kl, positions } = comparison.summary(new Rng(1));
    expect(positions).toBe(3);
    expect(nmse).toBeCloseTo((1 + 4 + 1) / (9 + 16 + 4), 12);
    expect(maxAbs).toBe(2);
    expect(agreement).toBeCloseTo(2 / 3, 12);
    const each = [
      klDivergence(Float32Array.of(3, 4), Float32Array.of(3, 5)),
      0,
      klDivergence(Float32Array.of(2, 0), Float32Array.of(0, 1)),
    ];
    expect(kl.mean).toBeCloseTo(((each[0] ?? 0) + (each[2] ?? 0)) / 3, 12);
    expect(kl.median).toBe(each[0]);
    expect(kl.max).toBe(each[2]);
    expect(kl.interval).toBeNull();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with a logit of %d fails', (bad) => {
    const comparison = new LogitsComparison();
    comparison.add(Float32Array.of(1, 2), Float32Array.of(1, 2));
    const add = () => comparison.add(Float32Array.of(1, 2), Float32Array.of(1, bad));
    expect(add).toThrow(expect.objectContaining({ code: 'quality' }));
    expect(add).toThrow(/position 1, token 1/);
  });
});

describe('the likelihood of a text', () => {
  it('asks position i for token i + 1', () => {
    const text = new TextLikelihood([1, 0, 2]);
    text.add(logs(0.5, 0.25, 0.25));
    text.add(logs(0.25, 0.25, 0.5));
    text.add(logs(1e-9, 1e-9, 1)); // predicts what nobody knows
    expect(text.summary()?.nll).toBeCloseTo(Math.LN2, 14);
    expect(text.summary()?.perplexity).toBeCloseTo(2, 12);
  });

  it('of one token is unknown', () => {
    const text = new TextLikelihood([1]);
    text.add(logs(0.5, 0.5));
    expect(text.summary()).toBeNull();
  });
});

describe('the interval of a mean', () => {
  /** A series of n values around 5 in which each keeps `memory` of the one before it. */
  function series(rng: Rng, n: number, memory: number): number[] {
    let state = rng.normal();
    return Array.from({ length: n }, () => {
      state = memory * state + Math.sqrt(1 - memory * memory) * rng.normal();
      return 5 + state;
    });
  }

  it.each([
    [0, 0.9],
    [0.5, 0.85],
  ])('covers the truth of series with memory %d', (memory, atLeast) => {
    const rng = new Rng('coverage', Math.round(memory * 10));
    const trials = 60;
    let covered = 0;
    for (let i = 0; i < trials; i++) {
      const [low = 0, high = 0] = meanInterval(series(rng.fork(i), 256, memory), rng) ?? [];
      if (low <= 5 && 5 <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(atLeast);
  });

  it('is seeded, widens with memory, and is unknown of few values', () => {
    const values = series(new Rng(3), 256, 0.8);
    expect(meanInterval(values, new Rng(1))).toEqual(meanInterval(values, new Rng(1)));
    const width = ([low, high]: readonly number[] | [number, number]) => (high ?? 0) - (low ?? 0);
    const shuffled = new Rng(4).shuffle([...values]);
    expect(width(meanInterval(values, new Rng(1)) ?? [])).toBeGreaterThan(
      1.3 * width(meanInterval(shuffled, new Rng(1)) ?? []),
    );
    expect(meanInterval(values.slice(0, 23), new Rng(1))).toBeNull();
    expect(meanInterval(new Array(30).fill(2), new Rng(1))).toEqual([2, 2]);
  });
});

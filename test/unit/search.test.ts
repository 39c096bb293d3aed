import { describe, expect, it } from 'vitest';
import {
  type Choice,
  choiceId,
  LEAST_GAIN,
  type Search,
  search,
} from '../../bench/kernels/search.ts';
import { BenchError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';

const choice = (a: number, b = 1, kernel = 'tile'): Choice => ({ kernel, tunables: { a, b } });
const grid = [1, 2, 4, 8, 16].flatMap((a) => [1, 2, 4].map((b) => choice(a, b)));

/** A bench on which time passes only while something is sampled or opened. */
function bench(ms: (of: Choice, count: number) => number, openMs = 5) {
  let time = 0;
  const samples = new Map<string, number>();
  const tried: string[] = [];
  const request = {
    fallback: choice(1),
    candidates: grid,
    skipped: [],
    budgetMs: 1000,
    now: () => time,
    onTrying: (of: Choice) => void tried.push(choiceId(of)),
    async open(of: Choice) {
      time += openMs;
      return {
        check: async (): Promise<string | null> => null,
        async sample() {
          const count = (samples.get(choiceId(of)) ?? 0) + 1;
          samples.set(choiceId(of), count);
          const taken = ms(of, count);
          time += taken;
          return taken;
        },
      };
    },
  } satisfies Search<Choice>;
  return { request, samples, tried, elapsed: () => time };
}

const bowl = ({ tunables: { a = 1, b = 1 } }: Choice) =>
  5 + 3 * Math.abs(Math.log2(a / 8)) + Math.abs(Math.log2(b / 2));

describe('the search', () => {
  it('finds the fastest of a small space and times it against the fallback', async () => {
    const { request, samples, tried } = bench(bowl);
    const found = await search(request);
    expect(found?.choice).toEqual(choice(8, 2));
    expect(found).toMatchObject({
      ms: 5,
      fallbackMs: bowl(choice(1)),
      tried: grid.length,
      skipped: [],
    });
    expect(new Set(tried).size).toBe(tried.length);
    expect(tried[0]).toBe(choiceId(choice(1)));
    const counts = [...samples.values()].sort((x, y) => x - y);
    expect(counts[0]).toBe(1); // the bad ones are left alone
    expect(samples.get(choiceId(choice(8, 2)))).toBeGreaterThan(6);
  });

  it('goes from neighbour to neighbour where the time does not suffice for all', async () => {
    const wide = Array.from({ length: 400 }, (_, i) =>
      choice(2 ** (i % 20), 2 ** Math.floor(i / 20)),
    );
    const { request, tried, elapsed } = bench(
      ({ tunables: { a = 1, b = 1 } }) =>
        5 + Math.abs(Math.log2(a / 64)) + Math.abs(Math.log2(b / 32)),
    );
    const found = await search({ ...request, candidates: wide, budgetMs: 2500 });
    expect(tried.length).toBeLessThan(200);
    expect(found?.ms).toBeLessThan(8);
    expect(elapsed()).toBeLessThan(3000);
  });

  it('keeps the fallback unless the gain is more than noise', async () => {
    const gain = (factor: number) =>
      bench((of) => (of.tunables.a === 8 ? 10 / factor : 10)).request;
    expect((await search(gain(LEAST_GAIN - 0.01)))?.choice).toEqual(choice(1));
    expect((await search(gain(LEAST_GAIN + 0.01)))?.choice.tunables.a).toBe(8);
  });

  it('is not taken in by a candidate that was lucky once', async () => {
    const { request } = bench((of, count) => (of.tunables.a === 4 && count === 1 ? 1 : bowl(of)));
    expect((await search(request))?.choice).toEqual(choice(8, 2));
  });

  it('is not taken in by noise in the last comparison either', async () => {
    const noise = new Rng('noise');
    for (let i = 0; i < 20; i++) {
      const { request } = bench(() => 10 * (1 + 0.3 * noise.uniform()));
      const found = await search({ ...request, budgetMs: 3000 });
      expect(found?.ms).toBeLessThanOrEqual(found?.fallbackMs ?? 0);
    }
  });

  it('a noisy machine meets both alike in the last comparison', async () => {
    let drift = 1;
    const { request } = bench((of) => {
      drift *= 1.01;
      return bowl(of) * drift;
    });
    expect((await search(request))?.choice).toEqual(choice(8, 2));
  });

  it('without any time compares nothing but the fallback', async () => {
    const { request, tried } = bench(bowl);
    const found = await search({ ...request, budgetMs: 0 });
    expect(found).toMatchObject({ choice: choice(1), tried: 1 });
    expect(tried).toHaveLength(1);
  });
});

describe('candidates that fail', () => {
  const failing = (fail: (of: Choice) => string | null | Error) => {
    const one = bench(bowl);
    return {
      ...one,
      request: {
        ...one.request,
        async open(of: Choice) {
          const trial = await one.request.open(of);
          const failure = fail(of);
          if (failure instanceof Error) throw failure;
          return { ...trial, check: async () => failure };
        },
      },
    };
  };
  const is = (a: number, b?: number) => (of: Choice) => choiceId(of) === choiceId(choice(a, b));

  it('are noted with the reason and never timed', async () => {
    const { request, samples } = failing((of) => {
      if (is(8, 2)(of)) return '[0, 0] is 3, wanted 4';
      return is(8, 1)(of) ? new BenchError('compile', 'no such function') : null;
    });
    const found = await search(request);
    expect(found?.choice).toEqual(choice(8, 4));
    expect(found?.skipped).toHaveLength(2);
    expect(found?.skipped).toContainEqual({
      choice: choice(8, 2),
      reason: 'wrong result: [0, 0] is 3, wanted 4',
    });
    expect(found?.skipped).toContainEqual({
      choice: choice(8, 1),
      reason: 'compile: no such function',
    });
    expect(samples.has(choiceId(choice(8, 2)))).toBe(false);
  });

  it('may be the fallback itself', async () => {
    const { request } = failing((of) => (is(1)(of) ? 'NaN' : null));
    expect(await search(request)).toMatchObject({ choice: choice(8, 2), fallbackMs: null });
  });

  it('may be all of them', async () => {
    const { request, tried } = failing(() => new BenchError('compile', 'no'));
    expect(await search({ ...request, budgetMs: 0 })).toBeNull();
    expect(tried).toHaveLength(grid.length);
  });

  it('are not tried when they are known to', async () => {
    const { request, tried } = bench(bowl);
    const skipped = [{ choice: choice(8, 2), reason: 'the process ended' }];
    const found = await search({ ...request, skipped });
    expect(found?.skipped).toEqual(skipped);
    expect(tried).not.toContain(choiceId(choice(8, 2)));
  });

  it('end the search when the device is lost, known by then', async () => {
    const { request, tried } = failing((of) =>
      is(8, 2)(of) ? new BenchError('device-lost', 'gone') : null,
    );
    await expect(search(request)).rejects.toMatchObject({ code: 'device-lost' });
    expect(tried.at(-1)).toBe(choiceId(choice(8, 2)));
  });
});

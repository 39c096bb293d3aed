import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ApiUsage, apiCallCost } from '../../src/economics/prices/api-call.ts';
import { exact } from '../../src/economics/quantity.ts';
import { apiPrice, ratesFrom } from '../support/prices.ts';

function usage(others: Partial<ApiUsage>): ApiUsage {
  return {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheConvention: 'inclusive',
    ...others,
  };
}

describe('published examples of cached tokens', () => {
  it('earendil-works/pi#2148: cache reads are part of the input', () => {
    const price = apiPrice({ input: 0.5, cacheRead: 0.05, output: 3 });
    const call = usage({ inputTokens: 20_212, cacheReadTokens: 16_298, outputTokens: 931 });
    expect(apiCallCost(price, call).usd.value).toBeCloseTo(0.0055649, 12);
  });

  it('browser-use/browser-use#5305: cache writes are part of the input too', () => {
    const price = apiPrice({ input: 3, cacheRead: 0.3, cacheWrite: 3.75 });
    const call = usage({ inputTokens: 2000, cacheReadTokens: 500, cacheWriteTokens: 300 });
    expect(apiCallCost(price, call).usd.value).toBeCloseTo(0.004875, 12);
  });

  it('oracle/graalvm-reachability-metadata#8975: counters that do not overlap', () => {
    const price = apiPrice({ input: 2.5, cacheRead: 0.25, output: 15 });
    const call = usage({
      inputTokens: 212_117,
      cacheReadTokens: 1_833_984,
      outputTokens: 23_679,
      cacheConvention: 'exclusive',
    });
    const cost = apiCallCost(price, call);
    expect(cost.usd.value).toBeCloseTo(1.3439735, 12);
    expect(cost.inputUsd.value).toBeCloseTo(0.5302925, 12);
    // The same counts can not be inclusive ones.
    expect(() => apiCallCost(price, { ...call, cacheConvention: 'inclusive' })).toThrow(
      /1833984 cache tokens .* more than the 212117 input tokens/,
    );
  });
});

describe('unknown prices', () => {
  const price = apiPrice({ input: 3, output: 15 });

  it('matter only where there are tokens of that kind', () => {
    expect(
      apiCallCost(price, usage({ inputTokens: 1000, outputTokens: 100 })).usd.value,
    ).toBeCloseTo(0.0045, 12);
    const cached = apiCallCost(price, usage({ inputTokens: 1000, cacheReadTokens: 1 }));
    expect(cached.usd).toEqual({ value: null, low: null, high: null, reason: 'not listed' });
    expect(cached.outputUsd.value).toBe(0);
  });

  it('a missing batch class is unknown, not the standard price', () => {
    const cost = apiCallCost(price, usage({ inputTokens: 1000, isBatch: true }));
    expect(cost.usd).toMatchObject({ value: null, reason: expect.stringContaining('no batch') });
  });
});

describe('tiers, batch and fees', () => {
  const tiered = apiPrice(
    { input: 1, output: 10, cacheRead: 0.1 },
    {
      tiers: [
        { aboveInputTokens: 500_000, rates: ratesFrom({ input: 4, output: 20 }) },
        { aboveInputTokens: 200_000, rates: ratesFrom({ input: 2, output: 15, cacheRead: 0.2 }) },
      ],
      batch: ratesFrom({ input: 0.5, output: 5 }),
      usdPerRequest: exact(0.01),
    },
  );

  it.each([
    [200_000, 0.2 + 0.01 + 0.01],
    [200_001, 0.400002 + 0.015 + 0.01],
    [500_000, 1 + 0.015 + 0.01],
    [500_001, 2.000004 + 0.02 + 0.01],
  ])('%d input tokens pay one tier for the whole request', (inputTokens, usd) => {
    const cost = apiCallCost(tiered, usage({ inputTokens, outputTokens: 1000 }));
    expect(cost.usd.value).toBeCloseTo(usd, 12);
  });

  it('counts cached tokens into the length of the prompt, in both conventions', () => {
    const inclusive = usage({ inputTokens: 250_000, cacheReadTokens: 100_000 });
    const exclusive = usage({
      inputTokens: 150_000,
      cacheReadTokens: 100_000,
      cacheConvention: 'exclusive',
    });
    expect(apiCallCost(tiered, inclusive).usd.value).toBeCloseTo(0.3 + 0.02 + 0.01, 12);
    expect(apiCallCost(tiered, exclusive).usd.value).toBeCloseTo(0.3 + 0.02 + 0.01, 12);
  });

  it('prices batches apart, and says where a long prompt has no batch price', () => {
    const short = apiCallCost(tiered, usage({ inputTokens: 1000, isBatch: true }));
    expect(short.usd.value).toBeCloseTo(0.0005 + 0.01, 12);
    const long = apiCallCost(tiered, usage({ inputTokens: 300_000, isBatch: true }));
    expect(long.usd).toMatchObject({
      reason: expect.stringContaining('no batch price above 200000'),
    });
  });
});

it.each([
  [{ inputTokens: -1 }, 'inputTokens is -1'],
  [{ outputTokens: Number.NaN }, 'outputTokens is NaN'],
  [{ cacheReadTokens: Number.POSITIVE_INFINITY }, 'cacheReadTokens is Infinity'],
  [{ inputTokens: 10, cacheReadTokens: 6, cacheWriteTokens: 5 }, '11 cache tokens'],
])('refuses %j', (counts, message) => {
  expect(() => apiCallCost(apiPrice({ input: 1 }), usage(counts))).toThrow(message);
});

describe('for any usage', () => {
  const count = fc.integer({ min: 0, max: 1_000_000 });
  const rate = fc.double({ min: 0, max: 100, noNaN: true });
  const rates = fc.record({ input: rate, output: rate, cacheRead: rate, cacheWrite: rate });
  const calls = fc
    .record({ fresh: count, read: count, write: count, output: count })
    .map(({ fresh, read, write, output }) => ({
      inclusive: usage({
        inputTokens: fresh + read + write,
        cacheReadTokens: read,
        cacheWriteTokens: write,
        outputTokens: output,
      }),
      exclusive: usage({
        inputTokens: fresh,
        cacheReadTokens: read,
        cacheWriteTokens: write,
        outputTokens: output,
        cacheConvention: 'exclusive',
      }),
    }));

  it('the two conventions bill the same call alike', () => {
    fc.assert(
      fc.property(rates, calls, (prices, { inclusive, exclusive }) => {
        const price = apiPrice(prices);
        expect(apiCallCost(price, inclusive)).toEqual(apiCallCost(price, exclusive));
      }),
    );
  });

  it('twice the prices cost twice as much, and the parts add up', () => {
    fc.assert(
      fc.property(rates, calls, (prices, { inclusive }) => {
        const twice = Object.fromEntries(Object.entries(prices).map(([k, v]) => [k, 2 * v]));
        const cost = apiCallCost(apiPrice(prices), inclusive);
        const [one, two] = [
          cost.usd.value ?? -1,
          apiCallCost(apiPrice(twice), inclusive).usd.value ?? -1,
        ];
        expect(two).toBeCloseTo(2 * one, 9);
        const parts = [cost.inputUsd, cost.cacheReadUsd, cost.cacheWriteUsd, cost.outputUsd];
        expect(parts.reduce((sum, { value }) => sum + (value ?? Number.NaN), 0)).toBeCloseTo(
          one,
          9,
        );
      }),
    );
  });
});

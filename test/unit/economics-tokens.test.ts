import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBills, type Bill, billOf, type SplitPrice } from '../../src/economics/cost-views.ts';
import { propagate, tornado } from '../../src/economics/propagate.ts';
import { between, exact, isKnown, unknown } from '../../src/economics/quantity.ts';
import { readQuantity, uniform } from '../../src/economics/read-quantity.ts';
import {
  type CostInput,
  tokenCosts,
  tokenCostsOf,
} from '../../src/economics/tokens/token-costs.ts';
import { tokens, usd, usdPerMtok } from '../../src/economics/units.ts';

/** 1,500 in, 300 out at P 20,000 and D 2,000 tok/s on one GPU at $2.85: worked out by hand. */
const example: Record<CostInput, number> = {
  prefillTps: 20_000,
  decodeTps: 2000,
  usdPerGpuHour: 2.85,
  gpus: 1,
  utilization: 1,
  cacheHit: 0,
  inputTokens: 1500,
  outputTokens: 300,
  blendInput: 3,
  blendOutput: 1,
};

const inputsArbitrary = fc.record({
  prefillTps: fc.double({ min: 1, max: 1e7, noNaN: true }),
  decodeTps: fc.double({ min: 0.1, max: 1e6, noNaN: true }),
  usdPerGpuHour: fc.double({ min: 0.01, max: 1000, noNaN: true }),
  gpus: fc.integer({ min: 1, max: 64 }),
  utilization: fc.double({ min: 0.01, max: 1, noNaN: true }),
  cacheHit: fc.double({ min: 0, max: 1, noNaN: true }),
  inputTokens: fc.integer({ min: 0, max: 1_000_000 }),
  outputTokens: fc.integer({ min: 1, max: 1_000_000 }),
  blendInput: fc.double({ min: 0, max: 9, noNaN: true }),
  blendOutput: fc.double({ min: 0.1, max: 9, noNaN: true }),
});

describe('the cost of tokens', () => {
  it('is that of the worked example', () => {
    const costs = tokenCosts(example);
    expect(costs.gpuSecondsPerRequest).toBeCloseTo(0.225, 12);
    expect(costs.requestsPerSecond).toBeCloseTo(4.444444, 6);
    expect(costs.usdPerRequest).toBeCloseTo(0.000178125, 12);
    expect(costs.inputUsdPerMtok).toBeCloseTo(0.0395833, 7);
    expect(costs.outputUsdPerMtok).toBeCloseTo(0.3958333, 7);
    expect(costs.allOnOutputUsdPerMtok).toBeCloseTo(0.59375, 12);
    expect(costs.allOnTotalUsdPerMtok).toBeCloseTo(0.0989583, 7);
    expect((1e6 * costs.usdPerRequest) / example.inputTokens).toBeCloseTo(0.11875, 12);
    expect(costs.blendedUsdPerMtok).toBeCloseTo((3 * 0.0395833 + 0.3958333) / 4, 7);
  });

  it.each([
    [0.5, 0.0001484375, 16.6667],
    [0.9, 0.0001246875, 30],
  ])('saves the prefill of what a cache holds: hit rate %f', (cacheHit, usdPerRequest, percent) => {
    const costs = tokenCosts({ ...example, cacheHit });
    expect(costs.usdPerRequest).toBeCloseTo(usdPerRequest, 12);
    expect(100 * costs.cacheSavingShare).toBeCloseTo(percent, 4);
  });

  it.each([
    // r, tok/s, u, USD per million output tokens
    [2.85, 1000, 1, 0.791667],
    [3.5, 1000, 1, 0.972222],
    [2.85, 2000, 1, 0.395833],
    [3.5, 2000, 1, 0.486111],
    [2.85, 2500, 1, 0.316667],
    [3.5, 2500, 1, 0.388889],
    [2.85, 1000, 0.4, 1.979167],
    [3.5, 1000, 0.4, 2.430556],
    [2.85, 2000, 0.4, 0.989583],
    [2.85, 2500, 0.4, 0.791667],
    [3.5, 2000, 0.4, 1.215278],
    [1.74, 4000, 1, 0.120833],
    // GMI Cloud, "LLM inference cost per million tokens" (2026-05-28)
    [2, 85, 1, 6.535948],
    [2.6, 140, 1, 5.15873],
    [2, 120, 1, 4.62963],
    [2, 400, 1, 1.388889],
  ])(
    'charges %f USD/h at %d tok/s and utilisation %f',
    (usdPerGpuHour, decodeTps, utilization, expected) => {
      const inputs = { ...example, usdPerGpuHour, decodeTps, utilization, inputTokens: 0 };
      expect(tokenCosts(inputs).allOnOutputUsdPerMtok).toBeCloseTo(expected, 6);
    },
  );

  it('pays one bill in every view, whatever the inputs', () => {
    fc.assert(
      fc.property(inputsArbitrary, (inputs) => {
        const costs = tokenCosts(inputs);
        const counts = { input: tokens(inputs.inputTokens), output: tokens(inputs.outputTokens) };
        const bills = [
          billOf(
            {
              view: 'split',
              inputUsdPerMtok: usdPerMtok(costs.inputUsdPerMtok),
              outputUsdPerMtok: usdPerMtok(costs.outputUsdPerMtok),
            },
            counts,
          ),
          billOf(
            { view: 'all-on-output', usdPerMtok: usdPerMtok(costs.allOnOutputUsdPerMtok) },
            counts,
          ),
          billOf(
            { view: 'all-on-total', usdPerMtok: usdPerMtok(costs.allOnTotalUsdPerMtok) },
            counts,
          ),
        ];
        for (const bill of bills)
          expect(Math.abs(bill / costs.usdPerRequest - 1)).toBeLessThan(1e-9);
      }),
    );
  });

  it('doubles with the price, and is unchanged by the order of what it is given', () => {
    fc.assert(
      fc.property(inputsArbitrary, (inputs) => {
        const once = tokenCosts(inputs).usdPerRequest;
        const twice = tokenCosts({ ...inputs, usdPerGpuHour: 2 * inputs.usdPerGpuHour });
        expect(Math.abs(twice.usdPerRequest / (2 * once) - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it('inverts the bounds of a rate', () => {
    const inputs = known({ decodeTps: { value: 2000, low: 1900, high: 2100 } });
    const { outputUsdPerMtok, inputUsdPerMtok } = tokenCostsOf(inputs);
    expect(outputUsdPerMtok.low).toBeCloseTo(0.376984, 6);
    expect(outputUsdPerMtok.value).toBeCloseTo(0.395833, 6);
    expect(outputUsdPerMtok.high).toBeCloseTo(0.416667, 6);
    expect(inputUsdPerMtok).toEqual(exact(2.85e6 / 3600 / 20_000));
  });

  it('leaves unknown what depends on something unknown, and only that', () => {
    const costs = tokenCostsOf(known({ prefillTps: unknown('nobody measured it') }));
    expect(costs.outputUsdPerMtok.value).toBeCloseTo(0.3958333, 7);
    expect(costs.inputUsdPerMtok).toEqual(unknown('nobody measured it'));
    expect(costs.usdPerRequest).toEqual(unknown('nobody measured it'));
    const cached = tokenCostsOf(known({ prefillTps: unknown('none'), cacheHit: exact(1) }));
    expect(cached.inputUsdPerMtok).toEqual(exact(0));
    expect(isKnown(cached.blendedUsdPerMtok)).toBe(true);
    const noOutput = tokenCostsOf(known({ outputTokens: exact(0) }));
    expect(isKnown(noOutput.allOnOutputUsdPerMtok)).toBe(false);
    expect(isKnown(noOutput.usdPerRequest)).toBe(true);
  });

  function known(changes: Partial<Record<CostInput, Parameters<typeof isKnown>[0]>>) {
    const inputs = Object.fromEntries(
      Object.entries(example).map(([name, value]) => [name, exact(value)]),
    ) as Record<CostInput, Parameters<typeof isKnown>[0]>;
    return { ...inputs, ...changes };
  }
});

describe('cost views', () => {
  it('cannot be added across, or per million tokens at all', () => {
    const split: SplitPrice = {
      view: 'split',
      inputUsdPerMtok: usdPerMtok(1),
      outputUsdPerMtok: usdPerMtok(2),
    };
    const onOutput = { view: 'all-on-output' as const, usdPerMtok: usdPerMtok(3) };
    // @ts-expect-error prices of two views have no sum
    expect(() => split + onOutput).not.toThrow();
    const a: Bill<'split'> = { view: 'split', usd: usd(1) };
    const b: Bill<'all-on-output'> = { view: 'all-on-output', usd: usd(1) };
    // @ts-expect-error bills of two views pay the same thing twice
    addBills(a, b);
    // @ts-expect-error dollars are no tokens
    billOf(split, { input: usd(1), output: tokens(1) });
    expect(addBills(a, a)).toEqual({ view: 'split', usd: 2 });
  });
});

describe('propagate', () => {
  const ratio = ({ a, b }: { a: number; b: number }) => ({ ratio: a / b, only: a });

  it('keeps intervals without an end, where some draws are infinite', () => {
    // Rent is above the running cost in most draws, not in all.
    const rent = between(2, 0.5, 4);
    const running = between(1, 0.5, 1.5);
    const { hours } = propagate({ rent, running }, (usd) => ({
      hours: usd.rent > usd.running ? 100 / (usd.rent - usd.running) : Number.POSITIVE_INFINITY,
    }));
    expect(hours).toMatchObject({ value: 100, high: Number.POSITIVE_INFINITY });
    expect(hours.low).toBeGreaterThan(25);
    expect(hours.low).toBeLessThan(50);
  });

  it('agrees with the first-order rule for a ratio of two uncertain figures', () => {
    const spread = (cv: number) => ({
      value: 1,
      low: Math.exp(-1.96 * cv),
      high: Math.exp(1.96 * cv),
    });
    const { ratio: result } = propagate({ a: spread(0.03), b: spread(0.1) }, ratio);
    const cv = Math.log((result.high ?? 0) / (result.low ?? 0)) / (2 * 1.96);
    expect(100 * cv).toBeGreaterThan(10.44 * 0.97);
    expect(100 * cv).toBeLessThan(10.44 * 1.03);
  });

  it('keeps together what was measured together', () => {
    const draws = Float64Array.from({ length: 10_000 }, (_, i) => 1 + (i % 100) / 100);
    const one = { value: 1.5, low: 1, high: 2, draws };
    const { ratio: result } = propagate({ a: one, b: one }, ratio);
    expect(result).toEqual(exact(1));
  });

  it('gives the same interval for the same seed, another for another, none where nothing is uncertain', () => {
    const inputs = { a: uniform(1, 2), b: { value: 1, low: 0.5, high: 2 } };
    const interval = (seed: number) => propagate(inputs, ratio, { seed }).ratio.high;
    expect(interval(1)).toBe(interval(1));
    expect(interval(1)).not.toBe(interval(2));
    expect(propagate({ a: exact(2), b: exact(4) }, ratio).ratio).toEqual(exact(0.5));
  });

  it('inverts the bounds for results of one uncertain input, whatever else varies', () => {
    const { ratio: quotient, only } = propagate(
      { a: uniform(1, 2), b: { value: 1, low: 0.5, high: 2 } },
      ratio,
    );
    expect(only).toMatchObject({ value: 1.5, low: 1, high: 2 });
    expect(quotient.low).toBeGreaterThan(0.5);
    expect(quotient.high).toBeLessThan(4);
  });

  it('sees an input that a factor of zero hides at the figures themselves', () => {
    const hidden = ({ share, rate }: { share: number; rate: number }) => ({
      seconds: share === 0 ? 0 : share / rate,
    });
    const rate = { value: 4, low: 1, high: 16 };
    const share = { value: 0, low: 0, high: 1 };
    const { seconds } = propagate({ share, rate }, hidden);
    expect(seconds.high).toBeGreaterThan(0.25);
  });

  it('moves a figure that is passed under two names in both places', () => {
    const range = { value: 1, low: 0.5, high: 2 };
    const sum = ({ a, b }: { a: number; b: number }) => ({ sum: a + b, ratio: a / b });
    expect(propagate({ a: range, b: range }, sum)).toEqual({
      sum: { value: 2, low: 1, high: 4 },
      ratio: exact(1),
    });
    expect(tornado({ a: range, b: range }, sum, 'sum')).toEqual([
      { input: 'a', atLow: 1, atHigh: 4 },
    ]);
    expect(tornado({ a: range, b: range }, sum, 'ratio')).toEqual([]);
  });

  it('gives no figure without an interval where a bound has none', () => {
    const perToken = ({ usd, tokens }: { usd: number; tokens: number }) => ({
      price: tokens === 0 ? Number.NaN : usd / tokens,
    });
    const { price } = propagate({ usd: exact(1), tokens: uniform(0, 2) }, perToken);
    expect(price).toEqual(unknown('it is not defined over the whole intervals of these inputs'));
  });

  it('names the reasons of those unknown inputs that matter', () => {
    const results = propagate({ a: exact(1), b: unknown('no b') }, ratio);
    expect(results.ratio).toEqual(unknown('no b'));
    expect(results.only).toEqual(exact(1));
  });

  it('ranks inputs by what they do: the tornado of $3/h, 2,000 tok/s, 40 %', () => {
    const cost = ({ r, t, u }: Record<'r' | 't' | 'u', number>) => ({
      c: (1e6 * r) / (3600 * t * u),
    });
    const bars = tornado(
      {
        r: { value: 3, low: 2.85, high: 3.5 },
        t: { value: 2000, low: 1800, high: 2200 },
        u: { value: 0.4, low: 0.2, high: 0.6 },
      },
      cost,
      'c',
    );
    expect(bars.map(({ input }) => input)).toEqual(['u', 'r', 't']);
    const rounded = bars.map(({ atLow, atHigh }) => [atLow.toFixed(6), atHigh.toFixed(6)]);
    expect(rounded).toEqual([
      ['2.083333', '0.694444'],
      ['0.989583', '1.215278'],
      ['1.157407', '0.946970'],
    ]);
  });
});

describe('figures as typed', () => {
  it('are numbers, ranges or values with an interval', () => {
    expect(readQuantity('2.85')).toEqual(exact(2.85));
    expect(readQuantity('1e3')).toEqual(exact(1000));
    expect(readQuantity('3@2.85..3.50')).toEqual({ value: 3, low: 2.85, high: 3.5 });
    expect(readQuantity('2..4')).toMatchObject({ value: 3, low: 2, high: 4 });
  });

  it.each(['', '-1', 'NaN', '4..2', '5@1..2', '1..2..3', 'Infinity', '0x10', '1,5', '2@', '1e999'])(
    'are not %j',
    (text) => {
      expect(readQuantity(text)).toBeNull();
    },
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../src/core/record.ts';
import { findGpuPrice, GPU_PRICES } from '../../src/economics/prices/gpu-prices.ts';
import { chargeRates, quotePrice, splitCost, usdPerMtok } from '../../src/economics/token-cost.ts';

const exact = (median: number): Estimate => ({ median, low: null, high: null });
const quote = (usdPerHour: number) => ({
  usdPerHour,
  price: { gpu: 'x', source: 'test', date: null, standIn: false },
});

const rate = fc.double({ min: 1e-3, max: 1e7, noNaN: true });
const tokens = fc.integer({ min: 0, max: 1e9 });
const usdPerHour = fc.double({ min: 0.01, max: 1000, noNaN: true });

describe('split cost', () => {
  test('worked example: P = 20 000, D = 2 000 tok/s at 2.85 $/h', () => {
    const cost = splitCost({ prefill: exact(20_000), decode: exact(2_000) }, quote(2.85));
    expect(cost.inputUsdPerMtok?.median).toBeCloseTo(0.0395833, 7);
    expect(cost.outputUsdPerMtok?.median).toBeCloseTo(0.3958333, 7);
  });

  test('worked example: the interval [1 900, 2 100] of 2 000 tok/s', () => {
    const price = usdPerMtok({ median: 2000, low: 1900, high: 2100 }, 2.85);
    expect(price.median).toBeCloseTo(0.395833, 6);
    expect(price.low).toBeCloseTo(0.376984, 6);
    expect(price.high).toBeCloseTo(0.416667, 6);
  });

  test('conserves the bill: input + output = price · time', () => {
    fc.assert(
      fc.property(rate, rate, tokens, tokens, usdPerHour, (p, d, nIn, nOut, r) => {
        const cost = splitCost({ prefill: exact(p), decode: exact(d) }, quote(r));
        const charged =
          (nIn * (cost.inputUsdPerMtok?.median ?? 0) +
            nOut * (cost.outputUsdPerMtok?.median ?? 0)) /
          1e6;
        const bill = (r * (nIn / p + nOut / d)) / 3600;
        expect(Math.abs(charged - bill)).toBeLessThanOrEqual(1e-9 * Math.max(1, bill));
      }),
    );
  });

  test('falls with speed, rises with price, and its interval holds its median', () => {
    fc.assert(
      fc.property(rate, usdPerHour, fc.double({ min: 1, max: 2, noNaN: true }), (x, r, k) => {
        const price = usdPerMtok({ median: x, low: x / k, high: x * k }, r);
        expect(price.low ?? 0).toBeLessThanOrEqual(price.median);
        expect(price.high ?? 0).toBeGreaterThanOrEqual(price.median);
        expect(usdPerMtok(exact(x * k), r).median).toBeLessThanOrEqual(price.median);
        expect(usdPerMtok(exact(x), r * k).median).toBeGreaterThanOrEqual(price.median);
      }),
    );
  });

  test('what was not measured has no price, not a price of 0', () => {
    const cost = splitCost({ prefill: null, decode: exact(10) }, quote(1));
    expect(cost.inputUsdPerMtok).toBeNull();
  });
});

describe('prices', () => {
  const device = (name: string, kind: 'gpu' | 'cpu' | 'software' = 'gpu') => ({
    name,
    vendor: '',
    kind,
    details: {},
  });

  test.each([
    ['NVIDIA H100 80GB HBM3', 'H100'],
    ['NVIDIA H200', 'H200'],
    ['NVIDIA A100-SXM4-80GB', 'A100 80GB'],
    ['NVIDIA GeForce RTX 4090', 'RTX 4090'],
    ['NVIDIA RTX A6000', 'RTX A6000'],
    ['NVIDIA RTX 6000 Ada Generation', 'RTX 6000 Ada'],
    ['NVIDIA L40S', 'L40S'],
    ['NVIDIA L4', 'L4'],
    ['AMD Instinct MI300X', 'MI300X'],
  ])('%s is a %s', (name, gpu) => {
    expect(findGpuPrice(name)?.gpu).toBe(gpu);
  });

  test.each([
    'NVIDIA GeForce RTX 4090 Laptop GPU',
    'NVIDIA A100-PCIE-40GB',
    'NVIDIA H100 MIG 1g.10gb',
    'NVIDIA GeForce RTX 3090 Ti',
    'Intel(R) Arc(TM) A770',
    'Apple M2',
    'NVIDIA GeForce RTX 4050',
    '',
  ])('%j is not taken for another', (name) => {
    expect(findGpuPrice(name)).toBeNull();
  });

  test('every listed price has a source and a day', () => {
    for (const { usdPerHour: price, source, date, gpu } of GPU_PRICES) {
      expect(price, gpu).toBeGreaterThan(0);
      expect(source).not.toBe('');
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(findGpuPrice(gpu)?.gpu).toBe(gpu);
    }
  });

  test("the user's price wins and is nobody's stand-in", () => {
    const { quote: given, flags } = quotePrice(device('llvmpipe', 'software'), 0.5);
    expect(given).toMatchObject({
      usdPerHour: 0.5,
      price: { source: '--gpu-price', standIn: false },
    });
    expect(flags).toEqual([]);
  });

  test('no GPU: a stand-in, said plainly', () => {
    for (const kind of ['cpu', 'software'] as const) {
      const { quote: standIn, flags } = quotePrice(device('something', kind), null);
      expect(standIn?.price).toMatchObject({ gpu: 'H100', standIn: true });
      expect(flags.map(({ code }) => code)).toEqual(['price-stand-in']);
    }
  });

  test('an unknown GPU has no price until one is given', () => {
    const rates = { prefill: exact(1), decode: exact(1) };
    expect(chargeRates(device('Apple M2'), rates, null)).toMatchObject({
      cost: null,
      flags: [{ code: 'price-unknown', hint: expect.stringContaining('--gpu-price') }],
    });
    expect(chargeRates(device('Apple M2'), rates, 3.6).cost?.inputUsdPerMtok?.median).toBe(1000);
  });
});

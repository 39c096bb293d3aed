import { readFileSync } from 'node:fs';
import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiCallCost } from '../../src/economics/prices/api-call.ts';
import {
  GENAI_PRICES_VERSION,
  genaiPrices,
  modelPrices,
} from '../../src/economics/prices/genai-prices.ts';
import { findApiPrice } from '../../src/economics/prices/lookup.ts';
import type { ApiPrice } from '../../src/economics/prices/price-book.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('names the version that is installed', () => {
  const file = new URL('../../node_modules/@pydantic/genai-prices/package.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8')).version).toBe(GENAI_PRICES_VERSION);
});

it('never asks the network', async () => {
  const fetch = vi.fn();
  vi.stubGlobal('fetch', fetch);
  expect((await genaiPrices()).length).toBeGreaterThan(1000);
  expect(fetch).not.toHaveBeenCalled();
});

/** What the package itself charges: the oracle of what we made of its data. */
function oracle(price: ApiPrice, usage: Record<string, number>, day: string): number | null {
  const options = { providerId: price.provider, timestamp: new Date(`${day}T12:00:00Z`) };
  const result = calcPrice(usage, price.model, options);
  return result?.model.id === price.model ? result.total_price : null;
}

describe('every price of the catalogue', () => {
  it.each([
    ['2025-01-01', 1000, 500],
    ['2026-09-30', 1000, 500],
    ['2026-09-30', 300_000, 500],
  ])('on %s, %d tokens in and %d out cost what the package says', async (day, input, output) => {
    const prices = await genaiPrices();
    let compared = 0;
    for (const { provider, model } of prices) {
      const price = findApiPrice({ apis: prices }, `${provider}/${model}`, day);
      const usd = apiCallCost(price, {
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        cacheConvention: 'inclusive',
      }).usd;
      const expected = oracle(price, { input_tokens: input, output_tokens: output }, day);
      // The package takes a missing price for none; for us it is unknown.
      if (expected === null || usd.value === null || usd.low !== null) continue;
      compared++;
      expect(usd.value, `${provider}/${model}`).toBeCloseTo(expected, 10);
    }
    expect(compared / prices.length).toBeGreaterThan(0.8);
  });

  it('counts cached tokens as the package does', async () => {
    const prices = await genaiPrices();
    const [day, usage] = ['2026-09-30', { cache_read_tokens: 400, cache_write_tokens: 300 }];
    let compared = 0;
    for (const price of prices.filter(({ from, until }) => from === null && until === null)) {
      const { usd } = apiCallCost(price, {
        inputTokens: 1000,
        outputTokens: 100,
        cacheReadTokens: 400,
        cacheWriteTokens: 300,
        cacheConvention: 'inclusive',
      });
      const expected = oracle(price, { input_tokens: 1000, output_tokens: 100, ...usage }, day);
      if (expected === null || usd.value === null || usd.low !== null) continue;
      compared++;
      expect(usd.value, `${price.provider}/${price.model}`).toBeCloseTo(expected, 10);
    }
    expect(compared).toBeGreaterThan(100);
  });
});

describe('conditions', () => {
  const model = (prices: Parameters<typeof modelPrices>[1]['prices']) =>
    modelPrices('acme', { id: 'large', match: { equals: 'large' }, prices });
  const price = (input: number): ModelPrice => ({ input_mtok: input, output_mtok: 10 * input });

  it('start dates become days from which a price holds', () => {
    const rows = model([
      { prices: price(3) },
      { constraint: { type: 'start_date', start_date: '2026-03-01' }, prices: price(1) },
      { constraint: { type: 'start_date', start_date: '2026-01-01' }, prices: price(2) },
    ]);
    expect(rows.map(({ from, until, rates }) => [from, until, rates.input.value])).toEqual([
      [null, '2026-01-01', 3],
      ['2026-01-01', '2026-03-01', 2],
      // The package asks its list from the end, whatever the dates: the second entry comes last.
      ['2026-03-01', null, 2],
    ]);
  });

  it('hours of the day become their average with the cheapest and the dearest as bounds', () => {
    const [row] = model([
      { prices: price(1) },
      {
        constraint: { type: 'time_of_date', start_time: '22:00:00Z', end_time: '04:00:00Z' },
        prices: price(3),
      },
    ]);
    // 6 of 24 hours at 3, the others at 1.
    expect(row?.rates.input).toMatchObject({ value: 1.5, low: 1, high: 3 });
    expect(row?.rates.output).toMatchObject({ value: 15, low: 10, high: 30 });
    const [inputs, outputs] = [row?.rates.input, row?.rates.output].map((rate) =>
      rate && 'draws' in rate ? Array.from(rate.draws ?? []) : [],
    );
    expect(inputs?.filter((usd) => usd === 3)).toHaveLength(6 * 60);
    expect(outputs).toEqual(inputs?.map((usd) => 10 * usd));
  });

  it('leaves out what is not priced by the token', () => {
    expect(model({ audio_hours: 3 })).toEqual([]);
  });

  it('takes fees per thousand requests', () => {
    const [row] = model({ ...price(1), requests_kcount: 12 });
    expect(row?.usdPerRequest.value).toBe(0.012);
  });
});

it('knows models by the names that APIs give them', async () => {
  const apis = await genaiPrices();
  const { model } = findApiPrice({ apis }, 'anthropic/claude-sonnet-4-20250514', '2026-01-01');
  expect(model).toBe('claude-sonnet-4-0');
});

it('keeps the price of the day: o3 before and after 2025-06-10', async () => {
  const apis = await genaiPrices();
  const usd = (day: string) => findApiPrice({ apis }, 'openai/o3', day).rates.output.value;
  expect([usd('2025-06-09'), usd('2025-06-10')]).toEqual([40, 8]);
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchRecord } from '../../src/core/record.ts';
import { apiCallCost } from '../../src/economics/prices/api-call.ts';
import type { ApiPrice, ApiRates } from '../../src/economics/prices/price-book.ts';
import { exact, unknown } from '../../src/economics/quantity.ts';
import { allFail, attemptsUntil, expectedAttempts } from '../../src/economics/task/attempts.ts';
import { modelPrices, type PriceSources } from '../../src/economics/task/model-prices.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { unitCost } from '../../src/economics/task/unit-cost.ts';
import { usdPerMtok } from '../../src/economics/units.ts';

const none = () => {
  throw new Error('this file names none');
};

function costOf(text: string, sources: Partial<PriceSources> = {}) {
  const unit = readUnitFile(text, 'unit.yaml');
  const prices = modelPrices(unit, { record: none, api: none, ...sources });
  return { prices, ...unitCost(unit, prices, { units: 500 }) };
}

describe('a self-hosted model', () => {
  const [line = ''] = readFileSync('examples/support-ticket/records.jsonl', 'utf8').split('\n');
  const record = JSON.parse(line) as BenchRecord;
  const file = (price: string) => `
unit: u
models: { m: { record: latest, utilization: 0.4, gpus: 2 ${price} } }
steps: [{ kind: llm, model: m, calls: 3, inputTokens: 1500, outputTokens: 300, cachedShare: 0.5,
          successProbability: 0.8, maxAttempts: 3 }]`;

  it('costs requests × GPU seconds × attempts over the utilisation, at its rates', () => {
    // 20,000 and 2,000 tok/s at $2.85: $0.000178125 a request, $0.0001484375 with half of its input cached
    const given = file('').replace(
      'record: latest',
      'prefillTps: 20000, decodeTps: 2000, usdPerGpuHour: 2.85',
    );
    const { usdPerUnit, usdPerAttempt } = costOf(given);
    expect(usdPerAttempt.value).toBeCloseTo((3 * 2 * 0.0001484375) / 0.4, 14);
    expect(usdPerUnit.value).toBeCloseTo((1.24 * 3 * 2 * 0.0001484375) / 0.4, 14);
  });

  it('takes rates with their interval, and the price, from a record', () => {
    const { usdPerUnit, tornado, notes, prices } = costOf(file(''), { record: () => record });
    const [prefill, decode] = [record.prefill, record.decode].map(
      (phase) => phase?.tokensPerSecond,
    );
    const seconds = 750 / (prefill?.median ?? 0) + 300 / (decode?.median ?? 0);
    const perHour = record.cost?.usdPerHour ?? 0;
    expect(usdPerUnit.value).toBeCloseTo((1.24 * 3 * 2 * perHour * seconds) / 3600 / 0.4, 10);
    expect(usdPerUnit.low).toBeLessThan((usdPerUnit.value ?? 0) * 0.98);
    expect(tornado.map(({ input }) => input)).toEqual([
      'models.m.decodeTps',
      'models.m.prefillTps',
    ]);
    expect(notes[0]).toContain('measured with prompts of 128 tokens, its calls have 1500');
    expect(prices.m?.source).toContain('standing in for a machine without a GPU');
  });

  it('has an unknown cost without a price, and says where to give one', () => {
    const { usdPerUnit } = costOf(file(''), { record: () => ({ ...record, cost: null }) });
    expect(usdPerUnit).toMatchObject({
      value: null,
      reason: expect.stringContaining('give one with models.m.usdPerGpuHour'),
    });
    const given = costOf(file(', usdPerGpuHour: 1'), { record: () => ({ ...record, cost: null }) });
    expect(given.usdPerUnit.value).toBeGreaterThan(0);
  });
});

describe('an API model', () => {
  const rates = (input: number, cacheWrite: number | null): ApiRates => ({
    input: exact(usdPerMtok(input)),
    output: exact(usdPerMtok(5 * input)),
    cacheRead: exact(usdPerMtok(input / 10)),
    cacheWrite: cacheWrite === null ? unknown('no such price') : exact(usdPerMtok(cacheWrite)),
  });
  const price: ApiPrice = {
    provider: 'own',
    model: 'model',
    source: 'a test',
    from: '2026-01-01',
    until: null,
    readOn: null,
    rates: rates(3, 3.75),
    tiers: [
      { aboveInputTokens: 4000, rates: rates(9, 11) },
      { aboveInputTokens: 2000, rates: rates(6, 7.5) },
    ],
    batch: rates(1.5, null),
    usdPerRequest: exact(0.001),
  };
  const file = (more = '') => `
unit: u
models: { m: { api: own/model ${more} } }
steps: [{ kind: llm, model: m, turns: 8, systemTokens: 700, userTokens: 150, answerTokens: 400,
          prefixCache: inputs }]`;

  it('costs a conversation what its turns cost one by one, in the tier of each', () => {
    let [usd, held] = [0, 0];
    for (let turn = 1; turn <= 8; turn++) {
      const inputTokens = 700 + 150 * turn + 400 * (turn - 1);
      const call = apiCallCost(price, {
        inputTokens,
        cacheReadTokens: held,
        cacheWriteTokens: inputTokens - held,
        outputTokens: 400,
        cacheConvention: 'inclusive',
      });
      usd += call.usd.value ?? Number.NaN;
      held = inputTokens;
    }
    expect(held).toBeGreaterThan(4000);
    const cost = costOf(file(), { api: () => price });
    expect(cost.usdPerUnit.value).toBeCloseTo(usd, 12);
    expect(cost.spread.meanUsd).toBeCloseTo(usd, 12);
  });

  it('bills what is written to a cache as input where no price for it is named', () => {
    const batch = { ...price, tiers: [] };
    const cost = costOf(file(', batch: true'), { api: () => batch });
    const [use] = cost.models;
    const [input, read] = [use?.inputTokens.value ?? 0, use?.cachedTokens.value ?? 0];
    const usd = ((input - read) * 1.5 + read * 0.15 + 3200 * 7.5) / 1e6 + 8 * 0.001;
    expect(cost.usdPerUnit.value).toBeCloseTo(usd, 12);
  });

  it('has an unknown cost in a class that the provider does not price', () => {
    const cost = costOf(file(', batch: true'), { api: () => ({ ...price, batch: null }) });
    expect(cost.usdPerUnit).toMatchObject({
      value: null,
      reason: expect.stringContaining('own/model has no batch price'),
    });
  });
});

describe('attempts', () => {
  const p = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 1e-12));

  it('are as many as the sum over all that may happen', () => {
    fc.assert(
      fc.property(p, fc.integer({ min: 1, max: 100 }), (success, most) => {
        let [attempts, left] = [0, 1];
        for (let attempt = 1; attempt <= most; attempt++) {
          attempts += left; // this attempt is made when all before it failed
          left *= 1 - success;
        }
        expect(expectedAttempts(success, most)).toBeCloseTo(attempts, 8);
        expect(allFail(success, most)).toBeCloseTo(left, 12);
      }),
    );
  });

  it('end at the first that succeeds, as drawn one by one', () => {
    fc.assert(
      fc.property(
        p,
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (success, most, u) => {
          // the attempt in whose share of the distribution the draw falls
          let [left, first] = [1, 0];
          while (first < most) {
            first++;
            left *= 1 - success;
            if (1 - left > u) break;
          }
          const expected = 1 - left > u ? first : null;
          const isAtAnEdge = Math.abs(1 - left - u) < 1e-9;
          if (!isAtAnEdge) expect(attemptsUntil(success, most, u)).toBe(expected);
        },
      ),
    );
  });
});

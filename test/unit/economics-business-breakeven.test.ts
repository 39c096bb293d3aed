import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BreakEvenBasis,
  type BreakEvenInput,
  breakEven,
  breakEvenFormula,
  utilizationOf,
} from '../../src/economics/business/break-even.ts';
import {
  peakToMean,
  volumeCosts,
  volumeFormula,
} from '../../src/economics/business/volume-costs.ts';
import type { Inputs } from '../../src/economics/propagate.ts';
import { exact, type Quantity, unknown } from '../../src/economics/quantity.ts';
import { uniform } from '../../src/economics/read-quantity.ts';

/** 2 × H100 at $2.85 for 730 h, $4,161, serving 8,000 tok/s in all: 21,024 Mtok. */
const point: Record<BreakEvenInput, number> = {
  usdPerGpuHour: 2.85,
  gpus: 2,
  hoursPerMonth: 730,
  capacityTps: 8000,
  prefillTps: 20_000,
  decodeTps: 2000,
  maxUtilization: 1,
  selfUsdPerMtok: 0,
  apiUsdPerMtok: 6,
  apiInputUsdPerMtok: 3,
  apiCachedUsdPerMtok: 0.3,
  apiOutputUsdPerMtok: 15,
  apiUsdPerRequest: 0,
  inputTokens: 3,
  outputTokens: 1,
  cacheHit: 0,
};
const total: BreakEvenBasis = { capacity: 'total', api: 'blended', peakToMean: 1 };
const split: BreakEvenBasis = { capacity: 'phases', api: 'split', peakToMean: 1 };

function known(changes: Partial<Inputs<BreakEvenInput>> = {}): Inputs<BreakEvenInput> {
  const inputs = Object.fromEntries(
    Object.entries(point).map(([name, value]) => [name, exact(value)]),
  ) as Record<BreakEvenInput, Quantity>;
  return { ...inputs, ...changes };
}

describe('break-even', () => {
  it.each([
    [6, 693.5, 3, 15],
    [4.375, 951.086, 2.5, 10],
    [0.96, 4334.375, 0.55, 2.19],
  ])('at $%f is at %f Mtok a month', (apiUsdPerMtok, mtok, input, output) => {
    const answer = breakEven(known({ apiUsdPerMtok: exact(apiUsdPerMtok) }), total);
    expect(answer.verdict).toBe('at');
    expect(answer.results.usdPerMonth.value).toBeCloseTo(4161, 9);
    expect(answer.mtokPerMonth.value).toBeCloseTo(mtok, 3);
    const prices = { apiInputUsdPerMtok: exact(input), apiOutputUsdPerMtok: exact(output) };
    const atMix = breakEven(known(prices), { ...total, api: 'split' });
    expect(atMix.results.apiUsdPerMtok.value).toBeCloseTo(apiUsdPerMtok, 12);
    expect(atMix.mtokPerMonth.value).toBeCloseTo(mtok, 3);
  });

  it('at $0.06 is never: 69,350 Mtok are more than the 21,024 that it serves', () => {
    const answer = breakEven(known({ apiUsdPerMtok: exact(0.06) }), total);
    expect(answer.verdict).toBe('never');
    expect(answer.mtokPerMonth.value).toBeCloseTo(69_350, 6);
    expect(answer.results.capacityMtok.value).toBeCloseTo(21_024, 9);
  });

  it('as a utilisation is 3.2986 % at $6, and 50 % for $1 of usage against $2', () => {
    const { utilization, results } = breakEven(known(), total);
    expect(100 * (utilization.value ?? 0)).toBeCloseTo(3.2986, 4);
    expect((results.saturatedUsdPerMtok.value ?? 0) / 6).toBeCloseTo(utilization.value ?? 0, 12);
    expect(utilizationOf(1, 4)).toBe(0.25);
    // capacity of 4,161 Mtok a month: $1 per Mtok at full load
    const capacityTps = exact((4161 * 1e6) / (3600 * 730));
    const against = known({ capacityTps, apiUsdPerMtok: exact(2) });
    expect(breakEven(against, total).utilization.value).toBeCloseTo(0.5, 12);
  });

  it('is never where the API costs no more by the token than self-hosting beside its GPUs', () => {
    const answer = breakEven(known({ selfUsdPerMtok: exact(6) }), total);
    expect(answer).toMatchObject({ verdict: 'never', mtokPerMonth: { value: null } });
    expect(answer.reason).toContain('by the token');
  });

  it('serves what its phases give at the mix, on both sides the same', () => {
    const mix = { inputTokens: exact(1500), outputTokens: exact(300) };
    const { results } = breakEven(known(mix), split);
    expect(results.capacityTps.value).toBeCloseTo(8000, 9); // 1,800 tokens in 0.225 s
    const cached = breakEven(known({ ...mix, cacheHit: exact(0.5) }), split).results;
    expect(cached.capacityTps.value).toBeCloseTo(1800 / 0.1875, 9);
    expect(cached.apiUsdPerMtok.value).toBeCloseTo((750 * 3 + 750 * 0.3 + 300 * 15) / 1800, 12);
    const fee = breakEven(known({ ...mix, apiUsdPerRequest: exact(0.0018) }), split).results;
    expect(fee.apiUsdPerMtok.value).toBeCloseTo(5 + 1, 12);
  });

  it('holds the peaks of a load against the deployment, not its mean', () => {
    // 951 Mtok fit 21,024 on average, not with a busiest time of 25 times the mean
    const inputs = known({ apiUsdPerMtok: exact(4.375) });
    expect(breakEven(inputs, { ...total, peakToMean: 22 }).verdict).toBe('at');
    expect(breakEven(inputs, { ...total, peakToMean: 25 }).verdict).toBe('never');
    expect(peakToMean([1, 1, 4])).toBe(2);
  });

  it('inverts bounds, and says in how many draws it is never', () => {
    const inputs = known({ apiUsdPerMtok: { value: 6, low: 4, high: 8 } });
    const { mtokPerMonth } = breakEven(inputs, total);
    expect(mtokPerMonth.low).toBeCloseTo(4161 / 8, 9);
    expect(mtokPerMonth.high).toBeCloseTo(4161 / 4, 9);
    // full load costs 4161 / 21024 = $0.1979; of prices from 0.1 to 0.3 that is 49 % of the way
    const cheap = breakEven(known({ apiUsdPerMtok: uniform(0.1, 0.3) }), total);
    expect(cheap.probabilityNever).toBeGreaterThan(0.47);
    expect(cheap.probabilityNever).toBeLessThan(0.51);
    const below = breakEven(
      known({ apiUsdPerMtok: uniform(0.1, 0.3), selfUsdPerMtok: exact(0.15) }),
      total,
    );
    expect(below.mtokPerMonth.high).toBe(Number.POSITIVE_INFINITY);
    expect(breakEven(known(), total).probabilityNever).toBeNull();
  });

  it('is unknown where capacity or price is, and for no other reason', () => {
    const noRates = breakEven(known({ capacityTps: unknown('nobody measured it') }), total);
    expect(noRates).toMatchObject({ verdict: 'unknown', reason: 'nobody measured it' });
    expect(noRates.mtokPerMonth.value).toBeCloseTo(693.5, 9);
    const noPrice = breakEven(known({ apiUsdPerMtok: unknown('no price') }), total);
    expect(noPrice).toMatchObject({ verdict: 'unknown', reason: 'no price' });
    expect(noPrice.mtokPerMonth.value).toBeNull();
    const unused = { apiCachedUsdPerMtok: unknown('no cached price'), capacityTps: unknown('x') };
    expect(breakEven(known(unused), split).verdict).toBe('at');
  });

  it('doubles with the price of the GPU', () => {
    const price = fc.double({ min: 0.1, max: 100, noNaN: true });
    fc.assert(
      fc.property(price, (usdPerGpuHour) => {
        const volume = (usd: number) =>
          1 / breakEvenFormula(total)({ ...point, usdPerGpuHour: usd }).breakEvenPerMtok;
        expect(volume(2 * usdPerGpuHour) / volume(usdPerGpuHour)).toBeCloseTo(2, 9);
      }),
    );
  });
});

describe('a volume a month', () => {
  it('costs the same on both sides at break-even, in whole deployments above one', () => {
    const at = (mtok: number) => volumeCosts(known(), total, mtok).results;
    expect(at(693.5).apiUsd.value).toBeCloseTo(4161, 9);
    expect(at(693.5).selfUsd.value).toBeCloseTo(4161, 9);
    expect(at(21_024).deployments.value).toBe(1);
    expect(at(21_025).deployments.value).toBe(2);
    expect(at(31_536).utilization.value).toBeCloseTo(0.75, 9);
    // above one full deployment the rest is worth a second only from 693.5 Mtok on
    expect(at(21_624).hybridDeployments.value).toBe(1);
    expect(at(21_624).hybridUsd.value).toBeCloseTo(4161 + 600 * 6, 6);
    expect(at(21_824).hybridDeployments.value).toBe(2);
    expect(at(600).hybridSelfShare.value).toBe(0);
  });

  it('is mixed as cheaply as the best of all numbers of deployments', () => {
    const load = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(
        fc.array(load, { minLength: 1, maxLength: 24 }).filter((loads) => loads.some((l) => l > 0)),
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (loads, mtok, apiUsdPerMtok, selfUsdPerMtok) => {
          const inputs = { ...point, apiUsdPerMtok, selfUsdPerMtok };
          const result = volumeFormula(total, mtok, loads)(inputs);
          const sum = loads.reduce((a, b) => a + b, 0);
          const parts = loads.map((part) => (mtok * part) / sum);
          const slice = 21_024 / loads.length;
          const costs: number[] = [];
          for (let n = 0; n <= Math.ceil(Math.max(...parts) / slice); n++) {
            const served = parts.reduce((a, part) => a + Math.min(part, n * slice), 0);
            costs.push(4161 * n + served * selfUsdPerMtok + (mtok - served) * apiUsdPerMtok);
          }
          const best = Math.min(...costs);
          expect(Math.abs(result.hybridUsd / best - 1)).toBeLessThan(1e-6);
          expect(Math.abs(result.selfUsd / (costs.at(-1) ?? 0) - 1)).toBeLessThan(1e-6);
          expect(result.hybridUsd).toBeLessThanOrEqual(
            1.000001 * Math.min(result.apiUsd, result.selfUsd),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('costs more with peaks than without', () => {
    const inputs = known({ apiUsdPerMtok: exact(0.5) });
    const flat = volumeCosts(inputs, total, 20_000).results;
    const peaks = volumeCosts(inputs, total, 20_000, [1, 1, 1, 5]).results;
    expect(flat.selfUsd.value).toBeCloseTo(4161, 9);
    expect(peaks.deployments.value).toBe(3); // 12,500 Mtok in a quarter that serves 5,256
    expect(peaks.selfUsd.value).toBeCloseTo(3 * 4161, 9);
    expect(peaks.hybridUsd.value).toBeLessThan(peaks.selfUsd.value ?? 0);
    expect(peaks.apiUsd).toEqual(flat.apiUsd);
  });

  it('is cheaper self-hosted with the probability that its price is on the right side', () => {
    const inputs = known({ apiUsdPerMtok: uniform(4, 8) });
    const probability = (mtok: number) =>
      volumeCosts(inputs, total, mtok).probabilitySelfCheaper ?? Number.NaN;
    expect(Math.abs(probability(693.5) - 0.5)).toBeLessThan(0.02); // above $6
    expect(Math.abs(probability(4161 / 5) - 0.75)).toBeLessThan(0.02); // above $5
    expect(probability(4161 / 3)).toBe(1);
    expect(volumeCosts(known(), total, 700).probabilitySelfCheaper).toBeNull();
  });

  it('has a probability that weighs every uncertain figure, the same for the same seed', () => {
    const inputs = known({
      apiUsdPerMtok: uniform(4, 8, 'api'),
      usdPerGpuHour: uniform(2, 4, 'gpu'),
    });
    const probability = (seed: number) =>
      volumeCosts(inputs, total, 730, [1], { seed }).probabilitySelfCheaper ?? Number.NaN;
    // 2 · r · 730 < p · 730: r below p / 2, of r on 2 to 4 and p / 2 on 2 to 4
    expect(Math.abs(probability(0) - 0.5)).toBeLessThan(0.02);
    expect(probability(3)).toBe(probability(3));
  });

  it('is unknown on the side that is', () => {
    const noRates = volumeCosts(known({ capacityTps: unknown('no rates') }), total, 100).results;
    expect(noRates.apiUsd.value).toBeCloseTo(600, 9);
    expect(noRates.selfUsd).toEqual(unknown('no rates'));
    expect(noRates.hybridUsd).toEqual(unknown('no rates'));
    const noPrice = volumeCosts(known({ apiUsdPerMtok: unknown('no price') }), total, 100).results;
    expect(noPrice.selfUsd.value).toBeCloseTo(4161, 9);
    expect(noPrice.hybridUsd).toEqual(unknown('no price'));
    expect(noPrice.hybridSelfShare).toEqual(unknown('no price'));
  });
});

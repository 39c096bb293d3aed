import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exact, type Known, unknown } from '../../src/economics/quantity.ts';
import {
  type ChangeKind,
  monthlyFactor,
  readYearlyFactor,
} from '../../src/economics/scenario/change-rate.ts';
import { changeBetween, impliedFactor } from '../../src/economics/scenario/implied.ts';
import { readPeriodYears, readYearlyAmount } from '../../src/economics/scenario/period.ts';
import { postedSpend } from '../../src/economics/scenario/posted-price.ts';
import { judgeClaim, scenarioOf } from '../../src/economics/scenario/scenario.ts';
import { readScenarios } from '../../src/economics/scenario/scenario-file.ts';
import { renderScenarios } from '../../src/report/cost/scenario-text.ts';

function factorOf(text: string, kind: ChangeKind): number {
  return readYearlyFactor(text, kind)?.value ?? Number.NaN;
}

describe('changes as people write them', () => {
  it.each<[string, ChangeKind, number]>([
    ['10x/year', 'decline', 0.1],
    ['10x', 'growth', 10],
    ['40%/year', 'decline', 0.6],
    ['-40%', 'decline', 0.6],
    ['-40 % per year', 'growth', 0.6],
    ['+300%/year', 'growth', 4],
    ['300%', 'growth', 4],
    ['0%', 'growth', 1],
    ['0.8x/yr', 'decline', 1.25],
    ['2x/month', 'growth', 4096],
    ['100x in 2 years', 'decline', 0.1],
    ['2x / 18 months', 'growth', 2 ** (12 / 18)],
  ])('%s as a %s multiplies a year by %f', (text, kind, factor) => {
    expect(factorOf(text, kind)).toBeCloseTo(factor, 10);
  });

  it('puts the bounds of a range in order, whichever way it turns', () => {
    expect(readYearlyFactor('2..10x/year', 'decline')).toMatchObject({ low: 0.1, high: 0.5 });
    expect(readYearlyFactor('-40%..-20%', 'growth')).toMatchObject({ low: 0.6, high: 0.8 });
    expect(readYearlyFactor('10x@5x..20x', 'decline')).toEqual({
      value: 0.1,
      low: 0.05,
      high: 0.2,
    });
  });

  it('draws a price and a demand that are written alike apart', () => {
    const [price, demand] = [
      readYearlyFactor('2x..4x', 'decline'),
      readYearlyFactor('2x..4x', 'growth'),
    ];
    const isTogether = Array.from({ length: 20 }, (_, i) =>
      Math.abs((price?.draws?.[i] ?? 0) * (demand?.draws?.[i] ?? 0) - 1),
    ).every((distance) => distance < 1e-9);
    expect(isTogether).toBe(false);
  });

  it.each<[string, ChangeKind]>([
    ['', 'growth'],
    ['10', 'growth'],
    ['x', 'growth'],
    ['0x', 'growth'],
    ['-10x', 'growth'],
    ['+40%', 'decline'],
    ['100%', 'decline'],
    ['-100%', 'growth'],
    ['2x..50%', 'growth'],
    ['-40%..+20%', 'growth'],
    ['10x/fortnight', 'decline'],
    ['10x/0 years', 'decline'],
    ['10x/day', 'growth'],
    ['NaN%', 'growth'],
    ['1e99%', 'growth'],
    ['1..2..3x', 'growth'],
    ['5x@1x', 'growth'],
  ])('takes %j for no %s', (text, kind) => {
    expect(readYearlyFactor(text, kind)).toBeNull();
  });

  it('reads periods and amounts of them', () => {
    expect(readPeriodYears('18 months')).toBeCloseTo(1.5, 12);
    expect(readPeriodYears('273 days')).toBeCloseTo(273 / 365, 12);
    expect(readPeriodYears('0 days')).toBeNull();
    // $700,000 a day, and $8.7B in the first 273 days of a year, which is $31,868,131.87 a day
    expect(readYearlyAmount('700000/day')?.value).toBeCloseTo(255.5e6, 3);
    const yearly = readYearlyAmount('8.7e9/273 days')?.value ?? 0;
    expect(yearly / 1e9).toBeCloseTo(11.632, 3);
    expect(yearly / 365).toBeCloseTo(31_868_131.87, 2);
    expect(readYearlyAmount('8.7e9/three days')).toBeNull();
  });
});

describe('published declines and growths', () => {
  it.each([
    // as said, times cheaper a year, percent a month
    ['280x in 2 years', 16.733201, 20.9257],
    ['10x/year', 10, 17.4596],
    ['10x in 3 years', 2.154435, 6.1958],
    ['1000x in 3 years', 10, 17.4596],
  ])('%s is %f times a year, %f %% a month', (text, times, percentAMonth) => {
    const factor = factorOf(text, 'decline');
    expect(1 / factor).toBeCloseTo(times, 6);
    expect(100 * (1 - monthlyFactor(factor))).toBeCloseTo(percentAMonth, 4);
  });

  it.each([
    ['11.5 to 37 billion', 11.5, 37, 3.217391, 221.7391, 25.5],
    ['1.55 to 2.67 %', 1.55, 2.67, 1.722581, 72.2581, 1.12],
    ['80 to 65 %', 80, 65, 0.8125, -18.75, -15],
    ['20 to 35 %', 20, 35, 1.75, 75, 15],
  ])('%s', (_, from, to, ratio, percent, difference) => {
    const change = changeBetween(from, to);
    expect(change.ratio).toBeCloseTo(ratio, 6);
    expect(100 * change.relative).toBeCloseTo(percent, 4);
    expect(change.difference).toBeCloseTo(difference, 10);
  });

  it.each([
    ['10x/year', 32.17],
    ['280x in 2 years', 53.84],
  ])(
    'a bill of 11.5 that became 37 at prices %s cheaper has %f times the volume',
    (text, times) => {
      const inputs = {
        fromUsdPerYear: exact(11.5e9),
        toUsdPerYear: exact(37e9),
        otherFactorPerYear: readYearlyFactor(text, 'decline') as Known,
      };
      expect(impliedFactor(inputs, 1).value).toBeCloseTo(times, 2);
      expect(impliedFactor({ ...inputs, toUsdPerYear: unknown('no bill') }, 1)).toMatchObject({
        value: null,
        reason: 'no bill',
      });
    },
  );

  it.each([
    // USD per million in and out, out to in, blended 3:1: list prices of 2024 and 2025
    [0.075, 0.3, 4, 0.13125],
    [0.06, 0.06, 1, 0.06],
    [0.55, 2.19, 3.981818, 0.96],
    [3, 15, 5, 6],
    [2.5, 10, 4, 4.375],
    [5, 15, 3, 7.5],
  ])('%f in and %f out are %f to one and %f blended', (input, output, ratio, blended) => {
    const results = posted(input, output, 3, 1);
    expect(results.outputToInput.value).toBeCloseTo(ratio, 6);
    expect(results.blendedUsdPerMtok.value).toBeCloseTo(blended, 10);
  });

  it.each([
    // a million users of 10,000 tokens a day: all at $15, or 3:1 at 5/15 and at 3/15
    [5, 15, 0, 1, 150_000],
    [5, 15, 3, 1, 75_000],
    [3, 15, 3, 1, 60_000],
  ])('10 billion tokens a day at %f and %f, %d:%d, are $%d a day', (input, output, i, o, usd) => {
    const { spendUsdPerYear } = posted(input, output, i, o);
    expect((spendUsdPerYear.value ?? 0) / 365).toBeCloseTo(usd, 6);
  });

  function posted(input: number, output: number, blendInput: number, blendOutput: number) {
    return postedSpend({
      inputUsdPerMtok: exact(input),
      outputUsdPerMtok: exact(output),
      blendInput: exact(blendInput),
      blendOutput: exact(blendOutput),
      mtokPerYear: exact(10_000 * 365),
    });
  }
});

const tenfold = {
  spendUsdPerYear: exact(1e6),
  priceFactorPerYear: exact(0.1),
  volumeFactorPerYear: exact(4),
};

describe('spend over time', () => {
  it('falls by 60 % where prices fall tenfold and demand grows by 300 %', () => {
    const { points, ...result } = scenarioOf(tenfold, [0, 1, 2, 3]);
    expect(result.spendFactorPerYear.value).toBeCloseTo(0.4, 12);
    expect(result.flatSpendGrowth.value).toBeCloseTo(9, 12);
    expect(points.map(({ spendUsdPerYear }) => Math.round(spendUsdPerYear.value ?? 0))).toEqual([
      1_000_000, 400_000, 160_000, 64_000,
    ]);
    expect(judgeClaim('rises', result.spendFactorPerYear)).toBe('contradicts');
    expect(judgeClaim('falls', result.spendFactorPerYear)).toBe('agrees');
  });

  it('agrees with its steps added up, and its parts with the change', () => {
    const factor = fc.double({ min: 0.05, max: 20, noNaN: true });
    fc.assert(
      fc.property(factor, factor, fc.integer({ min: 1, max: 5 }), (price, volume, years) => {
        const inputs = {
          spendUsdPerYear: exact(1000),
          priceFactorPerYear: exact(price),
          volumeFactorPerYear: exact(volume),
        };
        const { points, changeUsd, priceUsd, volumeUsd } = scenarioOf(inputs, [0, years]);
        const steps = 2000;
        let total = 0;
        for (let i = 0; i < steps; i++) {
          total += ((1000 * years) / steps) * (price * volume) ** (((i + 0.5) * years) / steps);
        }
        expect((points[1]?.totalUsd.value ?? 0) / total).toBeCloseTo(1, 3);
        const sum = (priceUsd.value ?? 0) + (volumeUsd.value ?? 0);
        const size = Math.abs(priceUsd.value ?? 0) + Math.abs(volumeUsd.value ?? 0) + 1000;
        expect(Math.abs(sum - (changeUsd.value ?? 0)) / size).toBeLessThan(1e-9);
      }),
      { numRuns: 50 },
    );
  });

  it('is flat at the growth that it calls flat', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 2, noNaN: true }), (price) => {
        const inputs = { ...tenfold, priceFactorPerYear: exact(price) };
        const growth = scenarioOf(inputs, [1]).flatSpendGrowth.value ?? Number.NaN;
        const flat = scenarioOf({ ...inputs, volumeFactorPerYear: exact(1 + growth) }, [1, 7]);
        expect(flat.points[1]?.spendUsdPerYear.value).toBeCloseTo(1e6, 3);
        expect(judgeClaim('rises', flat.spendFactorPerYear)).toBe('contradicts');
        expect(judgeClaim('falls', flat.spendFactorPerYear)).toBe('contradicts');
      }),
    );
  });

  it('leaves a claim open that the ranges leave open, and passes on what is unknown', () => {
    const open = {
      ...tenfold,
      volumeFactorPerYear: readYearlyFactor('500%..1500%', 'growth') as Known,
    };
    const { spendFactorPerYear, points } = scenarioOf(open, [0, 1]);
    expect(spendFactorPerYear.low).toBeCloseTo(0.6, 10);
    expect(spendFactorPerYear.high).toBeCloseTo(1.6, 10);
    expect(judgeClaim('rises', spendFactorPerYear)).toBe('undecided');
    expect(points[0]?.spendUsdPerYear).toEqual(exact(1e6));
    const nothing = scenarioOf({ ...tenfold, priceFactorPerYear: unknown('no price') }, [1]);
    expect(nothing.points[0]?.spendUsdPerYear).toMatchObject({ value: null, reason: 'no price' });
    expect(nothing.points[0]?.volumeFactor.value).toBe(4);
  });

  it('shows huge sums with intervals within 100 columns', () => {
    const inputs = {
      spendUsdPerYear: readYearlyAmount('30e9..60e9') as Known,
      priceFactorPerYear: readYearlyFactor('2x..3x', 'decline') as Known,
      volumeFactorPerYear: readYearlyFactor('200%..400%', 'growth') as Known,
    };
    const result = scenarioOf(inputs, [0, 1, 2, 3]);
    const scenario = { name: 'long '.repeat(12), inputs, result, verdict: 'agrees' as const };
    const shown = {
      unit: 'year' as const,
      claim: 'rises' as const,
      posted: null,
      implied: null,
      seed: 0,
    };
    for (const scenarios of [[scenario], [scenario, scenario]]) {
      const text = renderScenarios({ ...shown, scenarios }, true);
      expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
      expect(text).toContain('agrees');
    }
  });

  it('says that a change is of a year at the end against one at the start, not of each year', () => {
    const result = scenarioOf(tenfold, [0, 3]);
    const scenario = { name: 's', inputs: tenfold, result, verdict: null };
    const text = renderScenarios(
      { unit: 'year', claim: null, posted: null, implied: null, seed: 0, scenarios: [scenario] },
      false,
    );
    expect(text).toContain('After 3 years USD/year is $936,000 less than at the start');
    expect(text).toContain('prices make -$2,352,113 of it');
  });
});

describe('a file of scenarios', () => {
  const file = (...lines: string[]) => lines.join('\n');

  it('is read with what holds for all', () => {
    const { horizonYears, scenarios } = readScenarios(
      file(
        'spend: 80000/month',
        'over: 18 months',
        'scenarios:',
        '  - { name: steep, priceDecline: 10x/year, demandGrowth: +300%/year }',
        '  - { name: own, spend: 5, priceDecline: -40%, demandGrowth: 1x }',
      ),
      's.yaml',
    );
    expect(horizonYears).toBeCloseTo(1.5, 12);
    expect(scenarios.map(({ spendUsdPerYear }) => spendUsdPerYear.value)).toEqual([960_000, 5]);
    expect(scenarios[1]?.priceFactorPerYear.value).toBeCloseTo(0.6, 12);
  });

  it.each([
    [
      'no spend',
      ['scenarios:', '  - { name: a, priceDecline: 2x, demandGrowth: 2x }'],
      /s\.yaml:2: scenarios\[0\]\.spend: expected a spend/,
    ],
    [
      'a change without a unit',
      ['spend: 5', 'scenarios:', '  - name: a', '    priceDecline: "10"', '    demandGrowth: 2x'],
      /s\.yaml:4: scenarios\[0\]\.priceDecline: expected a change: 10x\/year/,
    ],
    ['a negative spend', ['spend: -5', 'scenarios: []'], /s\.yaml:1: spend: expected USD above 0/],
    [
      'an unknown field',
      ['spend: 5', 'scenarios:', '  - { name: a, priceDecline: 2x, demandGrowth: 2x, growth: 2 }'],
      /s\.yaml:3: .*growth/,
    ],
    [
      'a name twice',
      [
        'spend: 5',
        'scenarios:',
        '  - { name: a, priceDecline: 2x, demandGrowth: 2x }',
        '  - { name: a, priceDecline: 2x, demandGrowth: 2x }',
      ],
      /s\.yaml:4: scenarios\[1\]\.name: expected a name that no scenario before has/,
    ],
  ])('is refused with its line for %s', (_, lines, message) => {
    expect(() => readScenarios(file(...lines), 's.yaml')).toThrow(message);
  });
});

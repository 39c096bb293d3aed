import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { budgetResult, isOverBy } from '../../src/economics/scenario/budget.ts';
import { readBudget } from '../../src/economics/scenario/budget-file.ts';
import { bandOf, totalVariance, varianceOf } from '../../src/economics/scenario/budget-variance.ts';
import { skippedPeriods } from '../../src/economics/scenario/period-names.ts';
import {
  alertedSince,
  budgetStatus,
  runRateForecast,
  trendForecast,
} from '../../src/economics/scenario/spend-forecast.ts';
import { renderBudget } from '../../src/report/cost/budget-text.ts';

describe('the variance of a period', () => {
  const line = { name: '', budgetUnits: null, actualUnits: null };

  it('is price, volume and mix, worked by hand', () => {
    // 1,000 units at $1 and 300 at $10 budgeted; 1,100 at $1 and 390 for $4,050 bought
    const { usd, share, parts } = varianceOf([
      { name: 'small', budgetUsd: 1000, actualUsd: 1100, budgetUnits: 1000, actualUnits: 1100 },
      { name: 'large', budgetUsd: 3000, actualUsd: 4050, budgetUnits: 300, actualUnits: 390 },
    ]);
    expect(usd).toBe(1150);
    expect(share).toBeCloseTo(0.2875, 12);
    expect(parts.priceUsd).toBeCloseTo(150, 9);
    expect(parts.volumeUsd).toBeCloseTo((190 * 4000) / 1300, 9);
    expect(parts.mixUsd).toBeCloseTo(100 + 900 - (190 * 4000) / 1300, 9);
    expect(parts.otherUsd).toBeCloseTo(0, 9);
  });

  it('is price where only prices differ, volume where all units grow alike, mix where they move', () => {
    const one = (actualUsd: number, actualUnits: number) =>
      varianceOf([{ name: '', budgetUsd: 100, actualUsd, budgetUnits: 10, actualUnits }]).parts;
    expect(one(130, 10)).toEqual({ priceUsd: 30, volumeUsd: 0, mixUsd: 0, otherUsd: 0 });
    expect(one(130, 13)).toEqual({ priceUsd: 0, volumeUsd: 30, mixUsd: 0, otherUsd: 0 });
    const moved = varianceOf([
      { name: 'a', budgetUsd: 10, actualUsd: 5, budgetUnits: 10, actualUnits: 5 },
      { name: 'b', budgetUsd: 90, actualUsd: 135, budgetUnits: 10, actualUnits: 15 },
    ]).parts;
    expect(moved).toEqual({ priceUsd: 0, volumeUsd: 0, mixUsd: 40, otherUsd: 0 });
  });

  it('leaves what has no units or no budget apart', () => {
    const { parts, share } = varianceOf([
      { ...line, name: 'fees', budgetUsd: 0, actualUsd: 7 },
      { name: 'new', budgetUsd: 0, actualUsd: 5, budgetUnits: 0, actualUnits: 3 },
    ]);
    expect(parts).toEqual({ priceUsd: 0, volumeUsd: 0, mixUsd: 0, otherUsd: 12 });
    expect(share).toBeNull();
  });

  it('is the sum of its parts, in a period and in all', () => {
    const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
    const lines = fc.array(
      fc.record({
        name: fc.constant(''),
        budgetUsd: amount,
        actualUsd: amount,
        budgetUnits: fc.option(fc.double({ min: 0.1, max: 1e6, noNaN: true })),
        actualUnits: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 4 }), (periods) => {
        const variances = periods.map(varianceOf);
        for (const { usd, parts } of [...variances, totalVariance(variances)]) {
          const all = Object.values(parts);
          const size = 1 + all.reduce((sum, part) => sum + Math.abs(part), 0);
          expect(Math.abs(all.reduce((sum, part) => sum + part, 0) - usd) / size).toBeLessThan(
            1e-9,
          );
        }
        const reversed = totalVariance([...variances].reverse());
        expect(reversed.usd).toBeCloseTo(totalVariance(variances).usd, 3);
      }),
    );
  });

  it.each([
    [0, 'under 11 %'],
    [0.1099, 'under 11 %'],
    [-0.11, '11 to 25 %'],
    [0.25, '11 to 25 %'],
    [0.26, '25 to 50 %'],
    [-0.5, '50 % or more'],
    [3, '50 % or more'],
  ])('%f is in the band %s', (share, band) => {
    expect(bandOf(share)).toBe(band);
  });
});

describe('forecasts', () => {
  it('go on at the mean and along the line', () => {
    expect(runRateForecast([100, 200, 300], 2)).toMatchObject({ value: 1000 });
    expect(trendForecast([100, 200, 300, 400], 2)).toEqual({ value: 2100, low: null, high: null });
    expect(runRateForecast([100, 100, 100], 3)).toEqual({ value: 600, low: null, high: null });
    expect(runRateForecast([100, 300], 1)).toEqual({ value: 600, low: null, high: null });
    expect(runRateForecast([1, 2, 3], 0)).toEqual({ value: 6, low: null, high: null });
    expect(trendForecast([400, 300, 200, 100], 3).value).toBe(1000);
    expect(trendForecast([1, 2, 3], 2)).toMatchObject({ value: null });
    expect(runRateForecast([], 2)).toMatchObject({ value: null });
  });

  it.each([
    ['run rate', 0, runRateForecast],
    ['trend', 4, trendForecast],
  ] as const)(
    'hold the truth within the interval of the %s 95 times of 100',
    (_, slope, forecast) => {
      const runs = 4000;
      let held = 0;
      for (let run = 0; run < runs; run++) {
        const rng = new Rng('budget', run);
        const periods = Array.from({ length: 12 }, (_, i) => 100 + slope * i + 10 * rng.normal());
        const truth = periods.reduce((sum, period) => sum + period, 0);
        const { low, high } = forecast(periods.slice(0, 7), 5);
        if (low !== null && high !== null && low <= truth && truth <= high) held++;
      }
      expect(Math.abs(held / runs - 0.95)).toBeLessThan(0.012);
    },
  );

  it('never fall below what was spent', () => {
    expect(runRateForecast([1, 1000, 1], 1).low).toBe(1002);
  });

  it('say when a budget is in danger, and since when', () => {
    expect(budgetStatus([10, 10, 10], 1, 40)).toBe('within');
    expect(budgetStatus([10, 11, 12], 9, 125)).toBe('watch');
    expect(budgetStatus([10, 11, 12], 9, 90)).toBe('over');
    expect(budgetStatus([10, 11, 12], 9, 32)).toBe('spent');
    // twelve months of $10: the fourth, at $15, takes the mean above $10, and it stays there
    expect(alertedSince([10, 9, 10, 15, 12], 7, 120)).toBe(3);
    expect(alertedSince([12, 6, 10], 9, 120)).toBeNull();
  });
});

describe('a file of budgets', () => {
  const head = 'period,line,budget_usd,actual_usd,budget_units,actual_units';
  const read = (...rows: string[]) => readBudget([head, ...rows].join('\n'), 'b.csv', null);

  it('gives variances to date and where the year ends, whatever the order of its rows', () => {
    const rows = ['2026-03,,100,,,', '2026-01,,100,120,,', '2026-02,,100,140,,', '2026-04,,100,,,'];
    const result = budgetResult(read(...rows));
    expect(result.toDate).toMatchObject({ budgetUsd: 200, actualUsd: 260, usd: 60 });
    expect(result.budgetUsd).toBe(400);
    expect(result.forecast.runRateUsd.value).toBe(520);
    expect(result.forecast.budgetPaceUsd.value).toBe(520);
    expect(result).toMatchObject({ status: 'watch', alertedSince: '2026-01', usedUpIn: '2026-04' });
    expect(isOverBy(0.29, result)).toBe(true);
    expect(isOverBy(0.31, result)).toBe(false);
    expect(budgetResult(read(...rows.reverse()))).toEqual(result);
  });

  it('fails by the lower bound of the forecast, not by the forecast', () => {
    const month = (i: number, actual: string) => `2026-0${i},,${i < 4 ? 100 : 50},${actual},,`;
    const open = [4, 5, 6].map((i) => month(i, ''));
    const steady = budgetResult(read(month(1, '100'), month(2, '101'), month(3, '99'), ...open));
    expect(steady.forecast.runRateUsd.low).toBeGreaterThan(1.2 * steady.budgetUsd);
    expect(isOverBy(0.1, steady)).toBe(true);
    const wild = budgetResult(read(month(1, '40'), month(2, '160'), month(3, '100'), ...open));
    expect(wild.forecast.runRateUsd.value).toBe(600);
    expect(isOverBy(0.1, wild)).toBe(false);
  });

  it('may have one budget for all its periods', () => {
    const series = readBudget('period,actual_usd\n2026-01-01,10\n2026-01-02,12\n', 'b.csv', {
      usd: 310,
      periods: 31,
    });
    const result = budgetResult(series);
    expect(result).toMatchObject({ budgetUsd: 310, status: 'watch' });
    expect(result.open).toHaveLength(29);
    expect(result.forecast.runRateUsd.value).toBe(22 + 29 * 11);
    expect(() =>
      readBudget('period,actual_usd\n2026,1\n2027,1\n', 'b.csv', { usd: 1, periods: 1 }),
    ).toThrow('b.csv has 2 periods, the budget is for 1');
  });

  it.each([
    [['2026-13,,1,1,,'], 'b.csv:2: period must be as 2026'],
    [['January,,1,1,,'], 'b.csv:2: period must be as 2026'],
    [['2026-01,,-1,1,,'], 'b.csv:2: budget_usd must be a number of 0 or more, got "-1"'],
    [['2026-01,,,1,,'], 'b.csv:2: budget_usd is needed'],
    [['2026-01,,1,NaN,,'], 'b.csv:2: actual_usd must be a number'],
    [['2026-01,a,1,1,,', '2026-01,a,1,1,,'], 'b.csv:3: line is that of line 2 again'],
    [
      ['2026-01,a,1,1,,', '2026-01,b,1,,,'],
      'b.csv:3: actual_usd must be there for all lines of 2026-01',
    ],
    [['2026-01,,1,,,', '2026-02,,1,5,,'], 'b.csv:2: actual_usd is needed, since 2026-02 has one'],
    [
      ['2026-01,,1,1,,', '2026-02-01,,1,1,,'],
      'b.csv:3: period must be of the same length as 2026-01',
    ],
  ])('is refused with its line: %j', (rows, message) => {
    expect(() => read(...rows)).toThrow(message);
  });
});

it('shows budgets of billions within 100 columns', () => {
  const head = 'period,budget_usd,actual_usd,budget_units,actual_units';
  const rows = Array.from({ length: 9 }, (_, i) =>
    i < 6 ? `2026-0${i + 1},30e9,${30 + i}e9,1e6,11e5` : `2026-0${i + 1},30e9,,1e6,`,
  );
  const result = budgetResult(readBudget([head, ...rows].join('\n'), 'b.csv', null));
  const text = renderBudget(
    {
      title: 'long '.repeat(40),
      result,
      hasUnits: true,
      failOver: { share: 0.1, isOver: isOverBy(0.1, result) },
    },
    3,
  );
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(text).toContain('3 earlier periods not shown, but counted.');
});

describe('periods without a row', () => {
  it.each([
    [
      ['2025-11', '2026-02', '2026-03'],
      ['2025-12', '2026-01'],
    ],
    [['2025-Q3', '2026-Q1'], ['2025-Q4']],
    [['2024', '2026'], ['2025']],
    [
      ['2024-02-27', '2024-03-01'],
      ['2024-02-28', '2024-02-29'],
    ],
    [['2026-01-31', '2026-02-01', '3 of 30'], []],
    [['2026-01'], []],
  ])('of %j', (names, skipped) => {
    expect(skippedPeriods(names)).toEqual(skipped);
  });

  it('are named, since no mean and no forecast has them', () => {
    const rows = ['period,budget_usd,actual_usd', '2026-01,10,11', '2026-03,10,12', '2026-04,10,'];
    const result = budgetResult(readBudget(rows.join('\n'), 'b.csv', null));
    const text = renderBudget({ title: 'b.csv', result, hasUnits: false, failOver: null }, 24);
    expect(text).toContain('b.csv: $30.00 for 3 periods, 2 of them with actuals.');
    expect(text).toContain('No row for 2026-02: in no sum, mean or forecast.');
  });
});

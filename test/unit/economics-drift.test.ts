import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NoiseRecord } from '../../src/core/noise-record.ts';
import { Rng } from '../../src/core/rng.ts';
import { movingAverageDeviations } from '../../src/economics/drift/alarm-limits.ts';
import { isKnownPoint, readCostSeries } from '../../src/economics/drift/cost-series-file.ts';
import { type Drift, detectDrift } from '../../src/economics/drift/detect.ts';
import { cvOfFloor, cvOfInterval } from '../../src/economics/drift/noise.ts';
import { recordPoints, sameCell } from '../../src/economics/drift/record-points.ts';
import {
  type CostPoint,
  combinedCv,
  costCv,
  logTerms,
  sumTerms,
  usdPerUnitOf,
} from '../../src/economics/drift/unit-cost.ts';
import { renderDrift } from '../../src/report/cost/drift-text.ts';
import { gpuRecord } from '../support/sample-records.ts';

const options = { baselinePoints: 1, z: null, seed: 0 };

interface Figures {
  usdPerHour?: number;
  tokensPerSecond?: number;
  utilization?: number;
  tokensPerUnit?: number;
  cv?: number;
}

function point(day: number, figures: Figures = {}): CostPoint {
  const { usdPerHour = 2.85, tokensPerSecond = 2000, utilization = 1 } = figures;
  const { tokensPerUnit = 1e6, cv = 0.01 } = figures;
  return {
    at: `2026-01-${String(day + 1).padStart(2, '0')}`,
    source: `line ${day + 2}`,
    factors: {
      usdPerHour: { value: usdPerHour, cv: 0 },
      tokensPerSecond: { value: tokensPerSecond, cv },
      utilization: { value: utilization, cv: 0 },
      tokensPerUnit: { value: tokensPerUnit, cv: 0 },
    },
  };
}

function hasAlarm({ judged }: Drift): boolean {
  return judged.some(({ jump, slow }) => jump.isAlarm || slow.isAlarm);
}

describe('the cost of a unit and its noise', () => {
  it('is the price by the throughput', () => {
    expect(usdPerUnitOf(sumTerms(logTerms(point(0))))).toBeCloseTo(0.395833, 6);
    const busy = point(0, { utilization: 0.4, usdPerHour: 3 });
    expect(usdPerUnitOf(sumTerms(logTerms(busy)))).toBeCloseTo(1.041667, 6);
  });

  it('adds scatter in squares: 3 % and 10 % are 10.4403 %', () => {
    expect(100 * (combinedCv([0.03, 0.1]) ?? 0)).toBeCloseTo(10.4403, 4);
    expect(combinedCv([0.03, null])).toBeNull();
  });

  it('finds the scatter that an interval or a floor stands for', () => {
    expect(cvOfInterval(100 * Math.exp(-0.0196), 100 * Math.exp(0.0196))).toBeCloseTo(0.01, 5);
    const rng = new Rng('floor');
    const ratios = Array.from({ length: 20_000 }, () => 0.02 * (rng.normal() - rng.normal()));
    const floor = ratios.map(Math.abs).sort((a, b) => a - b)[19_000] ?? 0;
    expect(cvOfFloor(Math.expm1(floor))).toBeCloseTo(0.02, 3);
  });
});

describe('drift', () => {
  it('is an alarm beyond z standard deviations of the point and the baseline', () => {
    const z = 2;
    const limit = z * Math.hypot(0.03, 0.1);
    expect(limit).toBeCloseTo(2 * 0.104403, 6);
    const at = (log: number) => {
      const later = point(1, { cv: 0.1, tokensPerSecond: 2000 * Math.exp(-log) });
      const [judged] = detectDrift([point(0, { cv: 0.03 }), later], { ...options, z }).judged;
      return judged?.jump;
    };
    expect(at(limit)?.limit).toBeCloseTo(limit, 12);
    expect(at(limit + 1e-6)?.isAlarm).toBe(true);
    expect(at(limit - 1e-6)?.isAlarm).toBe(false);
    expect(at(-limit - 1e-6)?.isAlarm).toBe(true);
  });

  it('takes a change of exact figures for what it is, and rounding for none', () => {
    const exact = (tokensPerSecond: number, day: number) => point(day, { cv: 0, tokensPerSecond });
    expect(hasAlarm(detectDrift([exact(0.3, 0), exact(0.1 + 0.2, 1)], options))).toBe(false);
    expect(hasAlarm(detectDrift([exact(2000, 0), exact(2001, 1)], options))).toBe(true);
  });

  it.each([
    ['usdPerHour', { usdPerHour: 2.85 * 1.3 }],
    ['tokensPerSecond', { tokensPerSecond: 2000 / 1.3 }],
    ['utilization', { utilization: 0.8 / 1.3 }],
    ['tokensPerUnit', { tokensPerUnit: 1.3e6 }],
  ])('names %s as its cause', (factor, changed) => {
    const before = { utilization: 0.8 };
    const { judged } = detectDrift(
      [point(0, before), point(1, { ...before, ...changed })],
      options,
    );
    expect(judged[0]?.jump.cause).toBe(factor);
    expect(judged[0]?.jump.logChange).toBeCloseTo(Math.log(1.3), 12);
    expect(judged[0]?.jump.terms[factor as 'utilization']).toBeCloseTo(Math.log(1.3), 12);
  });

  it('is the sum of its factors, in every point and every average', () => {
    const positive = fc.double({ min: 0.01, max: 1e4, noNaN: true });
    const figures = fc.record({
      usdPerHour: positive,
      tokensPerSecond: positive,
      utilization: fc.double({ min: 0.01, max: 1, noNaN: true }),
      tokensPerUnit: positive,
    });
    fc.assert(
      fc.property(fc.array(figures, { minLength: 2, maxLength: 8 }), (all) => {
        const { judged, baselineUsdPerUnit } = detectDrift(
          all.map((one, day) => point(day, one)),
          options,
        );
        for (const { usdPerUnit, jump, slow } of judged) {
          expect(sumTerms(jump.terms)).toBeCloseTo(Math.log(usdPerUnit / baselineUsdPerUnit), 9);
          expect(sumTerms(slow.terms)).toBeCloseTo(slow.logChange, 9);
        }
        let average = 0;
        for (const { jump, slow } of judged) {
          average = 0.8 * average + 0.2 * jump.logChange;
          expect(slow.logChange).toBeCloseTo(average, 9);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('knows how far moving averages scatter', () => {
    const rng = new Rng('averages');
    const cvs = [0.01, 0.03, 0.02, 0.01];
    const baselineCv = 0.02;
    const expected = movingAverageDeviations(cvs, baselineCv);
    const squares = cvs.map(() => 0);
    const runs = 40_000;
    for (let run = 0; run < runs; run++) {
      const baseline = baselineCv * rng.normal();
      let average = 0;
      cvs.forEach((cv, i) => {
        average = 0.8 * average + 0.2 * (cv * rng.normal() - baseline);
        squares[i] = (squares[i] ?? 0) + average ** 2 / runs;
      });
    }
    squares.forEach((square, i) => {
      expect(Math.sqrt(square) / (expected[i] ?? 0)).toBeCloseTo(1, 1);
    });
  });
});

describe('simulated series', () => {
  /** Throughput that falls by `slope` a step and steps down by `step` at the middle, in noise of `cv`. */
  function simulate(
    run: number,
    truth: { cv: number; slope?: number; step?: number; points: number },
  ) {
    const { cv, slope = 0, step = 0, points } = truth;
    const rng = new Rng('drift-simulation', run);
    return Array.from({ length: points }, (_, i) => {
      const fall = slope * i + (i >= points / 2 ? step : 0);
      return point(i, { cv, tokensPerSecond: 2000 * Math.exp(cv * rng.normal() - fall) });
    });
  }

  const runs = 250;
  const shareOf = (test: (run: number) => boolean) =>
    Array.from({ length: runs }, (_, run) => run).filter(test).length / runs;

  it.each([
    [1, 6],
    [3, 25],
  ])(
    'set off a false alarm in at most 5 % of %d + %d points without drift',
    (baselinePoints, n) => {
      const share = shareOf((run) =>
        hasAlarm(
          detectDrift(simulate(run, { cv: 0.03, points: baselinePoints + n }), {
            ...options,
            baselinePoints,
          }),
        ),
      );
      // 5 % and two standard errors of so many runs; an alarm that never went off would be no use either
      expect(share).toBeLessThan(0.05 + 2 * Math.sqrt((0.05 * 0.95) / runs));
      expect(share).toBeGreaterThan(0.01);
    },
  );

  it('show a drift of 1 % a step within noise of 2 %', () => {
    const found = Array.from({ length: runs }, (_, run) => {
      const points = simulate(run, { cv: 0.02, slope: 0.01, points: 28 });
      const { judged } = detectDrift(points, { ...options, baselinePoints: 3 });
      const first = judged.findIndex(({ slow }) => slow.isAlarm);
      return { first, newest: judged.at(-1)?.slow };
    });
    const share =
      found.filter(({ newest }) => newest?.isAlarm && newest.logChange > 0).length / runs;
    expect(share).toBeGreaterThan(0.99);
    const byTwelve = found.filter(({ first }) => first >= 0 && first < 12).length / runs;
    expect(byTwelve).toBeGreaterThan(0.8);
    expect(found.every(({ newest }) => newest?.cause === 'tokensPerSecond')).toBe(true);
  });

  it('show by their average what no point shows', () => {
    const drifts = Array.from({ length: runs }, (_, run) =>
      detectDrift(simulate(run, { cv: 0.02, step: 0.04, points: 40 }), {
        ...options,
        baselinePoints: 10,
      }),
    );
    const newest = (kind: 'jump' | 'slow') =>
      drifts.filter(({ judged }) => judged.at(-1)?.[kind].isAlarm).length / runs;
    expect(newest('slow')).toBeGreaterThan(0.8);
    expect(newest('jump')).toBeLessThan(0.15);
  });
});

describe('a file of costs', () => {
  const rows = [
    'date,usd_per_hour,tokens_per_second,tokens_per_second_low,tokens_per_second_high,utilization,tokens_per_unit',
    '2026-02-01,2.85,2000,1900,2100,0.4,5000',
    '2026-01-01,3,2100,,,0.5,4000',
    '2026-03-01,,2000,1900,2100,0.4,5000',
  ];

  it('is read in the order of time, with the noise of each figure and what is unknown', () => {
    const { points, hasOwnUnit } = readCostSeries(rows.join('\n'), 'c.csv', 0.03);
    expect(points.map(({ at }) => at)).toEqual(['2026-01-01', '2026-02-01', '2026-03-01']);
    expect(hasOwnUnit).toBe(true);
    const [first, second, third] = points;
    const [a, b] = points.filter(isKnownPoint);
    expect([a, b]).toEqual([first, second]);
    expect(a && costCv(a)).toBe(0.03);
    expect(b && costCv(b)).toBeCloseTo(Math.log(2100 / 1900) / 3.92, 4);
    expect(third).toMatchObject({ reason: 'line 4 has no usd_per_hour' });
    const shuffled = [rows[0], rows[3], rows[2], rows[1]].join('\n');
    const sources = readCostSeries(shuffled, 'c.csv', 0.03).points.map(({ at }) => at);
    expect(sources).toEqual(points.map(({ at }) => at));
  });

  it('leaves the noise of a throughput unknown that nothing says', () => {
    const { points } = readCostSeries(
      'date,usd_per_hour,tokens_per_second\n2026-01-01,1,2\n',
      'c.csv',
      null,
    );
    expect(points.filter(isKnownPoint).map(costCv)).toEqual([null]);
  });

  const head =
    'date,usd_per_hour,tokens_per_second,utilization,tokens_per_second_cv,tokens_per_second_low,tokens_per_second_high';
  it.each([
    ['2026-02-30,1,2,1,,,', 'c.csv:2: date must be as 2026-01-31'],
    ['02/01/2026,1,2,1,,,', 'c.csv:2: date must be as 2026-01-31'],
    ['2026-02-01,-1,2,1,,,', 'c.csv:2: usd_per_hour must be a number of 0 or more, got "-1"'],
    ['2026-02-01,NaN,2,1,,,', 'c.csv:2: usd_per_hour must be a number'],
    ['2026-02-01,1,0,1,,,', 'c.csv:2: tokens_per_second must be above 0, got "0"'],
    ['2026-02-01,1,2,1.5,,,', 'c.csv:2: utilization must be a number from 0 to 1'],
    ['2026-02-01,1,2,1,0.1,1,3', 'c.csv:2: tokens_per_second_cv stands beside an interval'],
    ['2026-02-01,1,2,1,,1,', 'c.csv:2: tokens_per_second_high is needed'],
    ['2026-02-01,1,2,1,,0,3', 'c.csv:2: tokens_per_second_low must be above 0'],
    ['2026-02-01,1,2,1,,2.5,3', 'c.csv:2: tokens_per_second_low must be at most 2'],
    ['2026-02-01,1,2,1,,1,1.5', 'c.csv:2: tokens_per_second_high must be at least 2'],
    ['2026-02-01,1,2,1,,,\n2026-02-01,1,2,1,,,', 'c.csv:3: date is that of line 2 again'],
  ])('is refused with its line: %s', (row, message) => {
    expect(() => readCostSeries(`${head}\n${row}\n`, 'c.csv', null)).toThrow(message);
  });
});

describe('records of one cell', () => {
  const decode = (tokensPerSecond: number, half: number | null) => ({
    tokensPerSecond: {
      median: tokensPerSecond,
      low: half === null ? null : tokensPerSecond * (1 - half),
      high: half === null ? null : tokensPerSecond * (1 + half),
    },
    tpotMs: { p50: 10, p95: null, p99: null },
    runAhead: null,
  });
  const record = (id: string, day: number, changes: Partial<ReturnType<typeof gpuRecord>> = {}) =>
    gpuRecord({ id, createdAt: `2026-01-0${day}T00:00:00.000Z`, ...changes });
  const noise = {
    id: 'noise',
    createdAt: '2026-01-01T00:00:00.000Z',
    cell: gpuRecord().cell,
    device: gpuRecord().device,
    driver: 'unknown',
    floors: [
      {
        metric: 'decode',
        logRatios: [0.2, -0.1, 0.15, -0.2, 0.1, 0.05],
        launchFloor: 0.2,
        floor: 0.1,
      },
    ],
  } as unknown as NoiseRecord;
  const invalidRuns = new Set(['warm']);
  const plain = {
    phase: 'decode' as const,
    usdPerHour: null,
    throughputCv: null,
    noise: [],
    invalidRuns,
  };

  it('are those that measured the same, whatever the driver, oldest first', () => {
    const first = record('first', 1);
    const driver = record('driver', 3, {
      device: {
        name: 'Invented GPU 9000',
        vendor: 'nobody',
        kind: 'gpu',
        details: { driver: 'new' },
      },
    });
    const batch = record('batch', 2, {
      cell: { ...first.cell, workload: { ...first.cell.workload, batch: 2 } },
    });
    const found = sameCell(first, [driver, batch, first]);
    expect(found.map(({ id }) => id)).toEqual(['first', 'driver']);
  });

  it('cost what they were priced at, or at one price', () => {
    const one = record('one', 1, { decode: decode(100, 0.1) });
    const [recorded] = recordPoints([one], plain).filter(isKnownPoint);
    expect(recorded && usdPerUnitOf(sumTerms(logTerms(recorded)))).toBeCloseTo(10, 9);
    const [fixed] = recordPoints([one], { ...plain, usdPerHour: 7.2 }).filter(isKnownPoint);
    expect(fixed && usdPerUnitOf(sumTerms(logTerms(fixed)))).toBeCloseTo(20, 9);
    expect(recordPoints([record('free', 1, { cost: null })], plain)[0]).toMatchObject({
      reason: 'record free has no price; give one with --gpu-price',
    });
    expect(recordPoints([record('none', 1, { decode: null })], plain)[0]).toMatchObject({
      reason: 'record none measured no decode',
    });
    expect(recordPoints([record('changed', 1, { run: 'warm' })], plain)[0]).toMatchObject({
      reason: 'the session of record changed is invalid',
    });
  });

  it('scatter by their interval or by the A/A floor of the machine, whichever is more', () => {
    const own = cvOfInterval(90, 110);
    const cvs = (half: number | null, changes: { noise?: NoiseRecord[] }) =>
      recordPoints([record('r', 1, { decode: decode(100, half) })], { ...plain, ...changes })
        .filter(isKnownPoint)
        .map(costCv)[0];
    expect(cvs(0.1, {})).toBeCloseTo(own, 12);
    expect(cvs(0.3, { noise: [noise] })).toBeCloseTo(cvOfInterval(70, 130), 12);
    const floored = cvs(0.001, { noise: [noise] }) ?? 0;
    expect(floored).toBeGreaterThan(0.02);
    expect(cvs(null, { noise: [noise] })).toBe(floored);
    expect(cvs(null, {})).toBeNull();
  });
});

it('shows drift within 100 columns, with the product that names the cause', () => {
  const points = Array.from({ length: 30 }, (_, day) =>
    point(day, day > 20 ? { usdPerHour: 3.4, tokensPerSecond: 1500 } : {}),
  );
  const text = renderDrift(
    {
      title: `${'a long name '.repeat(12)}\u001b[31m`,
      unit: 'Mtok',
      drift: detectDrift(points, options),
      unjudged: [{ at: '2026-02-01', source: 'line 9', reason: 'line 9 has no usd_per_hour' }],
      hasGivenZ: false,
      seed: 0,
    },
    10,
  );
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(text).not.toContain('\u001b');
  expect(text).toContain('19 earlier points not shown.');
  expect(text.replaceAll('\n', ' ')).toContain(
    'price x 1.19, throughput x 1.33, utilisation x 1.00, tokens per unit x 1.00; together x 1.59',
  );
});

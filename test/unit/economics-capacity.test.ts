import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerCurve, type CurveQuestion } from '../../src/economics/capacity/curve-answer.ts';
import { curveAt, loadCost, loadCostOf } from '../../src/economics/capacity/load-cost.ts';
import type { LoadCurve } from '../../src/economics/capacity/load-curve.ts';
import { judgePoint, type Slo } from '../../src/economics/capacity/slo.ts';
import { sloCapacity } from '../../src/economics/capacity/slo-capacity.ts';
import { exact, isKnown } from '../../src/economics/quantity.ts';
import { curveOf, failureOf, measuredCurve, sloOf } from '../support/load-curves.ts';

const ask = (curve: LoadCurve, slo: Slo, changes: Partial<CurveQuestion> = {}) =>
  answerCurve(curve, {
    slo,
    isContiguous: false,
    loads: [],
    shapes: [],
    policy: { minReplicas: 1, targetLoad: 1, coldStartSeconds: 0, scaleDownDelaySeconds: 0 },
    sharedUsdPerHour: exact(0),
    seed: 0,
    ...changes,
  });

/** Load and USD per million output tokens of the answer. */
function answerOf(curve: LoadCurve, slo: Slo, changes: Partial<CurveQuestion> = {}) {
  const { best, points } = ask(curve, slo, changes);
  const place = best === null ? undefined : points[best];
  return place && [place.point.load, place.costs.allOnOutputUsdPerMtok.value];
}

describe('a measured load curve', () => {
  const curve = measuredCurve('C2');

  // Recomputed by hand from the table: 6.98e6 / (3600 × tokens per second)
  it.each([
    ['no SLO', sloOf(), 200, 0.237753],
    ['TTFT p99 <= 500 ms', sloOf({ 'ttft-p99': 500 }), 50, 0.255241],
    ['TTFT p99 <= 200 ms', sloOf({ 'ttft-p99': 200 }), 25, 0.336994],
  ])('costs, with %s, what its largest passing load costs', (_, slo, load, usdPerMtok) => {
    const [foundLoad, cost] = answerOf(curve, slo) ?? [];
    expect(foundLoad).toBe(load);
    expect(cost).toBeCloseTo(usdPerMtok, 6);
  });

  it('costs 1.417415 times as much within 200 ms, and 31.932597 times near idle', () => {
    const { sloPenalty, lowestLoadPenalty } = ask(curve, sloOf({ 'ttft-p99': 200 }));
    expect(sloPenalty.value).toBeCloseTo(1.417415, 6);
    expect(lowestLoadPenalty.value).toBeCloseTo(31.932597, 6);
  });

  it('is flagged where 5 requests/s fail (580 ms) and 10 pass', () => {
    const slo = sloOf({ 'ttft-p99': 500 });
    const { judgements, best, contiguous, flags } = sloCapacity(curve, slo);
    expect(judgements.map(({ outcome }) => outcome)).toEqual([
      ...['passes', 'fails', 'passes', 'passes', 'passes', 'fails', 'fails'],
    ]);
    expect([best, contiguous]).toEqual([4, 0]);
    expect(flags.map(({ code }) => code)).toEqual(['non-monotone', 'backlog']);
    expect(flags[0]?.message).toMatch(/^Load 5 is not within the SLO although 50 is/);
    expect(answerOf(curve, slo, { isContiguous: true })?.[0]).toBe(1);
  });

  it('is not flagged where all that fails lies above', () => {
    const { flags, contiguous, best } = sloCapacity(curve, sloOf({ 'ttft-p99': 600 }));
    expect(flags.map(({ code }) => code)).toEqual(['backlog']);
    expect(best).toBe(contiguous);
  });

  it('is infeasible, never cheap, where no load passes', () => {
    const { best, sloPenalty, traffic, flags } = ask(curve, sloOf({ 'ttft-p99': 1 }));
    expect([best, sloPenalty.value, traffic]).toEqual([null, null, []]);
    expect(flags.map(({ code }) => code)).toEqual(['infeasible']);
  });

  it('stops at loads that serve what is offered', () => {
    expect(answerOf(curve, sloOf({}, { minServedShare: 0.95 }))?.[0]).toBe(10);
  });

  it('says when the highest load passes', () => {
    const { flags } = sloCapacity(curve, sloOf({ 'ttft-p99': 10_000 }));
    expect(flags.map(({ code }) => code)).toContain('clamped');
  });

  it('takes utilisation from what is served at the capacity', () => {
    const { points } = ask(curve, sloOf({ 'ttft-p99': 500 }));
    // 255.38 / 7596.29; nvidia-smi said 71.9 % at this load and 58.0 % at the capacity
    expect(points[0]?.utilization).toBeCloseTo(0.03362, 6);
    expect(points[4]?.utilization).toBe(1);
    expect(points[5]?.utilization).toBeNull();
    const [saturated, nearIdle] = [points[4], points[0]].map(
      (point) => point?.costs.allOnOutputUsdPerMtok.value ?? 0,
    );
    // C(u) = C_sat / u
    expect(nearIdle).toBeCloseTo((saturated ?? 0) / (points[0]?.utilization ?? 0), 9);
  });

  it('pays two GPUs once where the price is that of both', () => {
    const two = measuredCurve('C5');
    expect([two.gpus, two.usdPerHour.value]).toEqual([2, 13.96]);
    // the first row's own c_eff_per_mtok, load 1
    expect(ask(two, sloOf()).points[0]?.costs.allOnOutputUsdPerMtok.value).toBeCloseTo(15.25, 1);
    expect(two.notes.join()).toContain('13.96 USD an hour, not 2 × 13.96');
    expect(two.notes.join()).toContain('7 rows recomputed: all within 0.1 %');
    const doubled = measuredCurve('C5', { priceBasis: 'per-gpu' });
    expect(doubled.usdPerHour.value).toBe(27.92);
    expect(doubled.notes.join()).toContain("2.000 × the file's");
    expect(measuredCurve('C5', { gpuPrice: exact(3) }).usdPerHour.value).toBe(6);
  });
});

describe('the cost at a load', () => {
  const oneToFour = curveOf([
    'offered_rps,output_tps,input_tps,achieved_rps,usd_per_gpu_hour,ttft_p99_ms',
    '10,1000,4000,10,2.85,100',
    '20,4000,16000,20,2.85,100',
  ]);

  it('comes from interpolated throughput, not from interpolated cost', () => {
    const { rates, where } = curveAt(oneToFour, 15);
    const { allOnOutputUsdPerMtok: derived } = loadCostOf(oneToFour, rates);
    expect(where).toBe('between');
    expect(rates.outputTps.value).toBe(2500);
    expect(derived.value).toBeCloseTo(0.316667, 6);
    // what a line between the two costs would say
    const splined = (2.85e6 / 3600 / 1000 + 2.85e6 / 3600 / 4000) / 2;
    expect(splined).toBeCloseTo(0.494792, 6);
    expect(splined / (derived.value ?? 0)).toBeCloseTo(1.5625, 9);
  });

  it('pays the whole bill in each view', () => {
    const costs = loadCost({
      ...{ usdPerHour: 2.85, outputTps: 1000, inputTps: 4000, requestsPerSecond: 10 },
    });
    expect(costs.usdPerRequest * 10 * 3600).toBeCloseTo(2.85, 12);
    expect(costs.allOnOutputUsdPerMtok * 1000 * 3600).toBeCloseTo(2.85e6, 6);
    expect(costs.allOnTotalUsdPerMtok * 5000 * 3600).toBeCloseTo(2.85e6, 6);
  });

  it.each([
    [5, 'below', 'below the lowest measured load, 10'],
    [21, 'above', 'above the highest measured load, 20'],
  ])('is unknown at %d requests/s', (load, where, reason) => {
    const [answer] = ask(oneToFour, sloOf({ 'ttft-p99': 500 }), { loads: [load] }).loads;
    expect(answer?.at.where).toBe(where);
    expect(answer?.outcome).toBe('unknown');
    expect(answer?.costs.allOnOutputUsdPerMtok).toMatchObject({
      value: null,
      reason: expect.stringContaining(reason),
    });
  });

  it('passes between points only where both do', () => {
    const { loads } = ask(measuredCurve('C2'), sloOf({ 'ttft-p99': 500 }), {
      loads: [3, 30, 70, 150],
    });
    expect(loads.map(({ outcome }) => outcome)).toEqual(['unknown', 'passes', 'unknown', 'fails']);
  });

  it('lies between its neighbours, doubles with the price and is unknown without one', () => {
    const arbitrary = fc.array(
      fc.record({
        step: fc.double({ min: 0.01, max: 50, noNaN: true }),
        tps: fc.double({ min: 1, max: 1e6, noNaN: true }),
      }),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(arbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (steps, place) => {
        let load = 0;
        const rows = steps.map(({ step, tps }) => {
          load += step;
          return `${load},${tps}`;
        });
        const curve = curveOf(['rps,output_tps', ...rows], { gpuPrice: exact(2) });
        const [first, last] = [curve.points[0]?.load ?? 0, curve.points.at(-1)?.load ?? 0];
        const at = curveAt(curve, Math.min(last, first + place * (last - first)));
        const ends = [at.lower, at.upper].map((i) => curve.points[i ?? -1]?.outputTps.value ?? 0);
        const tps = at.rates.outputTps.value ?? 0;
        expect(tps).toBeGreaterThanOrEqual(Math.min(...ends) * (1 - 1e-12));
        expect(tps).toBeLessThanOrEqual(Math.max(...ends) * (1 + 1e-12));
        const cost = (usdPerHour: LoadCurve['usdPerHour']) =>
          loadCostOf({ usdPerHour }, at.rates).allOnOutputUsdPerMtok.value;
        const once = cost(curve.usdPerHour) ?? 0;
        expect(once).toBeCloseTo(2e6 / 3600 / tps, 9);
        expect((cost({ ...exact(4) } as LoadCurve['usdPerHour']) ?? 0) / once).toBeCloseTo(2, 9);
        const free = curveOf(['rps,output_tps', ...rows]);
        expect(isKnown(loadCostOf(free, at.rates).allOnOutputUsdPerMtok)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('repeated runs of one load', () => {
  const lines = [
    'rps,output_tps,ttft_p99_ms,gpu_price',
    ...['10,980,90,3', '10,1000,120,3', '10,1020,96,3', '20,1500,400,3'],
  ];
  const curve = curveOf(lines);

  it('give an interval, which the cost inverts', () => {
    const [point, single] = curve.points;
    expect(curve.points.map(({ runs }) => runs)).toEqual([3, 1]);
    expect(point?.outputTps.value).toBeCloseTo((980 * 1000 * 1020) ** (1 / 3), 9);
    expect(single?.outputTps.low).toBeNull();
    const { value, low, high } = ask(curve, sloOf()).points[0]?.costs.allOnOutputUsdPerMtok ?? {};
    expect(value).toBeCloseTo(3e6 / 3600 / (point?.outputTps.value ?? 0), 12);
    expect(low).toBeCloseTo(3e6 / 3600 / (point?.outputTps.high ?? 0), 12);
    expect(high).toBeCloseTo(3e6 / 3600 / (point?.outputTps.low ?? 0), 12);
  });

  it('have the t interval of their logarithms', () => {
    // log 0.98, 0, log 1.02: sd 0.020003, 4.3027 × sd / √3 = 0.049690 about the mean -0.000133
    const { low, high } = curve.points[0]?.outputTps ?? {};
    expect(low).toBeCloseTo(1000 * Math.exp(-0.000133 - 0.04969), 1);
    expect(high).toBeCloseTo(1000 * Math.exp(-0.000133 + 0.04969), 1);
  });

  it('leave an SLO open where the interval crosses its limit', () => {
    const { flags } = sloCapacity(curveOf(lines.slice(0, -1)), sloOf({ 'ttft-p99': 110 }));
    expect(flags.map(({ code }) => code)).toContain('uncertain');
  });

  it('say the same in any order', () => {
    const [heading = '', ...rows] = lines;
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: 4, maxLength: 4 }), (shuffled) => {
        const { points } = curveOf([heading, ...shuffled]);
        points.forEach((point, i) => {
          expect(point.load).toBe(curve.points[i]?.load);
          expect(point.outputTps.value).toBeCloseTo(curve.points[i]?.outputTps.value ?? 0, 9);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe('an SLO', () => {
  const curve = curveOf([
    'rps,output_tps,ttft_p99_ms,error_rate_pct,gpu_price',
    ...['1,100,50,0,3', '2,200,,0.5,3', '3,300,60,2,3'],
  ]);

  it('is not met by what was not measured', () => {
    const slo = sloOf({ 'ttft-p99': 100 });
    const judged = curve.points.map((point) => judgePoint(curve, point, slo).outcome);
    expect(judged).toEqual(['passes', 'unknown', 'passes']);
    expect(sloCapacity(curve, slo).flags.map(({ code }) => code)).toContain('not-judged');
  });

  it('bounds the error rate, given in percent or as a share', () => {
    expect(answerOf(curve, sloOf({}, { maxErrorShare: 0.01 }))?.[0]).toBe(2);
    expect(answerOf(curve, sloOf({}, { maxErrorShare: 0.02 }))?.[0]).toBe(3);
  });

  it('names what the curve has instead of what it lacks', () => {
    const failure = (slo: Slo) => failureOf(() => ask(curve, slo));
    expect(failure(sloOf({ 'e2e-p99': 1 }))).toContain('no E2E p99 to hold against --slo-e2e-p99');
    expect(failure(sloOf({ 'e2e-p99': 1 }))).toContain('It has TTFT p99.');
    expect(failure(sloOf({}, { minServedShare: 0.9 }))).toContain('--min-served');
    const noErrors = curveOf(['rps,output_tps', '1,100']);
    expect(failureOf(() => ask(noErrors, sloOf({}, { maxErrorShare: 0 })))).toContain('error_rate');
  });
});

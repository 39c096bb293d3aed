import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledgerFigures, ledgerOf } from '../../src/economics/capacity/ledger.ts';
import { readTraffic } from '../../src/economics/capacity/read-traffic.ts';
import {
  neededReplicas,
  type ReplicaPolicy,
  runReplicas,
} from '../../src/economics/capacity/replicas.ts';
import { type TrafficShape, trafficVolume } from '../../src/economics/capacity/traffic.ts';
import { between, exact, unknown } from '../../src/economics/quantity.ts';
import { failureOf } from '../support/load-curves.ts';

const hourly = (rates: readonly number[], isRepeating = true): TrafficShape => ({
  name: 'shape',
  intervals: rates.map((requestsPerSecond) => ({ seconds: 3600, requestsPerSecond })),
  isRepeating,
});

const plain: ReplicaPolicy = {
  minReplicas: 0,
  targetLoad: 1,
  coldStartSeconds: 0,
  scaleDownDelaySeconds: 0,
};

const inputs = {
  usdPerHour: 6,
  capacityRequestsPerSecond: 10,
  outputTokensPerRequest: 200,
  sharedUsdPerHour: 0,
};

describe('replicas', () => {
  it.each([
    [0, 10, 1, 0],
    [10, 10, 1, 1],
    [10.01, 10, 1, 2],
    [10, 10, 0.8, 2],
    [0.3 * 3, 0.3, 1, 3], // 0.8999999999999999 / 0.3
    [1.1 * 3, 1.1, 1, 3], // 3.3000000000000003 / 1.1
  ])('for %f requests/s at %f each, loaded to %f: %d', (rate, capacity, target, replicas) => {
    expect(neededReplicas(rate, capacity, target)).toBe(replicas);
  });

  /** Second by second and replica by replica, looking ahead and back over a few periods: no formula. */
  function simulate(needs: readonly number[], policy: ReplicaPolicy, isRepeating: boolean) {
    const { minReplicas: min, coldStartSeconds: cold, scaleDownDelaySeconds: delay } = policy;
    const [length, margin] = [needs.length, cold + delay + 2];
    const needAt = (t: number) =>
      isRepeating ? (needs[((t % length) + length) % length] ?? 0) : (needs[t] ?? 0);
    const sums = { paid: 0, needed: 0, kept: 0, minimum: 0, loading: 0 };
    const most = Math.max(min, ...needs);
    for (let k = 1; k <= most; k++) {
      const isNeeded = (t: number) => needAt(t) >= k;
      const [from, to] = isRepeating ? [0, length] : [-margin, length + margin];
      const distance = (t: number, step: 1 | -1) => {
        for (let d = 1; d <= 2 * length + margin; d++) if (isNeeded(t + step * d)) return d;
        return Number.POSITIVE_INFINITY;
      };
      for (let t = from; t < to; t++) {
        const inside = isRepeating || (t >= 0 && t < length);
        if (k <= min) {
          if (inside) {
            sums.paid++;
            sums[isNeeded(t) ? 'needed' : 'minimum']++;
          } else if (t < 0 && t >= -cold) {
            sums.paid++;
            sums.loading++;
          }
          continue;
        }
        const [since, until] = [distance(t, -1), distance(t, 1)];
        const gap = since + until - 1;
        if (isNeeded(t)) sums.needed++;
        else if (since <= delay || gap <= delay + cold) sums.kept++;
        else if (until <= cold) sums.loading++;
        else continue;
        sums.paid++;
      }
    }
    return sums;
  }

  it('run as a simulation of each second runs them', () => {
    const policies = fc.record({
      minReplicas: fc.integer({ min: 0, max: 3 }),
      targetLoad: fc.constantFrom(1, 0.5),
      coldStartSeconds: fc.integer({ min: 0, max: 6 }),
      scaleDownDelaySeconds: fc.integer({ min: 0, max: 6 }),
    });
    const shapes = fc.array(
      fc.record({
        seconds: fc.integer({ min: 1, max: 9 }),
        requestsPerSecond: fc.integer({ min: 0, max: 6 }),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(shapes, policies, fc.boolean(), (intervals, policy, isRepeating) => {
        fc.pre(intervals.some(({ requestsPerSecond }) => requestsPerSecond > 0));
        const needs = intervals.flatMap(({ seconds, requestsPerSecond }) =>
          Array.from({ length: seconds }, () =>
            Math.ceil(requestsPerSecond / (2 * policy.targetLoad)),
          ),
        );
        const run = runReplicas({ name: 'x', intervals, isRepeating }, 2, policy);
        const { starts, peak, ...seconds } = run;
        expect(seconds).toEqual(simulate(needs, policy, isRepeating));
        expect(peak).toBe(Math.max(policy.minReplicas, ...needs));
        expect(starts * policy.coldStartSeconds).toBe(seconds.loading);
      }),
      { numRuns: 300 },
    );
  });

  it('are paid from their start: a cold start of 10 min, twice a day', () => {
    const shape = hourly([
      ...Array(6).fill(5),
      ...Array(6).fill(15),
      ...Array(6).fill(5),
      ...Array(6).fill(15),
    ]);
    const { wastedUsd, starts } = ledgerFigures(shape, { ...plain, coldStartSeconds: 600 }, inputs);
    expect([starts, wastedUsd]).toEqual([2, 2]); // 2 × 600 s at $6 an hour
  });

  it('are not stopped where starting again takes longer', () => {
    const shape = hourly([15, 5, 15, 5]);
    const { starts, idleUsd } = ledgerFigures(shape, { ...plain, coldStartSeconds: 3600 }, inputs);
    expect(starts).toBe(0);
    expect(idleUsd).toBeCloseTo(6 * (2 * 0.5 + 2 * 1.5), 9);
  });

  it('are refused where a slip makes a hundred thousand of them', () => {
    expect(failureOf(() => runReplicas(hourly([1e9]), 1, plain))).toContain(
      'needs 1000000000 replicas',
    );
  });
});

describe('the dollars of a day', () => {
  it('are used, idle, wasted and shared as worked out by hand', () => {
    // 12 h at 5/s on one replica of the two that are the minimum, 12 h at 25/s on three
    const shape = hourly([...Array(12).fill(5), ...Array(12).fill(25)]);
    const policy = { ...plain, minReplicas: 2, coldStartSeconds: 600, scaleDownDelaySeconds: 1800 };
    const ledger = ledgerFigures(shape, policy, { ...inputs, sharedUsdPerHour: 0.25 });
    expect(ledger.usedUsd).toBeCloseTo(6 * (12 * 0.5 + 12 * 2.5), 9);
    expect(ledger.idleUsd).toBeCloseTo(6 * (12 * 0.5 + 12 * 0.5 + 0.5), 9);
    expect(ledger.wastedUsd).toBeCloseTo(6 / 6, 9);
    expect(ledger.sharedUsd).toBeCloseTo(6 * 12 + 0.25 * 24, 9);
    expect(ledger.billUsd).toBeCloseTo(216 + 75 + 1 + 78, 9);
    expect(ledger.utilization).toBeCloseTo(216 / 370, 9);
    expect(ledger.usdPerRequest).toBeCloseTo(370 / 1_296_000, 12);
    expect(ledger.allOnOutputUsdPerMtok).toBeCloseTo(370 / 259.2, 9);
    expect(ledger.billUsdPerMonth).toBeCloseTo((370 * 730) / 24, 6);
    expect([ledger.peakReplicas, ledger.starts]).toEqual([3, 1]);
  });

  it('differ between two shapes of the same volume', () => {
    const even = hourly(Array(24).fill(10));
    const burst = hourly([...Array(20).fill(1), ...Array(4).fill(55)]);
    expect(trafficVolume(even).requests).toBe(trafficVolume(burst).requests);
    const bill = (shape: TrafficShape) =>
      ledgerFigures(shape, { ...plain, minReplicas: 1 }, inputs).billUsd;
    expect(bill(even)).toBe(24 * 6);
    expect(bill(burst)).toBe(6 * (20 * 1 + 4 * 6));
  });

  it('add up to the bill, whatever the traffic', () => {
    const rate = fc.double({ min: 0, max: 500, noNaN: true });
    const shapes = fc.record({
      name: fc.constant('x'),
      intervals: fc.array(
        fc.record({
          seconds: fc.double({ min: 0.1, max: 1e5, noNaN: true }),
          requestsPerSecond: rate,
        }),
        { minLength: 1, maxLength: 30 },
      ),
      isRepeating: fc.boolean(),
    });
    const policies = fc.record({
      minReplicas: fc.integer({ min: 0, max: 9 }),
      targetLoad: fc.double({ min: 0.1, max: 1, noNaN: true }),
      coldStartSeconds: fc.double({ min: 0, max: 1e4, noNaN: true }),
      scaleDownDelaySeconds: fc.double({ min: 0, max: 1e4, noNaN: true }),
    });
    fc.assert(
      fc.property(
        shapes,
        policies,
        fc.double({ min: 0, max: 9, noNaN: true }),
        (shape, policy, sharedUsdPerHour) => {
          const ledger = ledgerFigures(shape, policy, { ...inputs, sharedUsdPerHour });
          const parts = [ledger.usedUsd, ledger.idleUsd, ledger.wastedUsd, ledger.sharedUsd];
          const sum = parts.reduce((a, b) => a + b);
          expect(Math.abs(sum - ledger.billUsd)).toBeLessThanOrEqual(
            1e-9 * Math.max(1, ledger.billUsd),
          );
          for (const part of parts) expect(part).toBeGreaterThanOrEqual(-1e-6);
          const twice = ledgerFigures(shape, policy, {
            ...inputs,
            usdPerHour: 12,
            sharedUsdPerHour: 2 * sharedUsdPerHour,
          });
          expect(twice.billUsd).toBeCloseTo(2 * ledger.billUsd, 6);
        },
      ),
    );
  });

  it('carry intervals, and are unknown without a price', () => {
    const shape = hourly([...Array(12).fill(5), ...Array(12).fill(25)]);
    const quantities = {
      usdPerHour: exact(6),
      capacityRequestsPerSecond: between(10, 8, 13),
      outputTokensPerRequest: exact(200),
      sharedUsdPerHour: exact(0),
    };
    const { billUsd, peakReplicas } = ledgerOf(shape, plain, quantities);
    expect([billUsd.low, billUsd.value, billUsd.high]).toEqual([6 * 36, 6 * 48, 6 * 60]);
    expect([peakReplicas.low, peakReplicas.value, peakReplicas.high]).toEqual([2, 3, 4]);
    const priceless = ledgerOf(shape, plain, { ...quantities, usdPerHour: unknown('no price') });
    expect(priceless.billUsd).toMatchObject({ value: null, reason: 'no price' });
    expect(priceless.peakReplicas.value).toBe(3);
  });
});

describe('traffic files', () => {
  const read = (lines: readonly string[], bin = 60) => readTraffic(lines.join('\n'), 't.csv', bin);
  const day = (rate: (hour: number) => string | number) =>
    Array.from({ length: 24 }, (_, hour) => `${hour},${rate(hour)}`);

  it('hold profiles, in any order of their hours, as rates or as counts', () => {
    const rates = read(['hour,rps', ...day((hour) => hour).reverse()]);
    expect(rates.intervals.map(({ requestsPerSecond }) => requestsPerSecond)).toEqual([
      ...Array(24).keys(),
    ]);
    expect(rates.isRepeating).toBe(true);
    const counts = read(['hour,requests', ...day((hour) => 3600 * hour)]);
    expect(counts.intervals).toEqual(rates.intervals);
    expect(read(['rps', ...Array(168).fill('2')]).intervals).toHaveLength(168);
  });

  it('hold bins, and timestamps in any order', () => {
    const bins = read(['seconds,requests', '60,30', '120,30']);
    expect(bins.intervals).toEqual([
      { seconds: 60, requestsPerSecond: 0.5 },
      { seconds: 120, requestsPerSecond: 0.25 },
    ]);
    const stamps = ['2026-01-01T00:02:30Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:59Z'];
    const trace = read(['timestamp', ...stamps]);
    expect(trace.intervals.map(({ requestsPerSecond }) => 60 * requestsPerSecond)).toEqual([
      2, 0, 1,
    ]);
    expect(trace.isRepeating).toBe(false);
    const epoch = stamps.map((text) => `${Date.parse(text) / 1000}`);
    expect(read(['timestamp', ...epoch]).intervals).toEqual(trace.intervals);
  });

  it.each([
    [['hour,rps', '0,1'], 't.csv has 1 hours, expected 24'],
    [['hour,rps', ...day(() => 1).with(3, '2,1')], 't.csv:5: hour is there twice'],
    [['hour,rps', ...day(() => 1).with(3, '24,1')], 't.csv:5: hour must be a whole hour'],
    [['hour,rps', ...day(() => 1).with(3, '3,-1')], 't.csv:5: rps must be a number from 0'],
    [['hour,rps', ...day(() => 1).with(3, '3,NaN')], 't.csv:5: rps must be a number'],
    [['hour,rps', ...day(() => 1).with(3, '3,')], 't.csv:5: rps is needed'],
    [['hour,rps', ...day(() => 0)], 't.csv holds no requests'],
    [['hour,load', ...day(() => 1)], 'no column rps or requests'],
    [['hour,rps,requests', ...day(() => '1,1')], 'columns rps and requests, expected one'],
    [['seconds,rps', '0,1'], 't.csv:2: seconds must be above 0'],
    [['timestamp', 'yesterday'], 't.csv:2: timestamp must be seconds or an ISO 8601 time'],
    [['timestamp', '0', '1700000000'], 'intervals, expected at most 1000000'],
    [['timestamp', '1700000000000'], 't.csv:2: timestamp must be seconds'],
    [['hour,rps'], 'has a heading and no rows'],
  ])('say what is wrong, and where: %j', (lines, message) => {
    expect(failureOf(() => read(lines as string[]))).toContain(message);
  });
});

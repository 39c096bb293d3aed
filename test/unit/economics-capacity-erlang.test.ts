import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import {
  erlangB,
  erlangC,
  queueFigures,
  serversNeeded,
} from '../../src/economics/capacity/erlang.ts';

const noLimit = { maxWaitProbability: null, maxMeanWaitSeconds: null };

/** First come, first served, one event after the other: no formula but the definition. */
function simulate(
  servers: number,
  requestsPerSecond: number,
  serviceSeconds: number,
  seed: number,
) {
  const rng = new Rng('erlang-test', seed);
  const exponential = (mean: number) => -mean * Math.log(1 - rng.uniform());
  const freeAt = new Float64Array(servers);
  const [warmUp, count] = [20_000, 400_000];
  let [now, waited, waits] = [0, 0, 0];
  for (let i = 0; i < warmUp + count; i++) {
    now += exponential(1 / requestsPerSecond);
    let next = 0;
    for (let k = 1; k < servers; k++) if ((freeAt[k] ?? 0) < (freeAt[next] ?? 0)) next = k;
    const starts = Math.max(now, freeAt[next] ?? 0);
    freeAt[next] = starts + exponential(serviceSeconds);
    if (i < warmUp) continue;
    waited += starts - now;
    if (starts > now) waits++;
  }
  return { waitProbability: waits / count, meanWaitSeconds: waited / count };
}

describe('Erlang C', () => {
  it.each([
    [3, 0.702247],
    [4, 0.319857],
    [5, 0.130371],
    [6, 0.047445],
    [7, 0.015443],
  ])('is, with %d servers for 2.5 erlangs, %f', (servers, expected) => {
    expect(erlangC(servers, 2.5)).toBeCloseTo(expected, 6);
  });

  it('needs 6 servers for one wait in ten', () => {
    expect(serversNeeded(2.5, 1, { ...noLimit, maxWaitProbability: 0.1 })).toBe(6);
    expect(serversNeeded(25, 0.1, { ...noLimit, maxWaitProbability: 0.1 })).toBe(6);
  });

  it('is the sum of its textbook form', () => {
    const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (c, busy) => {
          const a = c * busy;
          const term = (a ** c / factorial(c)) * (c / (c - a));
          const sum = Array.from({ length: c }, (_, k) => a ** k / factorial(k)).reduce(
            (x, y) => x + y,
          );
          expect(Math.abs(erlangC(c, a) / (term / (sum + term)) - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });

  it.each([
    [1, 0.7, 1],
    [3, 2.5, 1],
    [6, 2.5, 1],
    [20, 170, 0.1],
  ])('is what a simulated queue of %d servers does', (servers, rate, service) => {
    const formula = queueFigures(servers, rate, service);
    const simulated = simulate(servers, rate, service, servers);
    // such runs vary by two or three percent
    expect(Math.abs(simulated.waitProbability / formula.waitProbability - 1)).toBeLessThan(0.05);
    expect(Math.abs(simulated.meanWaitSeconds / formula.meanWaitSeconds - 1)).toBeLessThan(0.08);
  });

  it('stays a probability up to 10,000 servers', () => {
    for (const busy of [0.001, 0.5, 0.9, 0.99, 0.9999]) {
      const wait = erlangC(10_000, 10_000 * busy);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(1);
    }
    // Halfin and Whitt 1981: with c = a + β√a, C tends to 1 / (1 + β·Φ(β)/φ(β)); β = 1: 0.2234
    expect(erlangC(10_000, 9900.5)).toBeCloseTo(0.2234, 2);
    expect(erlangB(10_000, 10_000)).toBeCloseTo(Math.sqrt(2 / (Math.PI * 10_000)), 3);
  });

  it('falls with servers, rises with load, and needs no server too many', () => {
    const limits = fc.double({ min: 0.001, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 300, noNaN: true }), limits, (a, limit) => {
        const servers = serversNeeded(a, 1, { ...noLimit, maxWaitProbability: limit }) ?? 0;
        expect(servers).toBeGreaterThan(a);
        expect(erlangC(servers, a)).toBeLessThanOrEqual(limit);
        if (servers > 1) expect(erlangC(servers - 1, a)).toBeGreaterThan(limit);
        expect(erlangC(servers, a * 0.9)).toBeLessThanOrEqual(erlangC(servers, a));
      }),
    );
  });

  it('has no end where servers cannot keep up', () => {
    expect(queueFigures(2, 2.5, 1)).toEqual({
      ...{ servers: 2, utilization: 1.25, waitProbability: 1 },
      meanWaitSeconds: Number.POSITIVE_INFINITY,
    });
    expect(erlangC(3, 3)).toBe(1);
    expect(serversNeeded(2e6, 1, { ...noLimit, maxWaitProbability: 0.5 })).toBeNull();
  });

  it('bounds the mean wait too', () => {
    const servers = serversNeeded(2.5, 1, { ...noLimit, maxMeanWaitSeconds: 0.1 });
    expect(servers).toBe(5); // W = 0.213 with 4 and 0.0521 with 5
  });
});

import { describe, expect, it } from 'vitest';
import { matchCells } from '../../src/core/cell-pairs.ts';
import { compareRecords } from '../../src/core/compare-records.ts';
import { METRICS, type MetricName } from '../../src/core/comparison-metrics.ts';
import { newestNoise } from '../../src/core/noise-margin.ts';
import { quantile } from '../../src/core/quantile.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { Rng } from '../../src/core/rng.ts';
import { tailP, tailRatio } from '../../src/core/tail-ratio.ts';
import { noiseRecord } from '../../src/measure/noise.ts';
import { gpuRecord } from '../support/sample-records.ts';

const MINUTE_MS = 60_000;

/** launches[launch][step] in ms: launches differ by 1.5 %, steps by 3 %; a share of the steps takes `slowBy` more. */
function session(
  rng: Rng,
  { launches = 10, steps = 100, slowBy = 0, slowShare = 0.08, scale = 1 } = {},
): number[][] {
  return Array.from({ length: launches }, () => {
    const level = 10 * scale * Math.exp(0.015 * rng.normal());
    return Array.from({ length: steps }, () => {
      const isSlow = rng.uniform() < slowShare;
      return level * Math.exp(0.03 * rng.normal()) * (isSlow ? 1 + slowBy : 1);
    });
  });
}

function record(id: string, run: string, launches: readonly (readonly number[])[]): BenchRecord {
  const [first] = gpuRecord().launches;
  if (first === undefined) throw new Error('a sample record without launches');
  return gpuRecord({
    id,
    run,
    launches: launches.map((stepMs, i) => ({
      ...first,
      startedAt: new Date(i * MINUTE_MS).toISOString(),
      repetitions: [{ prefillMs: 100, stepMs: [...stepMs], runAheadMs: null }],
    })),
  });
}

function compare(a: BenchRecord, b: BenchRecord, metrics: readonly MetricName[]) {
  const { pairs } = matchCells([a], [b], []);
  return compareRecords({ pairs, metrics, noise: [], seed: 1, draws: 400 });
}

describe('the ratio of two percentiles', () => {
  it.each([0.5, 0.95, 0.99])('%d is that of the pooled times', (p) => {
    const rng = new Rng('pool', `${p}`);
    const a = session(rng, { slowBy: 0.2 });
    const b = session(rng, { launches: 8, steps: 37 });
    const { estimate } = tailRatio({ a, b, p, isPaired: false }, rng, 10);
    expect(estimate).toBeCloseTo(quantile(a.flat(), p) / quantile(b.flat(), p), 12);
    const paired = tailRatio({ a, b, p, isPaired: true }, rng, 10);
    const kept = a.slice(0, 8).flat();
    expect(paired.estimate).toBeCloseTo(quantile(kept, p) / quantile(b.flat(), p), 12);
  });

  it('draws launches whole: of launches that are all alike it has no width', () => {
    const launch = Array.from({ length: 60 }, (_, i) => 10 + i);
    const a = Array.from({ length: 6 }, () => launch);
    const b = a.map((times) => times.map((time) => 2 * time));
    for (const isPaired of [true, false]) {
      const { estimate, low, high } = tailRatio({ a, b, p: 0.95, isPaired }, new Rng('x'), 200);
      expect(estimate).toBeCloseTo(0.5, 12);
      expect([low, high]).toEqual([estimate, estimate].map((value) => expect.closeTo(value, 12)));
    }
  });

  it('has no interval below five launches, and the same one for the same seed', () => {
    const rng = new Rng('few');
    const [a, b] = [session(rng, { launches: 4 }), session(rng, { launches: 9 })];
    const ratio = tailRatio({ a, b, p: 0.95, isPaired: false }, rng, 100);
    expect(ratio).toMatchObject({ low: null, high: null });
    const samples = { a: session(rng), b: session(rng), p: 0.95, isPaired: true };
    const twice = [1, 2].map(() => tailRatio(samples, new Rng('same'), 100));
    expect(twice[0]).toEqual(twice[1]);
  });
});

describe('its test', () => {
  /** Every way for five of ten launches to be called A's. */
  const deals = Array.from({ length: 2 ** 10 }, (_, bits) =>
    Array.from({ length: 10 }, (_, i) => ((bits >> i) & 1) === 1),
  ).filter((isA) => isA.filter(Boolean).length === 5);
  /** Those that leave one of each pair on either side. */
  const swaps = deals.filter((isA) => [0, 1, 2, 3, 4].every((i) => isA[i] !== isA[i + 5]));

  it.each([
    ['swap', swaps, 32],
    ['deal', deals, 252],
  ] as const)('comes to the share of the %ss that lie as far apart', (how, ways, count) => {
    expect(ways).toHaveLength(count);
    const rng = new Rng('exact');
    const a = session(rng, { launches: 5, steps: 20 });
    const b = session(rng, { launches: 5, steps: 20, scale: 1.02 });
    const all = [...a, ...b];
    const distance = (isA: readonly boolean[]) => {
      const percentile = (side: boolean) =>
        quantile(all.filter((_, i) => isA[i] === side).flat(), 0.9);
      return Math.abs(Math.log(percentile(true) / percentile(false)));
    };
    const observed = distance(all.map((_, i) => i < 5)) * (1 - 1e-9);
    const share = ways.filter((isA) => distance(isA) >= observed).length / count;
    const p = tailP({ a, b, p: 0.9, isPaired: how === 'swap' }, how, new Rng('drawn'));
    expect(Math.abs(p - share)).toBeLessThan(0.012); // 3.4 standard errors of 20 000 draws at most
  });

  it('says 1 of a side beside itself', () => {
    const a = session(new Rng('self'));
    expect(tailP({ a, b: a, p: 0.95, isPaired: true }, 'swap', new Rng('swap'))).toBe(1);
  });
});

describe('percentiles in a comparison', () => {
  it.each([
    ['tpot-p95', 58, 59],
    ['tpot-p99', 298, 300],
  ] as const)('%s: skipped where a side has %d times, not with %d', (metric, few, enough) => {
    const rng = new Rng('few');
    const launchesOf = (times: number) => [session(rng, { launches: 1, steps: times }).flat()];
    const a = record('a', 'one', launchesOf(400));
    const skipped = compare(a, record('b', 'one', launchesOf(few)), [metric]);
    expect(skipped.rows).toEqual([]);
    expect(skipped.skipped[0]?.reason).toBe(
      `B has ${few} times; p${metric.slice(-2)} takes ${enough === 59 ? 59 : 299}`,
    );
    expect(compare(a, record('b', 'one', launchesOf(enough)), [metric]).rows).toHaveLength(1);
  });

  it('TTFT takes one time of a repetition', () => {
    const rng = new Rng('ttft');
    const both = ['a', 'b'].map((id) => record(id, 'one', session(rng)));
    const [a = gpuRecord(), b = gpuRecord()] = both;
    expect(compare(a, b, ['ttft-p95']).skipped[0]?.reason).toBe(
      'A has 10 times, B has 10 times; p95 takes 59',
    );
  });

  it.each([
    ['one', 'tpot-p95'],
    ['one', 'tpot-p99'],
    ['two', 'tpot-p95'],
  ] as const)(
    'run %s, %s: no difference is found where there is none, a true one is',
    (run, metric) => {
      const sessions = run === 'one' ? 60 : 30;
      const counts = { different: 0, covered: 0, found: 0 };
      const steps = 60;
      for (let i = 0; i < sessions; i++) {
        const rng = new Rng('tails', run, metric, i);
        const a = record('a', 'one', session(rng, { steps }));
        const [alike] = compare(a, record('b', run, session(rng, { steps })), [metric]).rows;
        if (alike?.verdict === 'FASTER' || alike?.verdict === 'SLOWER') counts.different++;
        if ((alike?.ratio.low ?? 9) <= 1 && (alike?.ratio.high ?? 0) >= 1) counts.covered++;
        const slow = session(rng, { steps, slowBy: 0.3, slowShare: 0.12 });
        if (compare(a, record('b', run, slow), [metric]).rows[0]?.verdict === 'SLOWER') {
          counts.found++;
        }
      }
      expect(counts.different / sessions).toBeLessThanOrEqual(0.05);
      expect(counts.covered / sessions).toBeGreaterThanOrEqual(0.9);
      expect(counts.found / sessions).toBeGreaterThanOrEqual(0.9);
    },
  );

  it('sees a tail that the median does not', () => {
    const rng = new Rng('tail');
    const a = record('a', 'one', session(rng));
    const b = record('b', 'one', session(rng, { slowBy: 0.5 }));
    const { rows } = compare(a, b, ['tpot', 'tpot-p95']);
    expect(rows[0]?.verdict).not.toBe('SLOWER');
    expect(rows[1]).toMatchObject({ verdict: 'SLOWER', metric: 'tpot-p95' });
    expect(rows[1]?.a).toBeCloseTo(quantile(a.launches.flatMap(stepsOf), 0.95), 12);
  });

  it('have an A/A floor of their own, from the launches that mtok noise kept', () => {
    const rng = new Rng('floor');
    const first = record('a', 'one', session(rng));
    const twin = record('b', 'one', session(rng));
    const measured = noiseRecord(first, twin, { id: 'aa', createdAt: '2026-01-01T00:00:00.000Z' });
    if (measured === null) throw new Error('no noise record');
    const { cell, device, driver } = measured;
    const engine = { backend: cell.backend, host: cell.host, device: device.name, driver };
    const floor = newestNoise(engine, 'tpot-p95', [measured]);
    expect(floor?.floorOf(10)).toBeGreaterThan(0);
    expect(floor?.floorOf(10)).toBeLessThan(0.1);
    expect(floor?.floorOf(5)).toBeGreaterThan(floor?.floorOf(20) ?? 9);
    expect(newestNoise(engine, 'ttft-p95', [measured])).toBeNull();
    expect(METRICS['tpot-p95'].percentile).toBe(0.95);
  });
});

function stepsOf({ repetitions }: BenchRecord['launches'][number]): number[] {
  return repetitions.flatMap(({ stepMs }) => stepMs);
}

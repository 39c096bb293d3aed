import { describe, expect, it } from 'vitest';
import type { RecordPair } from '../../src/core/cell-pairs.ts';
import { compareRecords } from '../../src/core/compare-records.ts';
import type { MetricName } from '../../src/core/comparison-metrics.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { comparisonJson } from '../../src/report/comparison-json.ts';
import { renderComparison } from '../../src/report/comparison-table.ts';
import { gpuRecord } from '../support/sample-records.ts';

type Flags = readonly (readonly [code: string, field: string | null])[];

/** Ten launches, all with these times: without flags any difference is a sure one. */
function steady(id: string, prefillMs: number, flags: Flags) {
  const [first] = gpuRecord().launches;
  if (first === undefined) throw new Error('a sample record without launches');
  const launches = Array.from({ length: 10 }, () => ({
    ...first,
    repetitions: [{ prefillMs, stepMs: [prefillMs / 10], runAheadMs: null }],
  }));
  return gpuRecord({
    id,
    launches,
    flags: flags.map(([code, field]) => ({ code, field, message: `Message of ${code}.` })),
  });
}

function compare(
  flags: { a?: Flags; b?: Flags },
  {
    isInterleaved = true,
    metrics = ['prefill', 'decode'] as MetricName[],
    withheld,
  }: {
    isInterleaved?: boolean;
    metrics?: MetricName[];
    withheld?: (record: BenchRecord) => string | null;
  } = {},
) {
  const a = steady('a', 100, flags.a ?? []);
  const b = steady('b', 80, flags.b ?? []);
  const pairs: RecordPair[] = [{ a, b, isInterleaved }];
  return compareRecords({ pairs, metrics, noise: [], seed: 1, draws: 1000, withheld });
}

const verdicts = (...args: Parameters<typeof compare>) =>
  compare(...args).rows.map(({ verdict }) => verdict);

describe('a verdict', () => {
  it('stands where nothing is against it', () => {
    expect(verdicts({})).toEqual(['FASTER', 'FASTER']);
  });

  it.each(['do-not-rank', 'bimodal-launches', 'below-timer-resolution'])(
    'is withheld for %s of the part it was timed in, and of no other',
    (code) => {
      expect(verdicts({ b: [[code, 'decode']] })).toEqual(['FASTER', 'AMBIGUOUS']);
      expect(verdicts({ a: [[code, 'prefill']] })).toEqual(['AMBIGUOUS', 'FASTER']);
      expect(verdicts({ a: [[code, 'decode']], b: [[code, 'decode']] })[1]).toBe('AMBIGUOUS');
      expect(verdicts({ a: [[code, 'decode']] }, { metrics: ['end-to-end'] })).toEqual([
        'AMBIGUOUS',
      ]);
    },
  );

  it.each(['clocks-throttled', 'other-load', 'cpu-steal'])(
    'is withheld for %s, unless both sides have it and took turns',
    (code) => {
      const flag = [[code, null]] as const;
      expect(verdicts({ a: flag })).toEqual(['AMBIGUOUS', 'AMBIGUOUS']);
      expect(verdicts({ b: flag })).toEqual(['AMBIGUOUS', 'AMBIGUOUS']);
      expect(verdicts({ a: flag, b: flag })).toEqual(['FASTER', 'FASTER']);
      expect(verdicts({ a: flag, b: flag }, { isInterleaved: false })[0]).toBe('AMBIGUOUS');
    },
  );

  it.each([
    ['do-not-rank', 'prefill', 'FASTER'],
    ['bimodal-launches', 'prefill', 'FASTER'],
    ['other-load', null, 'FASTER'],
    ['drift-in-launches', 'prefill', 'FASTER'],
    ['session-invalid', null, 'AMBIGUOUS'],
    ['below-timer-resolution', 'prefill', 'AMBIGUOUS'],
  ] as const)(
    'on a difference of three times, with %s: stands if the trouble cannot make it',
    (code, field, expected) => {
      const a = steady('a', 100, [[code, field]]);
      const pairs: RecordPair[] = [{ a, b: steady('b', 33, []), isInterleaved: true }];
      const { rows } = compareRecords({
        pairs,
        metrics: ['prefill'],
        noise: [],
        seed: 1,
        draws: 1000,
      });
      expect(rows.map(({ verdict }) => verdict)).toEqual([expected]);
    },
  );

  it.each([
    'noisy',
    'bimodal',
    'autocorrelation',
    'severe-outliers',
    'warmup-not-converged',
    'target-missed',
    'gc-pauses',
    'of-a-newer-mtok',
    'constructor',
  ])('stands beside %s, which is noted on the row', (code) => {
    const { rows } = compare({ b: [[code, null]] }, { isInterleaved: false });
    expect(rows.map(({ verdict }) => verdict)).toEqual(['FASTER', 'FASTER']);
    expect(rows[0]?.flags).toEqual([
      { side: 'B', code, field: null, message: `Message of ${code}.`, withholds: false },
    ]);
  });

  it('is silent of what says nothing about times', () => {
    const { rows } = compare({ a: [['low-n', null]], b: [['price-stand-in', 'cost']] });
    expect(rows.flatMap(({ flags }) => flags)).toEqual([]);
  });

  it('is withheld for a problem that is known from elsewhere', () => {
    const { rows } = compare({}, { withheld: ({ id }) => (id === 'b' ? 'invalid session' : null) });
    expect(rows[0]).toMatchObject({
      verdict: 'AMBIGUOUS',
      reason: 'withheld: B: invalid session',
      withheldFor: ['B: invalid session'],
    });
    const both = compare({}, { withheld: () => 'invalid session' });
    expect(both.rows[0]?.reason).toBe('withheld: A and B: invalid session');
  });

  it('that is withheld still has its figures', () => {
    const [row] = compare({ a: [['do-not-rank', 'prefill']] }).rows;
    expect(row?.ratio.estimate).toBeCloseTo(1.25, 12);
    expect(row?.correctedP).toBeLessThan(0.05);
  });
});

describe('what is shown', () => {
  const shown = {
    ...compare({ a: [['do-not-rank', 'decode']], b: [['noisy', 'prefill']] }),
    sides: { a: 'a', b: 'b' },
    unmatched: [],
    unfinished: { a: 0, b: 0 },
    noise: [],
    allowed: [],
  };

  it('names flag and side, by number on the row', () => {
    const text = renderComparison(shown);
    expect(text).toMatch(/prefill tok\/s .* FASTER \(2\)$/m);
    expect(text).toMatch(/decode tok\/s .* AMBIGUOUS \(1, 3\)$/m);
    expect(text).toMatch(/^\(1\) withheld: do-not-rank \(decode\) of A\.$/m);
    expect(text).toMatch(/^\(2\) noisy \(prefill\) of B: Message of noisy\.$/m);
    expect(text).toMatch(/^\(3\) do-not-rank \(decode\) of A: Message of do-not-rank\.$/m);
    expect(text).toContain('1 FASTER · 0 SLOWER · 0 SAME · 1 AMBIGUOUS (1 withheld)');
  });

  it('is in the JSON too', () => {
    expect(comparisonJson(shown)).toMatchObject({
      rows: [
        { verdict: 'FASTER', withheldFor: [], flags: [{ side: 'B', code: 'noisy' }] },
        { verdict: 'AMBIGUOUS', withheldFor: ['do-not-rank (decode) of A'] },
      ],
    });
  });
});

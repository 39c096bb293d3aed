import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelPrices } from '../../src/economics/task/model-prices.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { unitCost } from '../../src/economics/task/unit-cost.ts';

const noSource = () => {
  throw new Error('this file names no record and no API model');
};

/** The cost of a unit given as the data that its file would hold. */
function costOf(unit: object, options: Parameters<typeof unitCost>[2] = { units: 100 }) {
  const read = readUnitFile(JSON.stringify(unit), 'unit.yaml');
  return unitCost(read, modelPrices(read, { record: noSource, api: noSource }), options);
}

const figure = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const count = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.constantFrom('1..3', '0..2', '2.5@2..3'),
  fc.record({ values: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }) }),
  fc.record({ poisson: figure(0, 4) }),
);
const policy = { successProbability: figure(0.05, 1), maxAttempts: fc.integer({ min: 1, max: 5 }) };
const llm = fc.record({
  kind: fc.constant('llm'),
  model: fc.constantFrom('a', 'b'),
  calls: count,
  inputTokens: fc.integer({ min: 0, max: 9000 }),
  outputTokens: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constant('10..900')),
  cachedShare: figure(0, 1),
  ...policy,
});
const chat = fc.record({
  kind: fc.constant('llm'),
  model: fc.constantFrom('a', 'b'),
  turns: count,
  systemTokens: fc.integer({ min: 0, max: 900 }),
  userTokens: fc.integer({ min: 0, max: 900 }),
  answerTokens: fc.integer({ min: 0, max: 900 }),
  prefixCache: fc.constantFrom('none', 'inputs', 'inputs-and-answers'),
  ...policy,
});
const other = fc.record({
  kind: fc.constantFrom('tool', 'lookup'),
  calls: count,
  usdPerCall: figure(0, 1),
  ...policy,
});
const steps = fc
  .array(fc.oneof(llm, chat, other), { minLength: 1, maxLength: 5 })
  .map((all) => all.map((step, i) => ({ ...step, name: `step ${i}` })));
const models = (factor: number) => ({
  a: {
    inputUsdPerMtok: 3 * factor,
    outputUsdPerMtok: 15 * factor,
    cacheReadUsdPerMtok: 0.3 * factor,
    escalateTo: 'b',
  },
  b: { prefillTps: 5000, decodeTps: 400, usdPerGpuHour: 2.85 * factor },
});
const isNear = (actual: number | null, expected: number) =>
  expect(actual).toBeCloseTo(expected, 9 - Math.max(0, Math.ceil(Math.log10(expected + 1e-9))));

describe('any unit', () => {
  it('costs twice as much at twice the prices', () => {
    fc.assert(
      fc.property(steps, (some) => {
        const doubled = some.map((step) =>
          'usdPerCall' in step ? { ...step, usdPerCall: 2 * step.usdPerCall } : step,
        );
        const once = costOf({ unit: 'u', models: models(1), steps: some });
        const twice = costOf({ unit: 'u', models: models(2), steps: doubled });
        isNear(twice.usdPerUnit.value, 2 * (once.usdPerUnit.value ?? Number.NaN));
        expect(twice.resolvedShare.value).toBe(once.resolvedShare.value);
      }),
      { numRuns: 40 },
    );
  });

  it('costs the same whatever the order of its steps, and the sum of them and of its models', () => {
    fc.assert(
      fc.property(steps, (some) => {
        const unit = { unit: 'u', models: models(1), steps: some };
        const cost = costOf(unit);
        const turned = costOf({ ...unit, steps: [...some].reverse() });
        const usd = cost.usdPerUnit.value ?? Number.NaN;
        isNear(turned.usdPerUnit.value, usd);
        isNear(
          cost.steps.reduce((sum, step) => sum + (step.usd.value ?? Number.NaN), 0),
          usd,
        );
        expect(cost.usdPerAttempt.value).toBeLessThanOrEqual(usd * (1 + 1e-12));
        // what models cost is what the steps that have one cost
        const asked = cost.steps.filter((_, i) => 'model' in (some[i] ?? {}));
        isNear(
          cost.models.reduce((sum, model) => sum + (model.usd.value ?? Number.NaN), 0),
          asked.reduce((sum, step) => sum + (step.usd.value ?? Number.NaN), 0),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is unknown where one price is, with the rest as what it costs at least', () => {
    fc.assert(
      fc.property(steps, (some) => {
        const known = costOf({ unit: 'u', models: models(1), steps: some });
        const more = [...some, { kind: 'moderation', name: 'dear', usdPerCall: 'unknown' }];
        const cost = costOf({ unit: 'u', models: models(1), steps: more, postedCallUsd: 0.01 });
        const reason = expect.stringContaining('steps.dear.usdPerCall');
        expect(cost.usdPerUnit).toMatchObject({ value: null, reason });
        expect(cost.usdPerResolved).toMatchObject({ value: null, reason });
        expect(cost.multipliers?.unit).toMatchObject({ value: null, reason });
        isNear(cost.knownUsdPerUnit.value, known.usdPerUnit.value ?? Number.NaN);
        expect(cost.spread.isOfKnownPart).toBe(true);
        expect(Number.isFinite(cost.spread.meanUsd)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what is unknown', () => {
  it('does not matter where it is not used', () => {
    const cost = costOf({
      unit: 'u',
      models: { a: { inputUsdPerMtok: 1, outputUsdPerMtok: 'unknown' } },
      steps: [
        { kind: 'embedding', model: 'a', inputTokens: 1000 },
        { kind: 'tool', calls: 0, usdPerCall: 'unknown' },
        { kind: 'lookup', usdPerCall: 0.1, successProbability: 1, escalateTo: 'a' },
      ],
    });
    expect(cost.usdPerUnit.value).toBeCloseTo(0.101, 12);
  });

  it('is a resolved unit where no call ever comes back', () => {
    const steps = [{ kind: 'tool', usdPerCall: 1, successProbability: 0, maxAttempts: 3 }];
    const cost = costOf({ unit: 'u', steps });
    expect(cost.usdPerUnit.value).toBe(3);
    expect(cost.usdPerResolved).toMatchObject({ value: null });
  });
});

describe('the two kinds of spread', () => {
  const unit = (calls: unknown, usdPerCall: unknown) => ({
    unit: 'u',
    steps: [{ kind: 'tool', calls, usdPerCall }],
  });

  it('counts that differ between units give percentiles, and no doubt about the average', () => {
    const { usdPerUnit, spread } = costOf(unit('2..5', 0.01), { units: 10_000 });
    expect(usdPerUnit).toMatchObject({ value: 0.035, low: null, high: null });
    expect(spread.p5Usd).toBeCloseTo(0.02, 12);
    expect(spread.p95Usd).toBeCloseTo(0.05, 12);
  });

  it('prices that are not known exactly give an interval, and no spread between units', () => {
    const { usdPerUnit, spread, tornado } = costOf(unit(3, '0.01..0.02'), { units: 1000 });
    expect(usdPerUnit.value).toBeCloseTo(0.045, 12);
    expect(usdPerUnit.low).toBeCloseTo(0.03, 12);
    expect(usdPerUnit.high).toBeCloseTo(0.06, 12);
    expect(spread.p5Usd).toBeCloseTo(0.045, 12);
    expect(spread.p95Usd).toBeCloseTo(0.045, 12);
    expect(tornado.map(({ input }) => input)).toEqual(['steps.tool.usdPerCall']);
  });

  it('a mean with its interval is doubt, and its units are whole', () => {
    const { usdPerUnit, spread } = costOf(unit('2.4@2.1..2.7', 1), { units: 10_000 });
    expect(usdPerUnit.value).toBe(2.4);
    expect(usdPerUnit.low).toBeCloseTo(2.1, 12);
    expect([spread.p5Usd, spread.p95Usd]).toEqual([2, 3]);
    expect(spread.meanUsd).toBeCloseTo(2.4, 1);
  });

  it('a price that two steps share moves both at once', () => {
    const steps = ['x', 'y'].map((name) => ({ kind: 'tool', name, model: 'a' }));
    const shared = costOf({ unit: 'u', models: { a: { usdPerCall: '1..2' } }, steps });
    expect([shared.usdPerUnit.low, shared.usdPerUnit.high]).toEqual([2, 4]);
    const apart = costOf({
      unit: 'u',
      steps: ['x', 'y'].map((name) => ({ kind: 'tool', name, usdPerCall: '1..2' })),
    });
    expect(apart.usdPerUnit.low).toBeGreaterThan(2.1);
    expect(apart.usdPerUnit.high).toBeLessThan(3.9);
  });

  it('is of fewer units where one has many calls that may fail', () => {
    const steps = [{ kind: 'tool', calls: 10_000, usdPerCall: 1 }];
    const failing = steps.map((step) => ({ ...step, successProbability: 0.5 }));
    expect(costOf({ unit: 'u', steps }, { units: 10_000 }).spread.units).toBe(10_000);
    expect(costOf({ unit: 'u', steps: failing }, { units: 10_000 }).spread.units).toBe(200);
  });
});

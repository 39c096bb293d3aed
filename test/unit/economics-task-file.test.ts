import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { LIMITS } from '../../src/economics/task/unit-file.ts';

const failure = (text: string): string => {
  try {
    readUnitFile(text, 'unit.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    return (error as BenchError).message;
  }
  throw new Error('nothing was thrown');
};
const step = (fields: string) => failure(`unit: u\nsteps:\n  - { ${fields} }\n`);
const model = (fields: string) =>
  failure(
    `unit: u\nmodels:\n  m: { ${fields} }\nsteps: [{ kind: llm, model: m, inputTokens: 1 }]\n`,
  );

describe('the file of a unit', () => {
  it('is read with distributions of counts and amounts, and prices that may be unknown', () => {
    const { steps, models } = readUnitFile(
      `
unit: report
models: { m: { inputUsdPerMtok: 3, outputUsdPerMtok: unknown, successProbability: 0.9@0.8..1 } }
steps:
  - { kind: llm, model: m, calls: 2..5, inputTokens: 800..1600, outputTokens: { triangular: [1, 2, 9] } }
  - { kind: lookup, calls: { poisson: 2.4 }, usdPerCall: unknown }
  - { kind: lookup, calls: { values: [0, 4], weights: [3, 1] }, usdPerCall: 0.1 }
  - { kind: storage, gb: 2@1..3, usdPerGb: 0.02 }`,
      'unit.yaml',
    );
    expect(steps.map(({ name }) => name)).toEqual(['llm', 'lookup', 'lookup 2', 'storage']);
    expect(steps[0]?.calls).toEqual({ kind: 'uniform', low: 2, high: 5 });
    expect(steps[0]?.tokens).toMatchObject({ output: { kind: 'triangular', mode: 2 } });
    expect(steps[1]?.calls).toEqual({ kind: 'poisson', mean: 2.4 });
    expect(steps[1]?.usdPerCall).toMatchObject({ value: null });
    expect(steps[2]?.calls).toMatchObject({ values: [0, 4], probabilities: [0.75, 0.25] });
    expect(steps[3]?.gigabytes?.perCall).toEqual({
      kind: 'fixed',
      mean: { value: 2, low: 1, high: 3 },
    });
    expect(models.m).toMatchObject({ kind: 'priced', successProbability: { low: 0.8, high: 1 } });
  });

  it('says which price is missing', () => {
    const { steps } = readUnitFile('{ unit: u, steps: [{ kind: lookup }] }', 'unit.yaml');
    expect(steps[0]?.usdPerCall).toMatchObject({ reason: 'steps.lookup.usdPerCall is not given' });
  });

  it('draws ranges that are written alike on their own', () => {
    const { models } = readUnitFile(
      `unit: u
models: { a: { inputUsdPerMtok: 1..2, outputUsdPerMtok: 1..2 } }
steps: [{ kind: llm, model: a, inputTokens: 1 }]`,
      'unit.yaml',
    );
    const { inputUsdPerMtok: a, outputUsdPerMtok: b } = models.a as unknown as Record<
      string,
      { draws: Float64Array }
    >;
    expect(a?.draws).toHaveLength(10_000);
    expect(a?.draws.slice(0, 5)).not.toEqual(b?.draws.slice(0, 5));
  });

  it.each([
    ['kind: llm, calls: -1, usdPerCall: 1', 'unit.yaml:3: steps[0].calls: expected a count'],
    ['kind: llm, calls: 2.5..4, usdPerCall: 1', 'steps[0].calls: expected a count'],
    ['kind: llm, calls: 10001, usdPerCall: 1', 'steps[0].calls: expected a count from 0 to 10000'],
    ['kind: llm, calls: { poisson: -1 }', 'steps[0].calls: expected a count'],
    ['kind: llm, calls: { triangular: [1, 2, 3] }', 'steps[0].calls: expected a count'],
    ['kind: llm, calls: { values: [1.5] }', 'steps[0].calls: expected a count'],
    ['kind: llm, calls: { values: [1, 2], weights: [1] }', 'steps[0].calls: expected a count'],
    ['kind: llm, calls: { values: [1], weights: [0] }', 'steps[0].calls: expected a count'],
    ['kind: llm, inputTokens: .nan', 'steps[0].inputTokens: expected an amount'],
    ['kind: llm, inputTokens: .inf', 'steps[0].inputTokens: expected an amount'],
    ['kind: llm, inputTokens: { triangular: [3, 2, 9] }', 'steps[0].inputTokens: expected'],
    ['kind: llm, inputTokens: { poisson: 3 }', 'steps[0].inputTokens: expected an amount'],
    ['kind: llm, inputTokens: 1, usdPerMtok: -1', 'steps[0].usdPerMtok: expected a figure'],
    ['kind: llm, inputTokens: 1, cachedShare: 1.01', 'steps[0].cachedShare: expected a figure'],
    ['kind: llm, inputTokens: 1, turns: 3, userTokens: 1', 'steps[0].inputTokens: does not go'],
    ['kind: llm, userTokens: 3', 'steps[0].userTokens: needs turns'],
    ['kind: llm, turns: 3', 'steps[0].turns: needs userTokens'],
    ['kind: egress, usdPerGb: 3', 'steps[0].usdPerGb: needs gb'],
    ['kind: tool, usdPerMtok: 3', 'steps[0].usdPerMtok: needs inputTokens or outputTokens'],
    ['kind: tool, usdPerCall: 1, maxAttempts: 0', 'steps[0].maxAttempts'],
    ['kind: tool, usdPerCall: 1, maxAttempts: 101', 'steps[0].maxAttempts'],
    ['kind: tool, usdPerCall: 1, successProbability: 2', 'steps[0].successProbability'],
    ['kind: dream, usdPerCall: 1', 'steps[0].kind'],
    ['kind: tool, usdPerCal: 1', 'Unrecognized key: "usdPerCal"'],
    ['kind: tool, model: nobody', 'steps[0].model: names no model of this file (it has none)'],
    ['kind: tool, escalateTo: nobody', 'steps[0].escalateTo: names no model'],
    ['kind: llm, calls: 1000, turns: 1000, userTokens: 1', 'at most 100000 calls and turns'],
    [`kind: tool, name: ${'x'.repeat(81)}`, 'steps[0].name'],
  ])('says what is wrong with a step, and where: %s', (fields, message) => {
    expect(step(fields)).toContain(message);
  });

  it.each([
    ['prefillTps: 0, decodeTps: 1', 'unit.yaml:3: models.m.prefillTps: expected a figure'],
    ['prefillTps: -5, decodeTps: 1', 'models.m.prefillTps: expected a figure'],
    ['prefillTps: .nan, decodeTps: 1', 'models.m.prefillTps: expected a figure'],
    ['prefillTps: 9, decodeTps: 1, utilization: 0', 'models.m.utilization: expected a figure'],
    ['prefillTps: 9, decodeTps: 1, utilization: 1.2', 'models.m.utilization: expected a figure'],
    ['prefillTps: 9, decodeTps: 1, api: x', 'has prefillTps and api'],
    ['record: abcd, batch: true', 'models.m.batch: does not go with record'],
    ['api: x, usdPerGpuHour: 3', 'models.m.usdPerGpuHour: does not go with api'],
    ['record: 1234', 'put one that is all digits in quotes'],
    ['escalateTo: m', 'a model needs record'],
    ['usdPerCall: 1, escalateTo: m', 'models.m.escalateTo: leads back to "m"'],
    ['usdPerCall: 1, escalateTo: n', 'models.m.escalateTo: names no model of this file (m)'],
  ])('says what is wrong with a model, and where: %s', (fields, message) => {
    expect(model(fields)).toContain(message);
  });

  it('refuses escalation in a circle, by models and by a step', () => {
    const circle = `unit: u
models:
  a: { usdPerCall: 1, escalateTo: b }
  b: { usdPerCall: 1, escalateTo: c }
  c: { usdPerCall: 1, escalateTo: a }
steps: [{ kind: llm, model: a }]`;
    expect(failure(circle)).toContain('unit.yaml:3: models.a.escalateTo: leads back to "a"');
    const byStep = circle
      .replace('a: { usdPerCall: 1, escalateTo: b }', 'a: { usdPerCall: 1 }')
      .replace('model: a }', 'model: a, escalateTo: b }');
    expect(failure(byStep)).toContain("steps[0].escalateTo: leads back to the step's own model");
  });

  it('refuses two steps of one name', () => {
    const text = 'unit: u\nsteps:\n  - { kind: tool, name: a }\n  - { kind: llm, name: a }\n';
    expect(failure(text)).toContain('unit.yaml:4: steps[1].name: another step has this name');
  });

  it.each([1001, 100_000, 1_000_000])('refuses %i steps at once', (count) => {
    const text = `unit: u\nsteps: [${'{kind: tool},'.repeat(count)}]`;
    const start = performance.now();
    const message = failure(text.length > 5e6 ? `unit: u\nsteps: [${'1,'.repeat(count)}]` : text);
    expect(message).toMatch(/expected (at most 1000 steps|a unit of at most 524288)/);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(LIMITS.steps).toBe(1000);
  });
});

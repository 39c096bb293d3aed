import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchRecord } from '../../src/core/record.ts';
import { leverEffects } from '../../src/economics/levers/lever-effects.ts';
import { leverRecords, recordsNamed } from '../../src/economics/levers/lever-records.ts';
import { exact } from '../../src/economics/quantity.ts';
import type { ModelPrice } from '../../src/economics/task/model-price.ts';
import { modelPrices } from '../../src/economics/task/model-prices.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { unitCost } from '../../src/economics/task/unit-cost.ts';
import { usdPerMtok } from '../../src/economics/units.ts';
import { leversJson, leversLines } from '../../src/report/cost/levers-lines.ts';
import { gpuRecord } from '../support/sample-records.ts';

const records = new Map<string, BenchRecord>();
const byId = (id: string) => {
  const record = records.get(id);
  if (record === undefined) throw new Error(`no record ${id}`);
  return record;
};
const noApi = () => {
  throw new Error('no API prices here');
};

/** What the levers of a file do to its unit. */
function effectsOf(text: string, seed = 0) {
  const unit = readUnitFile(text, 'unit.yaml');
  const prices = modelPrices(unit, { record: (_, id) => byId(id), api: noApi });
  const { rates, notes } = leverRecords(unit, { ofModel: () => byId('f16'), byId });
  return { effects: leverEffects({ unit, prices, rates }, unit.levers, { seed }), notes };
}

/** What the engine says of a file without levers. */
function usdPerResolved(text: string): number {
  const unit = readUnitFile(text, 'unit.yaml');
  const prices = modelPrices(unit, { record: (_, id) => byId(id), api: noApi });
  return unitCost(unit, prices, { draws: 1000, units: 10 }).usdPerResolved.value ?? Number.NaN;
}

const models = `
unit: ticket
models:
  big: {inputUsdPerMtok: 3, outputUsdPerMtok: 15, cacheReadUsdPerMtok: 0.3, successProbability: 0.9, maxAttempts: 2}
  small: {inputUsdPerMtok: 0.3, outputUsdPerMtok: 1.5, cacheReadUsdPerMtok: 0.03, successProbability: 0.6, maxAttempts: 3, escalateTo: big}
`;
const answer = (changes = '') =>
  `  - {name: answer, kind: llm, model: big, calls: 2..5, outputTokens: 300${changes}`;
const look = '\n  - {name: look, kind: lookup, calls: 3, usdPerCall: 0.001}\n';

describe('one lever', () => {
  // Each beside the same change written into the file by hand, which the engine prices without levers.
  it.each([
    [
      'context-trimmed, inputShare: 0.6',
      `${models}steps:\n${answer(', inputTokens: 720}')}${look}`,
    ],
    [
      'response-cache, answeredShare: 0.3, steps: [answer]',
      `${models}steps:\n${answer(', inputTokens: 1200, responseCacheShare: 0.3}')}${look}`,
    ],
    [
      'prefix-cache, cachedShare: 0.5',
      `${models}steps:\n${answer(', inputTokens: 1200, cachedShare: 0.5}')}${look}`,
    ],
    [
      'smaller-model, model: big, to: small',
      `${models}steps:\n${answer(', inputTokens: 1200}').replace('model: big', 'model: small')}${look}`,
    ],
    [
      'batching, model: big, costFactor: 0.5',
      `${models.replace('{inputUsdPerMtok: 3, outputUsdPerMtok: 15', '{inputUsdPerMtok: 1.5, outputUsdPerMtok: 7.5').replace('0.3,', '0.15,')}steps:\n${answer(', inputTokens: 1200}')}${look}`,
    ],
    ['fewer-steps, steps: [look]', `${models}steps:\n${answer(', inputTokens: 1200}')}\n`],
  ])('%s is the change that it stands for', (lever, byHand) => {
    const plain = `${models}steps:\n${answer(', inputTokens: 1200}')}${look}`;
    const basis = lever.startsWith('smaller') ? '' : ', assumed: true';
    const { effects } = effectsOf(`${plain}levers:\n  - {name: one, kind: ${lever}${basis}}\n`);
    const [effect] = effects.effects;
    expect(effects.usdPerResolved.value).toBeCloseTo(usdPerResolved(plain), 12);
    expect(effect?.usdPerResolved.value).toBeCloseTo(usdPerResolved(byHand), 12);
    expect(effect?.factor.value).not.toBeCloseTo(1, 2);
    expect(effects.together.usdPerResolved.value).toBeCloseTo(usdPerResolved(byHand), 12);
    expect(effects.interaction.value).toBeCloseTo(1, 9);
  });

  it('trims a conversation of ten turns: half of its 34,500 input tokens, all of its answers', () => {
    const talk =
      'steps:\n  - {name: talk, kind: llm, model: one, turns: 10, systemTokens: 1000, userTokens: 200, answerTokens: 300}\n';
    const { effects } = effectsOf(
      `unit: talk\nmodels:\n  one: {inputUsdPerMtok: 3, outputUsdPerMtok: 15}\n${talk}` +
        'levers:\n  - {name: window, kind: context-trimmed, inputShare: 0.5, assumed: true}\n',
    );
    expect(effects.usdPerResolved.value).toBeCloseTo(0.1485, 12);
    expect(effects.effects[0]?.usdPerResolved.value).toBeCloseTo(0.05175 + 0.045, 12);
  });

  it('lets a trimmed prompt fall into the tier of shorter ones', () => {
    const unit = readUnitFile(
      'unit: doc\nmodels:\n  one: {inputUsdPerMtok: 1}\nsteps:\n' +
        '  - {name: read, kind: llm, model: one, inputTokens: 300000}\nlevers:\n' +
        '  - {name: trim, kind: context-trimmed, inputShare: 0.5, assumed: true}\n',
      'unit.yaml',
    );
    const rates = (price: number) => ({
      input: exact(usdPerMtok(price)),
      output: exact(usdPerMtok(0)),
      cacheRead: exact(usdPerMtok(0)),
      cacheWrite: exact(usdPerMtok(price)),
    });
    const one: ModelPrice = {
      kind: 'per-token',
      rates: rates(1),
      tiers: [{ aboveInputTokens: 200_000, rates: rates(2) }],
      usdPerCall: exact(0),
      source: 'test',
    };
    const effects = leverEffects({ unit, prices: { one }, rates: {} }, unit.levers);
    expect(effects.usdPerResolved.value).toBeCloseTo(0.6, 12);
    expect(effects.effects[0]?.usdPerResolved.value).toBeCloseTo(0.15, 12);
  });

  it('may cost more where it resolves less: half the price at a third of the success', () => {
    const { effects } = effectsOf(
      `unit: t\nsuccessRate: 0.9\nmodels:\n  one: {usdPerCall: 0.1}\nsteps:\n  - {name: a, kind: llm, model: one, inputTokens: 1, calls: 1}\n`.replace(
        '{usdPerCall: 0.1}',
        '{inputUsdPerMtok: 100000}',
      ) +
        'levers:\n  - {name: q, kind: quantisation, model: one, costFactor: 0.5, successRate: 0.3, source: A/B test}\n',
    );
    expect(effects.usdPerResolved.value).toBeCloseTo(0.1 / 0.9, 9);
    expect(effects.effects[0]?.usdPerResolved.value).toBeCloseTo(0.05 / 0.3, 9);
    expect(effects.effects[0]?.factor.value).toBeCloseTo(1.5, 9);
  });
});

describe('levers together', () => {
  const call = 'steps:\n  - {name: a, kind: llm, model: one, inputTokens: 1000, outputTokens: 0}\n';
  const one = 'unit: t\nmodels:\n  one: {inputUsdPerMtok: 3, outputUsdPerMtok: 15}\n';

  it('multiply: 20 to 60 % and 50 % save 60 to 80 %', () => {
    const { effects } = effectsOf(
      `${one}${call}levers:\n  - {name: c, kind: context-trimmed, inputShare: 0.4..0.8, assumed: true}\n` +
        '  - {name: r, kind: response-cache, answeredShare: 0.5, assumed: true}\n',
    );
    expect(1 - (effects.stackedFactor.high ?? 0)).toBeCloseTo(0.6, 12);
    expect(1 - (effects.stackedFactor.low ?? 0)).toBeCloseTo(0.8, 12);
    expect(effects.together.factor.low).toBeCloseTo(0.2, 12);
    expect(effects.interaction).toMatchObject({ low: null });
    expect(effects.effects[1]?.stackedUsdPerResolved.value).toBeCloseTo(0.003 * 0.3, 12);
  });

  it('say what they save twice: a cache of prefixes and a shorter context', () => {
    const unit = `${one.replace('}', ', cacheReadUsdPerMtok: 0}')}${call.replace('outputTokens: 0', 'outputTokens: 100')}`;
    const { effects } = effectsOf(
      `${unit}levers:\n  - {name: c, kind: context-trimmed, inputShare: 0.5, assumed: true}\n` +
        '  - {name: p, kind: prefix-cache, cachedShare: 0.5, assumed: true}\n',
    );
    // 0.003 in + 0.0015 out; either halves the input: 2/3 each, 4/9 stacked, 0.00225 of 0.0045 together
    expect(effects.stackedFactor.value).toBeCloseTo(4 / 9, 12);
    expect(effects.together.factor.value).toBeCloseTo(0.5, 12);
    expect(effects.interaction.value).toBeCloseTo(9 / 8, 12);
  });

  it('stack to the product of their factors in any order, whatever they are', () => {
    const share = fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), share), { maxLength: 4 }), (drawn) => {
        const lines = drawn.map(([isCache, value], i) =>
          isCache
            ? `  - {name: l${i}, kind: response-cache, answeredShare: ${value / 2}, assumed: true}`
            : `  - {name: l${i}, kind: context-trimmed, inputShare: ${value}, assumed: true}`,
        );
        const file = (levers: string[]) =>
          effectsOf(
            `${one}${call}levers: ${levers.length === 0 ? '[]' : ''}\n${levers.join('\n')}\n`,
          );
        const { effects } = file(lines);
        const expected = drawn.reduce((p, [isCache, v]) => p * (isCache ? 1 - v / 2 : v), 1);
        expect(effects.stackedFactor.value).toBeCloseTo(expected, 9);
        expect(effects.together.factor.value).toBeCloseTo(expected, 9);
        const reversed = file([...lines].reverse()).effects;
        expect(reversed.stackedFactor.value).toBeCloseTo(expected, 9);
      }),
      { numRuns: 40 },
    );
  });

  it('leave no doubt in a factor that it does not depend on', () => {
    const file = `${one.replace('3,', '2..4,')}${call}`;
    const lever = 'levers:\n  - {name: c, kind: context-trimmed, inputShare: 0.5, assumed: true}\n';
    const { effects } = effectsOf(`${file}${lever}`);
    expect(effects.usdPerResolved.low).toBeCloseTo(0.002, 12);
    expect(effects.effects[0]?.factor).toEqual(exact(0.5));
  });

  it('are unknown where a price is, for its reason', () => {
    const file = `${one.replace('3,', 'unknown,')}${call}`;
    const lever = 'levers:\n  - {name: c, kind: context-trimmed, inputShare: 0.5, assumed: true}\n';
    const { effects } = effectsOf(`${file}${lever}`);
    expect(effects.effects[0]?.factor).toMatchObject({
      value: null,
      reason: expect.stringContaining('models.one.inputUsdPerMtok'),
    });
    expect(effects.stackedFactor.value).toBeNull();
  });
});

describe('levers with records', () => {
  /** A record of seven launches whose decode and prefill scatter by 2 %. */
  function scattered(id: string, speed: number, changes: Partial<BenchRecord> = {}): BenchRecord {
    const base = gpuRecord();
    const [launch] = base.launches;
    if (launch === undefined) throw new Error('no launch');
    const launches = [-3, -2, -1, 0, 1, 2, 3].map((k) => {
      const slower = (1 + 0.01 * k) / speed;
      const step = 10 * slower;
      return {
        ...launch,
        repetitions: [{ prefillMs: 100 * slower, stepMs: [step, step], runAheadMs: 16 }],
      };
    });
    const around = (median: number) => ({ median, low: median * 0.97, high: median * 1.03 });
    return gpuRecord({
      id,
      launches,
      prefill: { tokensPerSecond: around(5120 * speed), ttftMs: around(100 / speed) },
      decode: {
        tokensPerSecond: around(100 * speed),
        tpotMs: { p50: 10 / speed, p95: 12, p99: 15 },
        runAhead: null,
      },
      ...changes,
    });
  }
  records.set('f16', scattered('f16', 1));
  records.set('int4', scattered('int4', 2.5));
  records.set('elsewhere', scattered('elsewhere', 5, { run: 'another', device: null }));

  const hosted =
    'unit: t\nmodels:\n  one: {record: f16, usdPerGpuHour: 2.85}\nsteps:\n' +
    '  - {name: a, kind: llm, model: one, inputTokens: 1500, outputTokens: 300}\n';
  const quantised = (more: string) =>
    `${hosted}levers:\n  - {name: INT4, kind: quantisation, model: one, ${more}}\n`;

  it('take the factor from them: 2.5 times the rates at the price of the same hour', () => {
    const { effects, notes } = effectsOf(quantised('record: int4'));
    const [effect] = effects.effects;
    expect(effects.usdPerResolved.value).toBeCloseTo((2.85 / 3600) * (1500 / 5120 + 3), 9);
    expect(effect?.factor.value).toBeCloseTo(1 / 2.5, 12);
    const { low, high } = effect?.factor ?? { low: 0, high: 0 };
    expect(low).toBeGreaterThan(0.4 * 0.93);
    expect(high).toBeLessThan(0.4 * 1.07);
    expect(low).toBeLessThan(0.4);
    expect(high).toBeGreaterThan(0.4);
    expect(effect?.lever.basis).toEqual({ kind: 'measured', record: 'int4' });
    expect(notes).toHaveLength(1);
  });

  it('have no doubt between a record and itself', () => {
    const { effects } = effectsOf(quantised('record: f16, fromRecord: f16'));
    expect(effects.effects[0]?.factor.value).toBeCloseTo(1, 12);
    expect(effects.effects[0]?.factor.low ?? 1).toBeCloseTo(1, 9);
  });

  it('scale rates that were given by what two records say', () => {
    const given = quantised('record: int4, fromRecord: f16').replace(
      'record: f16, usdPerGpuHour: 2.85',
      'prefillTps: 20000, decodeTps: 2000, usdPerGpuHour: 2.85',
    );
    const { effects } = effectsOf(given);
    expect(effects.usdPerResolved.value).toBeCloseTo(0.000178125, 12);
    expect(effects.effects[0]?.usdPerResolved.value).toBeCloseTo(0.000178125 / 2.5, 12);
    expect(() => effectsOf(given.replace(', fromRecord: f16', ''))).toThrow(
      'INT4 needs fromRecord',
    );
  });

  it('say where two records differ in more than the lever', () => {
    const { notes } = effectsOf(quantised('record: elsewhere'));
    expect(notes.join('\n')).toContain('two devices, Invented GPU 9000 and an unknown device');
    const flag = { code: 'do-not-rank', field: 'decode', message: 'Launches scatter.' };
    records.set('shaky', scattered('shaky', 2, { flags: [flag] }));
    expect(effectsOf(quantised('record: shaky')).notes.join('\n')).toContain(
      'launches of shaky scatter',
    );
    const unit = readUnitFile(quantised('record: int4, fromRecord: f16'), 'unit.yaml');
    expect(recordsNamed(unit.levers)).toEqual([
      { path: ['levers', '0', 'record'], id: 'int4' },
      { path: ['levers', '0', 'fromRecord'], id: 'f16' },
    ]);
  });

  it('stand in a table of 100 columns, with what was measured and what assumed', () => {
    const file =
      `${quantised('record: int4')}  - {name: "${'long '.repeat(12)}", kind: response-cache, ` +
      'answeredShare: 0.2..0.4, assumed: true}\n' +
      '  - {name: "shorter\\e[31m", kind: context-trimmed, inputShare: 0.5, source: our logs, successRate: 0.9}\n';
    const lines = leversLines(effectsOf(file));
    const text = lines.join('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).toMatch(/^INT4 +measured +[\d.e-]+ +0\.400 +0\.3\d+ to 0\.4\d+ +60\.0 % /m);
    expect(text).toMatch(/^all at once/m);
    expect(text).toContain('Assumed, not measured: long');
    expect(text).toContain('90 % of the units are resolved, without it 100 %');
    expect(text).not.toContain('\u001b');
    const json = leversJson(effectsOf(file));
    expect(json.each.map(({ kind }) => kind)).toEqual([
      'quantisation',
      'response-cache',
      'context-trimmed',
    ]);
    expect(JSON.stringify(json).length).toBeLessThan(10_000);
  });
});

describe('levers of a file', () => {
  const file = (lever: string) =>
    `unit: t\nmodels:\n  one: {inputUsdPerMtok: 3}\n  two: {inputUsdPerMtok: 1}\nsteps:\n  - {name: a, kind: llm, model: one, inputTokens: 10}\nlevers:\n  - ${lever}\n`;

  it.each([
    ['{name: x, kind: magic, assumed: true}', 'unit.yaml:8: levers[0].kind'],
    ['{name: x, kind: context-trimmed, inputShare: 0.5}', 'what the figures rest on'],
    ['{name: x, kind: context-trimmed, assumed: true}', 'inputShare: is needed'],
    ['{name: x, kind: context-trimmed, inputShare: 0, assumed: true}', 'levers[0].inputShare'],
    ['{name: x, kind: context-trimmed, inputShare: .nan, assumed: true}', 'levers[0].inputShare'],
    ['{name: x, kind: response-cache, answeredShare: 1.5, assumed: true}', 'from 0 to 1'],
    ['{name: x, kind: response-cache, answeredShare: 0.5, steps: [b], assumed: true}', 'no step'],
    ['{name: x, kind: prefix-cache, assumed: true}', 'is needed where no conversation'],
    ['{name: x, kind: smaller-model, model: one, to: three}', 'names no model'],
    ['{name: x, kind: smaller-model, model: two, to: one}', 'answers no step'],
    ['{name: x, kind: smaller-model, model: one, to: two, inputShare: 1}', 'is nothing of'],
    ['{name: x, kind: quantisation, model: one, assumed: true}', 'either costFactor or record'],
    ['{name: x, kind: quantisation, model: one, record: r, assumed: true}', 'rest on one thing'],
    ['{name: x, kind: quantisation, model: one, costFactor: -1, assumed: true}', 'costFactor'],
    ['{name: x, kind: fewer-steps, assumed: true}', 'steps: is needed'],
  ])('%s is refused with line and field', (lever, message) => {
    expect(() => readUnitFile(file(lever), 'unit.yaml')).toThrow(message);
    expect(() => readUnitFile(file(lever), 'unit.yaml')).toThrow(/unit\.yaml:\d+: levers\[0\]/);
  });

  it('have names of their own, and are not too many', () => {
    const lever = '{name: x, kind: response-cache, answeredShare: 0.5, assumed: true}';
    expect(() => readUnitFile(file(`${lever}\n  - ${lever}`), 'unit.yaml')).toThrow(
      'another lever',
    );
    const many = Array.from({ length: 21 }, (_, i) => lever.replace('x', `x${i}`)).join('\n  - ');
    expect(() => readUnitFile(file(many), 'unit.yaml')).toThrow('levers');
    expect(readUnitFile(file(lever), 'unit.yaml').levers).toHaveLength(1);
  });
});

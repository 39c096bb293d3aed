import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { exact } from '../../src/economics/quantity.ts';
import { conversationTokens, turnTokens } from '../../src/economics/task/conversation.ts';
import type { ModelPrice } from '../../src/economics/task/model-price.ts';
import { modelPrices } from '../../src/economics/task/model-prices.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { unitCost } from '../../src/economics/task/unit-cost.ts';
import { usdPerMtok } from '../../src/economics/units.ts';

const noSource = () => {
  throw new Error('this file names no record and no API model');
};

const UNIT = `
unit: support ticket
successRate: 0.9
models:
  small: { inputUsdPerMtok: 1, outputUsdPerMtok: 4, cacheReadUsdPerMtok: 0.1, usdPerCall: 0.0001,
           successProbability: 0.7, maxAttempts: 2, escalateTo: large }
  large: { prefillTps: 20000, decodeTps: 2000, usdPerGpuHour: 2.85, gpus: 2, utilization: 0.4,
           successProbability: 0.8, maxAttempts: 3, escalateTo: person }
  person: { usdPerCall: 0.05, successProbability: 0.95 }
steps:
  - name: chat
    kind: llm
    model: small
    turns: 2..5
    systemTokens: 1000
    userTokens: 100..300
    answerTokens: { triangular: [50, 200, 800] }
    prefixCache: inputs
  - { name: plan, kind: llm, calls: { values: [0, 1, 4], weights: [1, 2, 1] }, model: large,
      inputTokens: 500..4500, outputTokens: { values: [100, 900], weights: [3, 1] },
      cachedShare: 0.25, responseCacheShare: 0.2 }
  - { name: search, kind: lookup, calls: { poisson: 2.5 }, usdPerCall: 0.0004,
      gb: 0..0.01, usdPerGb: 0.09 }
  - { name: embed, kind: embedding, calls: 1.4, inputTokens: 300, usdPerMtok: 0.02 }`;

/**
 * The same unit written out by hand, one coin at a time: no formula, no shared code but the generator of numbers.
 * Returns USD of a unit and whether all of its calls came back.
 */
function playUnit(rng: Rng): { usd: number; isBack: boolean } {
  const between = (low: number, high: number) => low + (high - low) * rng.uniform();
  let [usd, isBack] = [0, true];
  const gpuSecond = (2.85 * 2) / 3600 / 0.4;
  const person = () => {
    usd += 0.05;
    if (rng.uniform() >= 0.95) isBack = false;
  };
  const large = (fresh: number, output: number) => {
    for (let attempt = 0; attempt < 3; attempt++) {
      usd += gpuSecond * (fresh / 20_000 + output / 2000);
      if (rng.uniform() < 0.8) return;
    }
    person();
  };
  const small = (prompt: number, read: number, output: number) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      usd += ((prompt - read) * 1 + read * 0.1 + output * 4) / 1e6 + 0.0001;
      if (rng.uniform() < 0.7) return;
    }
    large(prompt, output);
  };
  const triangular = () => {
    // by rejection
    for (;;) {
      const x = between(50, 800);
      const density = x < 200 ? (x - 50) / 150 : (800 - x) / 600;
      if (rng.uniform() < density) return x;
    }
  };
  const turns = rng.integer(2, 6);
  const said: number[] = [1000];
  let sentBefore = 0;
  for (let turn = 0; turn < turns; turn++) {
    said.push(between(100, 300));
    const prompt = said.reduce((a, b) => a + b, 0);
    const answer = triangular();
    small(prompt, sentBefore, answer);
    sentBefore = prompt;
    said.push(answer);
  }
  const pick = rng.uniform();
  const plans = pick < 0.25 ? 0 : pick < 0.75 ? 1 : 4;
  for (let call = 0; call < plans; call++) {
    if (rng.uniform() < 0.2) continue;
    const [prompt, output] = [between(500, 4500), rng.uniform() < 0.75 ? 100 : 900];
    // what the larger model's own cache holds takes no time there
    large(prompt * 0.75, output);
  }
  // arrivals of a Poisson process in 2.5 units of time
  const wait = () => -Math.log(1 - rng.uniform());
  for (let at = wait(); at < 2.5; at += wait()) {
    usd += 0.0004 + between(0, 0.01) * 0.09;
  }
  const embeds = rng.uniform() < 0.4 ? 2 : 1;
  usd += (embeds * 300 * 0.02) / 1e6;
  if (rng.uniform() >= 0.9) isBack = false;
  return { usd, isBack };
}

describe('a unit of everything against a simulator that knows no formula', () => {
  const unit = readUnitFile(UNIT, 'unit.yaml');
  const prices = modelPrices(unit, { record: noSource, api: noSource });
  const UNITS = 60_000;
  const cost = unitCost(unit, prices, { seed: 3, units: UNITS });
  const rng = new Rng('brute-force', 5);
  const played = Array.from({ length: UNITS }, () => playUnit(rng));
  const mean = played.reduce((sum, { usd }) => sum + usd, 0) / UNITS;
  const variance = played.reduce((sum, { usd }) => sum + (usd - mean) ** 2, 0) / UNITS;
  const error = Math.sqrt(variance / UNITS);

  it('has their mean, within four standard errors', () => {
    expect(cost.spread.units).toBe(UNITS);
    expect(error / mean).toBeLessThan(0.01);
    expect(Math.abs((cost.usdPerUnit.value ?? 0) - mean)).toBeLessThan(4 * error);
    expect(Math.abs(cost.spread.meanUsd - (cost.usdPerUnit.value ?? 0))).toBeLessThan(4 * error);
  });

  it('has their share of resolved units', () => {
    const share = played.filter(({ isBack }) => isBack).length / UNITS;
    const shareError = Math.sqrt((share * (1 - share)) / UNITS);
    expect(Math.abs((cost.resolvedShare.value ?? 0) - share)).toBeLessThan(4 * shareError);
    expect(Math.abs(cost.spread.resolvedShare - share)).toBeLessThan(6 * shareError);
  });

  it('has their percentiles', () => {
    const sorted = played.map(({ usd }) => usd).sort((a, b) => a - b);
    const at = (p: number) => sorted[Math.round(p * UNITS)] ?? 0;
    expect(cost.spread.p5Usd / at(0.05)).toBeCloseTo(1, 1.5);
    expect(cost.spread.p50Usd / at(0.5)).toBeCloseTo(1, 1.5);
    expect(cost.spread.p95Usd / at(0.95)).toBeCloseTo(1, 1.5);
  });

  it('adds up: steps to the unit, models and fees to the steps', () => {
    const sum = cost.steps.reduce((total, { usd }) => total + (usd.value ?? Number.NaN), 0);
    expect(sum).toBeCloseTo(cost.usdPerUnit.value ?? 0, 12);
    const shares = cost.steps.reduce((total, { share }) => total + (share.value ?? 0), 0);
    expect(shares).toBeCloseTo(1, 12);
  });

  it('is exact: no input is uncertain, however much units differ', () => {
    expect(cost.usdPerUnit).toMatchObject({ low: null, high: null });
    expect(cost.spread.p95Usd).toBeGreaterThan(2 * cost.spread.p5Usd);
    expect(cost.tornado).toEqual([]);
  });
});

describe('growing context', () => {
  const tokens = fc.integer({ min: 0, max: 5000 });
  const shape = fc.record({
    system: tokens,
    user: tokens,
    answer: tokens,
    prefixCache: fc.constantFrom('none' as const, 'inputs' as const, 'inputs-and-answers' as const),
  });

  it('is what one gets by keeping a list of all that was said', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), shape, (turns, given) => {
        const said = [given.system];
        let [fresh, read, output, held] = [0, 0, 0, 0];
        for (let turn = 1; turn <= turns; turn++) {
          said.push(given.user);
          const prompt = said.reduce((a, b) => a + b, 0);
          read += held;
          fresh += prompt - held;
          output += given.answer;
          said.push(given.answer);
          if (given.prefixCache === 'inputs') held = prompt;
          if (given.prefixCache === 'inputs-and-answers') held = prompt + given.answer;
        }
        const billed = conversationTokens(turns, given);
        expect(billed.freshInput + billed.cacheWrite).toBe(fresh);
        expect(billed.cacheRead).toBe(read);
        expect(billed.output).toBe(output);
        const each = Array.from({ length: turns }, (_, i) => turnTokens(i + 1, given));
        expect(each.reduce((sum, { cacheRead }) => sum + cacheRead, 0)).toBe(read);
      }),
    );
  });
});

describe('rates that depend on the length of a prompt', () => {
  const rates = (input: number) => ({
    input: exact(usdPerMtok(input)),
    output: exact(usdPerMtok(0)),
    cacheRead: exact(usdPerMtok(0)),
    cacheWrite: exact(usdPerMtok(0)),
  });
  const price: ModelPrice = {
    kind: 'per-token',
    rates: rates(1),
    tiers: [
      { aboveInputTokens: 1000, rates: rates(2) },
      { aboveInputTokens: 3000, rates: rates(5) },
    ],
    usdPerCall: exact(0),
    source: 'a test',
  };
  const costOf = (tokens: string) => {
    const unit = readUnitFile(
      `{ unit: u, models: { m: { inputUsdPerMtok: 1 } }, steps: [{ kind: llm, model: m, ${tokens} }] }`,
      'unit.yaml',
    );
    return unitCost(unit, { m: price }, { units: 40_000 });
  };

  it('are averaged over the lengths of prompts, not taken at the average length', () => {
    // ∫ x·rate(x) over 0..4000: (0.5·1 + (9 − 1)/2·2 + (16 − 9)/2·5) · 10⁶ / 4000 = 6500 per million
    const { usdPerUnit, spread } = costOf('inputTokens: 0..4000');
    expect(usdPerUnit.value).toBeCloseTo(0.0065, 12);
    expect(spread.meanUsd / 0.0065).toBeCloseTo(1, 1.5);
    const triangular = costOf('inputTokens: { triangular: [0, 500, 4000] }');
    const ratio = triangular.spread.meanUsd / (triangular.usdPerUnit.value ?? 0);
    expect(ratio).toBeCloseTo(1, 1.5);
  });

  it('hold turn by turn in a conversation', () => {
    // prompts of 600, 1200, …, 3600 tokens: 1 at 1, 4 at 2, 1 at 5
    const { usdPerUnit, notes } = costOf('turns: 6, userTokens: 600');
    const sum = 600 + 2 * (1200 + 1800 + 2400 + 3000) + 5 * 3600;
    expect(usdPerUnit.value).toBeCloseTo(sum / 1e6, 12);
    expect(notes).toEqual([]);
    expect(costOf('turns: 6, userTokens: 500..700').notes).toHaveLength(1);
  });
});

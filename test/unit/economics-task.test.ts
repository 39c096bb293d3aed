import { describe, expect, it } from 'vitest';
import { modelPrices } from '../../src/economics/task/model-prices.ts';
import { readUnitFile } from '../../src/economics/task/read-unit-file.ts';
import { unitCost } from '../../src/economics/task/unit-cost.ts';

const noSource = () => {
  throw new Error('this file names no record and no API model');
};

/** The cost of the unit that a file describes, its prices all in the file. */
function costOf(text: string, options?: Parameters<typeof unitCost>[2]) {
  const unit = readUnitFile(text, 'unit.yaml');
  return unitCost(unit, modelPrices(unit, { record: noSource, api: noSource }), options);
}

describe('worked examples', () => {
  it('retries: 0.01 a call, p = 0.8, three attempts', () => {
    const cost = costOf(`
unit: answer
steps:
  - { kind: tool, usdPerCall: 0.01, successProbability: 0.8, maxAttempts: 3 }`);
    expect(cost.steps[0]?.attempts.value).toBeCloseTo(1.24, 12);
    expect(cost.usdPerAttempt.value).toBeCloseTo(0.01, 12);
    expect(cost.usdPerUnit.value).toBeCloseTo(0.0124, 12);
    expect(cost.resolvedShare.value).toBeCloseTo(0.992, 12);
    expect(cost.usdPerResolved.value).toBeCloseTo(0.0125, 12);
  });

  it('escalation: a person at $5 takes over what failed', () => {
    const cost = costOf(`
unit: answer
models: { person: { usdPerCall: 5 } }
steps:
  - { kind: tool, usdPerCall: 0.01, successProbability: 0.8, maxAttempts: 3, escalateTo: person }`);
    expect(cost.usdPerUnit.value).toBeCloseTo(0.0524, 12);
    expect(cost.resolvedShare.value).toBe(1);
    expect(cost.usdPerResolved.value).toBeCloseTo(0.0524, 12);
    expect(cost.models[0]).toMatchObject({ model: 'person' });
    expect(cost.models[0]?.attempts.value).toBeCloseTo(0.008, 12);
  });

  it('a conversation of ten turns: 34,500 tokens in, 3,000 out, $0.1485 at $3 and $15', () => {
    const cost = costOf(`
unit: conversation
models: { m: { inputUsdPerMtok: 3, outputUsdPerMtok: 15 } }
steps:
  - { kind: llm, model: m, turns: 10, systemTokens: 1000, userTokens: 200, answerTokens: 300 }`);
    expect(cost.models[0]?.inputTokens.value).toBe(34_500);
    expect(cost.models[0]?.outputTokens.value).toBe(3000);
    expect(cost.usdPerUnit.value).toBeCloseTo(0.1485, 12);
  });

  it('the residual of a claim: 2 to 5 calls at $0.01, 5 to 12 others to reach $0.40', () => {
    const cost = costOf(`
unit: task
postedCallUsd: 0.01
claimedUsd: 0.40
steps:
  - { kind: llm, calls: 2..5, usdPerCall: 0.01 }
  - { kind: lookup, calls: 3..7 }
  - { kind: embedding, calls: 1..3 }
  - { kind: moderation, calls: 1..2 }`);
    expect(cost.usdPerUnit.value).toBeNull();
    expect(cost.knownUsdPerUnit.value).toBeCloseTo(0.035, 12);
    const needed = cost.residual?.neededPerCall;
    expect(needed?.steps).toEqual(['lookup', 'embedding', 'moderation']);
    expect(needed?.lowUsd).toBeCloseTo(0.35 / 12, 12); // 0.0292
    expect(needed?.highUsd).toBeCloseTo(0.38 / 5, 12); // 0.076
  });

  it('the residual of a claim counts the turns of a conversation as calls', () => {
    const cost = costOf(`
unit: task
claimedUsd: 0.40
models: { m: { inputUsdPerMtok: 0, outputUsdPerMtok: 100 } }
steps:
  - { kind: llm, model: m, turns: 2..5, systemTokens: 0, userTokens: 0, answerTokens: 100 }
  - { kind: lookup, calls: 5..12, usdPerCall: 0 }`);
    expect(cost.residual?.neededPerCall?.lowUsd).toBeCloseTo(0.35 / 12, 12);
    expect(cost.residual?.neededPerCall?.highUsd).toBeCloseTo(0.38 / 5, 12);
  });

  it('multipliers: $0.40 over a posted call of $0.01 is 40, over $0.003 133.3', () => {
    const file = (posted: number) =>
      `{ unit: task, postedCallUsd: ${posted}, steps: [{ kind: llm, calls: 4, usdPerCall: 0.1 }] }`;
    expect(costOf(file(0.01)).multipliers?.unit.value).toBeCloseTo(40, 10);
    expect(costOf(file(0.003)).multipliers?.resolved.value).toBeCloseTo(133.3333, 4);
  });
});

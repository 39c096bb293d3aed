import { afterAll, expect, it } from 'vitest';
import type { Operation } from '../../bench/kernels/operation.ts';
import { choiceId } from '../../bench/kernels/search.ts';
import { attentionShapeOf, productShapeOf, tuneOperation } from '../../bench/kernels/tune.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { newTable } from '../../src/hosts/node/tuned-tables.ts';
import {
  attentionCandidates,
  productCandidates,
} from '../../src/model/decoder/kernel-candidates.ts';
import { defaultChoices } from '../../src/model/decoder/kernel-choice.ts';
import { tunedChoices } from '../../src/model/decoder/tuned-choices.ts';
import { adapterIdentity } from '../../src/model/decoder/tuned-table.ts';
import { openTestDevice } from '../support/gpu.ts';

const gpu = await openTestDevice({ safety: 'native' });
afterAll(() => gpu.dispose());

const quick = { sampleMs: 2, coldBytes: 2 ** 20 };
const product = { kind: 'product', format: 'int4', rows: 2, k: 160, n: 192 } as const;
const attending = {
  kind: 'attention',
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  kv: 'f16',
  position: 299,
  seq: 1,
} as const;

async function tableOf(operation: Operation, budgetMs: number) {
  const entry = await tuneOperation(gpu, nodeHost, operation, { ...quick, budgetMs });
  expect(entry.skipped).toEqual([]);
  expect(entry.operation).toEqual(operation);
  expect(entry.ms).toBeGreaterThan(0);
  expect(entry.ms).toBeLessThanOrEqual((entry.defaultMs ?? 0) * 1.5);
  expect(entry.tried).toBeGreaterThan(0);
  expect(entry.candidates).toBeGreaterThanOrEqual(entry.tried - 1);
  return {
    entry,
    table: { ...(await newTable(adapterIdentity(gpu.info), new Date())), entries: [entry] },
  };
}

it('tunes a product, and the decoder takes what was found', async () => {
  const { entry, table } = await tableOf(product, 2000);
  const shape = productShapeOf(product);
  const choices = tunedChoices(gpu, table);
  expect(choiceId(choices.product(shape))).toBe(choiceId(entry.choice));
  expect([choices.found, choices.missing]).toEqual([1, 0]);
  expect(productCandidates(gpu, shape).length).toBe(entry.candidates);
});

it('tunes attention over a cache', async () => {
  const { entry, table } = await tableOf(attending, 2000);
  const choices = tunedChoices(gpu, table);
  expect(choiceId(choices.attention(attentionShapeOf(attending)))).toBe(choiceId(entry.choice));
  expect(attentionCandidates(gpu, attentionShapeOf(attending)).length).toBe(entry.candidates);
});

it('skips and notes what is wrong or does not compile', async () => {
  // Sums over lanes go by halves, so that three lanes lose one; no thread makes no rows.
  const wrong = { kernel: 'matvec', tunables: { wg: 33, lanes: 3, rows: 2 } } as const;
  const broken = { kernel: 'matvec', tunables: { wg: 32, lanes: 1, rows: 0 } } as const;
  const right = { kernel: 'matvec', tunables: { wg: 32, lanes: 1, rows: 2 } } as const;
  const candidates = [wrong, broken, right];
  const entry = await tuneOperation(gpu, nodeHost, product, {
    ...quick,
    budgetMs: 6000,
    candidates,
  });
  const reasons = new Map(entry.skipped.map(({ choice, reason }) => [choiceId(choice), reason]));
  expect([...reasons.keys()].sort()).toEqual([wrong, broken].map(choiceId).sort());
  expect(reasons.get(choiceId(wrong))).toContain('wrong result');
  expect(reasons.get(choiceId(broken))).toMatch(/^(compile|internal|validation)/);
  const possible = [right, defaultChoices(gpu).product(productShapeOf(product))].map(choiceId);
  expect(possible).toContain(choiceId(entry.choice));
});

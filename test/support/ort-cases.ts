import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../src/backends/ort/engines.ts';
import type { WeightFormat } from '../../src/core/cell.ts';
import { createOrtBench, nmse, type OrtBench, someTokens } from './ort.ts';
import { packSynthetic } from './packed-model.ts';
import { generateGreedy, openReference } from './reference.ts';

type Case = [preset: string, weights: WeightFormat];

/** Every format meets odd dimensions, and every feature is there once. */
export const allCases: readonly Case[] = [
  ['test-odd', 'f32'],
  ['test-odd', 'f16'],
  ['test-odd', 'int8'],
  ['test-odd', 'int4'],
  ['test-gqa7', 'int4'],
  ['test-gqa7', 'int8'],
  ['test-qknorm', 'int4'],
  ['test-mha-untied', 'f16'],
  ['test-wide-head', 'int4'],
  ['test-rope-llama3', 'int8'],
];

/** Longer than the prompt length at which the WebGPU provider changes to another attention kernel. */
const PROMPT = 40;

/** Fewer, for engines that take seconds to compile each. */
export const fewCases: readonly Case[] = [
  ['test-odd', 'f32'],
  ['test-odd', 'int8'],
  ['test-odd', 'int4'],
  ['test-gqa7', 'int4'],
  ['test-qknorm', 'int8'],
  ['test-mha-untied', 'f16'],
];

/** Checks an engine against the oracle; declared inside a `describe`. */
export function checkAgainstReference(engine: Engine, cases = allCases): void {
  let bench: OrtBench;
  beforeAll(async () => {
    bench = await createOrtBench(engine);
  });
  afterAll(() => bench.dispose());

  it.each([...cases])(
    '%s %s: logits and greedy tokens are those of the reference',
    async (...model) => {
      const [preset, weights] = model;
      const packed = await packSynthetic(`synthetic:${preset}`, weights);
      const tokens = someTokens(PROMPT, packed.config.vocab);
      const reference = await openReference(packed);
      const expectedLogits = await reference.logits(tokens);
      await reference.rewind(0);
      const expectedTokens = await generateGreedy(reference, tokens, 12);

      const session = await bench.open(packed);
      expect(await generateGreedy(session, tokens, 12)).toEqual(expectedTokens);
      expect(session.position).toBe(PROMPT + 11);
      await session.rewind(0);
      expect(nmse(await session.logits(tokens), expectedLogits)).toBeLessThan(1e-9);
      await session.dispose();
    },
  );

  it('predicts the same whether tokens come one by one or at once, after any rewind', async () => {
    const model = await packSynthetic('synthetic:test-1m', 'int4');
    const session = await bench.open(model);
    const prompt = someTokens(10, model.config.vocab);
    const [generated = []] = await generateGreedy(session, prompt, 9);
    await session.rewind(10);
    const atOnce = await session.prefill(Int32Array.from(generated.slice(0, 8)));
    expect(atOnce).toEqual(Int32Array.of(generated[8] ?? -1));
    await session.rewind(14);
    const again = await session.prefill(Int32Array.from(generated.slice(4, 8)));
    expect(again).toEqual(atOnce);
    await session.dispose();
  });

  it('advances three sequences as the reference does, also after a depth', async () => {
    const model = await packSynthetic('synthetic:test-gqa7', 'int8');
    const { vocab } = model.config;
    const options = { batch: 3, contextTokens: 96 };
    const session = await bench.open(model, options);
    const reference = await openReference(model, options);
    for (const seq of [7, PROMPT]) {
      const prompt = someTokens(3 * seq, vocab, seq);
      const expected = await generateGreedy(reference, prompt, 5);
      expect(await generateGreedy(session, prompt, 5)).toEqual(expected);
    }
    expect(session.position).toBe(7 + PROMPT + 8);
    await session.dispose();
  });

  it('goes on from logits as from a prefill', async () => {
    const model = await packSynthetic('synthetic:test-mha-untied', 'int4');
    const session = await bench.open(model);
    const tokens = someTokens(6, model.config.vocab);
    const expected = await generateGreedy(session, tokens, 4);
    await session.rewind(0);
    await session.logits(tokens);
    const steps: number[] = [];
    await session.decode(3, ([token = -1]) => steps.push(token));
    expect(steps).toEqual(expected[0]?.slice(1));
    await session.dispose();
  });

  it('counts the bytes of weights and cache, and none once disposed of', async () => {
    const model = await packSynthetic('synthetic:test-1m', 'int4');
    const session = await bench.open(model, { batch: 2, contextTokens: 64 });
    const { layers, kvHeads, headDim } = model.config;
    const full = 2 * layers * 2 * kvHeads * 64 * headDim * 4;
    await session.prefill(someTokens(2 * 63, model.config.vocab));
    await session.decode(1);
    const { kvCacheBytes, weightsBytes } = session.memory();
    expect(kvCacheBytes).toBe(full);
    const quantised = [...model.tensors.values()].filter(({ format }) => format === 'int4');
    // 4 bits a code and f32 scales
    const codes = quantised.reduce((sum, { rows, cols }) => sum + rows * cols * (0.5 + 4 / 32), 0);
    expect(weightsBytes).toBeGreaterThan(codes);
    await session.rewind(0);
    await session.dispose();
    await session.dispose();
    expect(session.memory()).toMatchObject({ kvCacheBytes: 0, weightsBytes: 0 });
    await expect(session.prefill(Int32Array.of(1, 2))).rejects.toMatchObject({ code: 'internal' });
  });
}

import { describe, expect, it } from 'vitest';
import { KvCache } from '../../src/backends/reference/kv-cache.ts';
import { Rng } from '../../src/core/rng.ts';
import { presets } from '../../src/model/presets.ts';
import type { ModelSource } from '../../src/model/source.ts';
import { openSynthetic } from '../../src/model/synthetic.ts';
import { packInMemory, packSynthetic } from '../support/packed-model.ts';
import { generateGreedy, openReference } from '../support/reference.ts';

function prompt(length: number, vocab: number, seed = 0): Int32Array {
  const rng = new Rng('prompt', seed);
  return Int32Array.from({ length }, () => rng.integer(0, vocab));
}

/** Largest difference and largest value, so that a tolerance can be relative and is never vacuous. */
function compare(a: Float32Array, b: Float32Array) {
  expect(a.length).toBe(b.length);
  let worst = 0;
  let largest = 0;
  a.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - (b[i] ?? Number.NaN)));
    largest = Math.max(largest, Math.abs(value));
  });
  return { worst, largest };
}

/** A source whose tensors named in `changes` are replaced. */
function altered(source: ModelSource, changes: Record<string, (i: number) => number>): ModelSource {
  return {
    ...source,
    async readRows(tensor, firstRow, rowCount) {
      const rows = await source.readRows(tensor, firstRow, rowCount);
      const part = tensor.slice(tensor.lastIndexOf('.') + 1);
      const change = changes[part];
      return change ? rows.map((_, i) => change(i)) : rows;
    },
  };
}

describe.each(['test-odd', 'test-gqa7', 'test-qknorm', 'test-mha-untied', 'test-rope-llama3'])(
  'reference backend on %s',
  (preset) => {
    const { vocab } = presets[preset as keyof typeof presets].config;
    const tokens = prompt(24, vocab);

    it('gives the same logits for a prompt in one piece, in chunks and token by token', async () => {
      const model = await packSynthetic(`synthetic:${preset}`, 'int8');
      const session = await openReference(model);
      const whole = await session.logits(tokens);
      expect(session.position).toBe(24);
      for (const pieces of [[24], [1, 23], [7, 9, 8], new Array<number>(24).fill(1)]) {
        await session.rewind(0);
        const parts: number[] = [];
        for (const length of pieces) {
          const start = session.position;
          parts.push(...(await session.logits(tokens.slice(start, start + length))));
        }
        expect(compare(Float32Array.from(parts), whole).worst).toBe(0);
      }
    });

    it('decodes what a prefill of the same tokens predicts', async () => {
      const model = await packSynthetic(`synthetic:${preset}`, 'f16');
      const session = await openReference(model);
      const [generated = []] = await generateGreedy(session, tokens, 12);
      expect(session.position).toBe(24 + 11);
      const all = Int32Array.of(...tokens, ...generated);
      await session.rewind(0);
      for (let i = 0; i < 12; i++) {
        await session.rewind(0);
        const [next] = await session.prefill(all.slice(0, 24 + i));
        expect(next).toBe(generated[i]);
      }
    });

    it('runs a batch as it runs each sequence alone', async () => {
      const model = await packSynthetic(`synthetic:${preset}`, 'int4');
      const prompts = [tokens, prompt(24, vocab, 1), prompt(24, vocab, 2)];
      const together = await openReference(model, { batch: 3 });
      const flat = Int32Array.from(prompts.flatMap((p) => [...p]));
      const batched = await generateGreedy(together, flat, 8);
      for (const [i, one] of prompts.entries()) {
        const alone = await openReference(model);
        expect(await generateGreedy(alone, one, 8)).toEqual([batched[i]]);
      }
    });
  },
);

describe('reference backend', () => {
  it('reduces to embedding, norm and head where the branches add nothing', async () => {
    const source = altered(await openSynthetic('synthetic:test-mha-untied'), {
      o: () => 0,
      down: () => 0,
      embed: (i) => (i % 60 === 0 ? 3 : i % 60 === 1 ? -4 : 0), // every token: [3, −4, 0, …]
      finalNorm: (i) => (i === 0 ? 2 : 1),
      head: (i) => (i === 60 ? 1 : i === 121 ? 1 : 0), // token 1 reads element 0, token 2 element 1
    });
    const session = await openReference(await packInMemory(source, 'f32'));
    const logits = await session.logits(Int32Array.of(5, 6));
    const scale = 1 / Math.sqrt(25 / 60 + 1e-5);
    for (const row of [0, 512]) {
      expect(logits[row]).toBe(0);
      expect(logits[row + 1]).toBeCloseTo(6 * scale, 5);
      expect(logits[row + 2]).toBeCloseTo(-4 * scale, 5);
    }
    await session.rewind(0);
    expect([...(await session.prefill(Int32Array.of(9)))]).toEqual([1]);
  });

  it('keeps a cache of 8 bits close to one of 32, and not the same', async () => {
    const model = await packSynthetic('synthetic:test-1m', 'f32');
    const tokens = prompt(24, model.config.vocab, 3);
    const exact = await (await openReference(model, { kv: 'f32' })).logits(tokens);
    const rounded = await (await openReference(model, { kv: 'int8' })).logits(tokens);
    const power = exact.reduce((sum, v) => sum + v * v, 0);
    const nmse = exact.reduce((sum, v, i) => sum + (v - (rounded[i] ?? 0)) ** 2, 0) / power;
    expect(nmse).toBeGreaterThan(1e-8);
    expect(nmse).toBeLessThan(1e-3);
  });

  it('uses every tensor of a model', async () => {
    for (const [preset, parts] of Object.entries({
      'test-gqa7': [
        'qBias',
        'kBias',
        'vBias',
        'q',
        'k',
        'v',
        'o',
        'gate',
        'up',
        'down',
        'attnNorm',
      ],
      'test-qknorm': ['qNorm', 'kNorm', 'mlpNorm', 'finalNorm', 'embed'],
      'test-mha-untied': ['head', 'embed'],
    })) {
      const source = await openSynthetic(`synthetic:${preset}`);
      const tokens = prompt(6, source.config.vocab);
      const plain = await (await openReference(await packInMemory(source, 'f32'))).logits(tokens);
      for (const part of parts) {
        const changed = altered(source, { [part]: (i) => 0.5 + 0.01 * (i % 7) });
        const session = await openReference(await packInMemory(changed, 'f32'));
        const { worst } = compare(await session.logits(tokens), plain);
        expect(worst, `${part} of ${preset}`).toBeGreaterThan(1e-3);
      }
    }
  });

  it('forgets what a rewind drops', async () => {
    const session = await openReference(await packSynthetic('synthetic:test-odd', 'f32'));
    const tokens = prompt(20, 509);
    const whole = await session.logits(tokens);
    await session.rewind(0);
    await session.prefill(tokens.slice(0, 8));
    await session.prefill(prompt(10, 509, 9));
    await session.rewind(8);
    expect(session.position).toBe(8);
    const rest = await session.logits(tokens.slice(8));
    expect(compare(rest, whole.slice(8 * 509)).worst).toBe(0);
  });

  it('rounds only the cache for an f16 cache', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'f32');
    const tokens = prompt(32, 509);
    const exact = await (await openReference(model)).logits(tokens);
    const session = await openReference(model, { kv: 'f16' });
    expect(session.variant).toEqual({ weights: 'f32', kv: 'f16', activations: 'f32' });
    const { worst, largest } = compare(await session.logits(tokens), exact);
    expect(worst).toBeGreaterThan(1e-6);
    expect(worst / largest).toBeLessThan(5e-3);
  });

  it('refuses what it cannot do', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'f32');
    await expect(openReference(model, { contextTokens: 1025 })).rejects.toThrow(/1024 tokens/);
    const session = await openReference(model, { contextTokens: 4 });
    await expect(session.prefill(Int32Array.of(509))).rejects.toThrow(/Token 509/);
    await expect(session.decode(1)).rejects.toThrow(/decode before any prefill/);
    await session.prefill(Int32Array.of(1, 2, 3));
    await expect(session.decode(2)).rejects.toThrow(/No room/);
    expect(session.position).toBe(3);
    await session.dispose();
    await session.dispose();
    await expect(session.decode(1)).rejects.toThrow(/disposed/);
  });
});

describe('KvCache', () => {
  it('rounds to the nearest f16, ties to even', () => {
    const config = { ...presets['test-odd'].config, layers: 1, kvHeads: 1, headDim: 2 };
    const cache = new KvCache(config, 1, 3, 'f16');
    const k = Float64Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11);
    const { keys, values } = cache.append(0, 0, 1, k, Float64Array.of(0.1, 65519));
    expect([...keys]).toEqual([0, 0, 1, 1 + 2 ** -9, 0, 0]);
    expect([...values]).toEqual([0, 0, 0.0999755859375, 65504, 0, 0]);
  });
});

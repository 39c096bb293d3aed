import { describe, expect, it } from 'vitest';
import { decodeStepWork, prefillWork } from '../../src/model/work.ts';
import { tinyConfig } from '../support/fake-backend.ts';

/*
 * By hand for vocab 100, dim 8, hiddenDim 16, one layer, 2 heads and 1 KV head of 4:
 * matrices q 8·8 + k 4·8 + v 4·8 + o 8·8 + gate, up, down 3·16·8 = 576; head 100·8 = 800; norms 3·8 = 24.
 * A token that looks at another: 4 · 1 layer · 2 heads · 4 = 32 operations.
 */
const MATRICES = 576;
const HEAD = 800;
const NORMS = 24;
const workload = { promptTokens: 3, generatedTokens: 5, depth: 2, batch: 2 };
const request = { config: tinyConfig, weights: 'f16', kv: 'f16', workload } as const;

describe('prefillWork', () => {
  it('counts weights once, the cache of 2 + 3 tokens, causal attention, and the head on last tokens', () => {
    const { bytes, flops } = prefillWork(request);
    // Keys and values of one head of 4 in f16: 2 · 8 bytes a token and sequence.
    expect(bytes).toBe(2 * (MATRICES + HEAD + NORMS) + 2 * 5 * 16);
    // New tokens look at 3, 4 and 5 tokens.
    expect(flops).toBe(2 * 2 * (3 * MATRICES + HEAD) + 2 * (3 + 4 + 5) * 32);
  });

  it('reads only the rows it needs of an embedding table that is no head', () => {
    const config = { ...tinyConfig, tied: false };
    const { bytes } = prefillWork({ ...request, config });
    expect(bytes - prefillWork(request).bytes).toBe(2 * 3 * 8 * 2);
  });
});

describe('decodeStepWork', () => {
  it('is the mean of all steps', () => {
    const { bytes, flops } = decodeStepWork(request);
    // Before the five steps 5 to 9 tokens are cached, 7 on average; each step reads them and writes one.
    expect(bytes).toBe(2 * (MATRICES + HEAD + NORMS) + 2 * (7 + 1) * 16);
    expect(flops).toBe(2 * 2 * (MATRICES + HEAD) + 2 * 8 * 32);
  });

  it('reads quantised weights with their scales', () => {
    const config = { ...tinyConfig, dim: 32, hiddenDim: 64, headDim: 16 };
    const { bytes } = decodeStepWork({ ...request, config, weights: 'int4', kv: 'f32' });
    // Blocks of 32 in 18 bytes: q 32, k 16, v 16, o 32 rows of one block, gate and up 64, down 32 of two.
    const blocks = 32 + 16 + 16 + 32 + 64 + 64 + 32 * 2 + 100;
    expect(bytes).toBe(18 * blocks + 2 * 3 * 32 + 2 * 8 * 2 * 16 * 4);
  });

  it('starts from one token where there is no prompt', () => {
    const without = { ...workload, promptTokens: 0 };
    const one = { ...workload, promptTokens: 1 };
    expect(decodeStepWork({ ...request, workload: without })).toEqual(
      decodeStepWork({ ...request, workload: one }),
    );
  });
});

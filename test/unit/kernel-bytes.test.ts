import { describe, expect, it } from 'vitest';
import { attentionMerge } from '../../kernels/attention-merge.ts';
import { rmsnorm } from '../../kernels/rmsnorm.ts';
import type { KernelSpec } from '../../src/gpu/kernel.ts';
import type { BoundKernel } from '../../src/gpu/program.ts';
import type { RunShape } from '../../src/model/decoder/buffers.ts';
import { kernelBytes } from '../../src/model/decoder/kernel-bytes.ts';
import type { DecoderWeights } from '../../src/model/decoder/weights.ts';
import { presets } from '../../src/model/presets.ts';

const { config } = presets['llama-3.1-8b'];
const shape: RunShape = {
  config,
  batch: 2,
  capacity: 4096,
  maxRows: 1024,
  kv: 'f16',
  activations: 'f16',
};
const matrix = { format: 'int4', n: 0, k: 0, slices: [] } as const;
const layer = { qkv: matrix, o: matrix, gateUp: matrix, down: matrix };
const weights = { embed: matrix, head: matrix, layers: [layer] } as unknown as DecoderWeights;

function bytesOf(
  name: string,
  role: string,
  dims: Record<string, number> = {},
  rows = 2,
): number | null {
  const spec = { ...rmsnorm, name } satisfies KernelSpec;
  const instance = { spec, dims, tunables: {}, modules: {}, elem: 'f16' } as const;
  const kernel = { name, role, instance } as unknown as BoundKernel;
  return kernelBytes({ shape, weights }, kernel, { rows, position: 1000 });
}

/** 4.5 bits a weight. */
const int4 = (n: number, k: number) => (n * k * 18) / 32;

describe('kernelBytes', () => {
  it('of products are the weights, the input and the output', () => {
    expect(bytesOf('matvec', 'qkv', { n: 6144, k: 4096 })).toBe(
      int4(6144, 4096) + 2 * (8192 + 12288),
    );
    // Gate and up rows give one value a pair; a residual is read and written in f32.
    expect(bytesOf('matvec', 'gate/up', { n: 28_672, k: 4096 })).toBe(
      int4(28_672, 4096) + 2 * (8192 + 28_672),
    );
    expect(bytesOf('matmul', 'down', { n: 4096, k: 14_336 }, 512)).toBe(
      int4(4096, 14_336) + 512 * (28_672 + 32_768),
    );
    // One row of logits a sequence, however long the prompt.
    expect(bytesOf('matvec', 'head', { n: 100, k: 4096 }, 512)).toBe(
      int4(100, 4096) + 2 * (8192 + 400),
    );
  });

  it('of attention are the cache, queries and results', () => {
    // 8 heads of 128 in f16, keys and values, of two sequences of 1001 tokens
    const cache = 2 * 8 * 256 * 2 * 1001;
    const row = 32 * 128 * 2;
    expect(bytesOf('attention', 'attention')).toBe(cache + 4 * row);
    const partials = 2 * 32 * 4 * (128 + 4) * 4;
    expect(bytesOf('attention-split', 'attention', { splits: 4 })).toBe(cache + 2 * row + partials);
    expect(bytesOf(attentionMerge.name, 'attention', { splits: 4 })).toBe(partials + 2 * row);
  });

  it('of the rest are what they pass through', () => {
    expect(bytesOf('rmsnorm', 'qkv')).toBe(2 * 4096 * (4 + 2));
    expect(bytesOf('argmax', 'pick')).toBe(2 * config.vocab * 4);
    expect(bytesOf('embed', 'embed')).toBe(2 * (int4(1, 4096) + 4096 * 4));
  });

  it('of a kernel that nobody told it about are unknown', () => {
    expect(bytesOf('fft', 'spectrum', { n: 4, k: 4 })).toBeNull();
  });
});

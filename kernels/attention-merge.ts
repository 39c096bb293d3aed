import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** Puts together what the splits of `attention-split` found. */
export const attentionMerge = defineKernel({
  name: 'attention-merge',
  source: new URL('./attention-merge.wgsl', import.meta.url),
  slots: [],
  dims: ['heads', 'headDim', 'qStride', 'splits'],
  tunables: { wg: 64 },
  space: { wg: [32, 64, 128, 256] },
  fits: ({ wg = 64 }, { headDim = 4 }, limits) =>
    headDim <= 4 * wg && wg <= limits.maxComputeInvocationsPerWorkgroup,
  binds: {
    partials: read('vec4f', '[batch, HEADS, SPLITS, HEAD_DIM/4 + 1]'),
    y: write('vec4<elem>', '[batch, Q_STRIDE]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ heads = 1, batch = 1 }) => [heads, batch, 1],
});

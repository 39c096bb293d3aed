import { defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Causal attention of every new row over the cache. */
export const attention = defineKernel({
  name: 'attention',
  source: new URL('./attention.wgsl', import.meta.url),
  slots: ['kv'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qStride'],
  tunables: { wg: 64 },
  space: { wg: [32, 64, 128, 256] },
  fits: ({ wg = 64 }, { headDim = 4 }) => headDim <= 4 * wg,
  binds: {
    state: uniformState(),
    q: read('elem', '[rows, Q_STRIDE]'),
    y: write('elem', '[rows, Q_STRIDE]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ heads = 1, rows = 1 }) => [heads, rows, 1],
});

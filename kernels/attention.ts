import { defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Causal attention of every new row over the cache. */
export const attention = defineKernel({
  name: 'attention',
  source: new URL('./attention.wgsl', import.meta.url),
  slots: ['kv'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qStride'],
  tunables: { wg: 64 },
  binds: {
    state: uniformState(),
    q: read('elem', '[rows, Q_STRIDE]'),
    y: write('elem', '[rows, Q_STRIDE]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ heads = 1, rows = 1 }) => [heads, rows, 1],
});

import { defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Causal attention in which the queries of a group share each key and value, for subgroups of one known size. */
export const attentionShuffle = defineKernel({
  name: 'attention-shuffle',
  source: new URL('./attention-shuffle.wgsl', import.meta.url),
  slots: ['kv'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qStride', 'lanes'],
  tunables: { rows: 4 },
  space: { rows: [1, 2, 4, 8, 16] },
  // Past twice what registers hold of queries and results there is nothing to gain.
  fits: ({ rows = 4 }, { headDim = 4, lanes = 8 }) => rows === 1 || rows * headDim <= 128 * lanes,
  binds: {
    state: uniformState(),
    q: read('elem', '[rows, Q_STRIDE]'),
    y: write('elem', '[rows, Q_STRIDE]'),
  },
  workgroup: (_, { lanes = 8 }) => lanes,
  grid: ({ heads = 1, kvHeads = 1, seq = 1, batch = 1 }, { rows = 4 }) => [
    Math.ceil((seq * heads) / kvHeads / rows),
    kvHeads,
    batch,
  ],
  needs: ['subgroups'],
});

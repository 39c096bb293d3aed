import { defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** Splits qkv into heads, norms and rotates them, appends k and v to the cache. */
export const ropeAppend = defineKernel({
  name: 'rope-append',
  source: new URL('./rope-append.wgsl', import.meta.url),
  slots: ['reduce', 'kv'],
  dims: ['heads', 'kvHeads', 'headDim', 'capacity', 'qkvStride', 'qStride', 'qkNorm', 'epsBits'],
  tunables: { wg: 32 },
  binds: {
    state: uniformState(),
    qkv: read('elem', '[rows, QKV_STRIDE]'),
    rotation: read('vec2f', '[context, HEAD_DIM/2] cosines and sines'),
    norms: read('f32', '[2, HEAD_DIM] of q and of k'),
    q: write('elem', '[rows, Q_STRIDE]'),
  },
  workgroup: ({ wg = 32 }) => wg,
  grid: ({ heads = 1, kvHeads = 1, rows = 1 }) => [heads + 2 * kvHeads, rows, 1],
});

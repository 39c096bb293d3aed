import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** The `top` largest logits of each slice of the vocabulary, largest first. */
export const topK = defineKernel({
  name: 'top-k',
  source: new URL('./top-k.wgsl', import.meta.url),
  slots: ['order'],
  dims: ['vocab', 'parts', 'top'],
  tunables: { wg: 128 },
  space: { wg: [32, 64, 128, 256] },
  binds: {
    logits: read('f32', '[batch, VOCAB]'),
    candidates: write('vec2u', '[batch, PARTS, TOP]'),
  },
  workgroup: ({ wg = 128 }) => wg,
  grid: ({ parts = 1, batch = 1 }) => [parts, batch, 1],
});

import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** Largest logit of each slice of the vocabulary. */
export const argmax = defineKernel({
  name: 'argmax',
  source: new URL('./argmax.wgsl', import.meta.url),
  slots: [],
  dims: ['vocab', 'parts'],
  tunables: { wg: 64 },
  binds: {
    logits: read('f32', '[batch, VOCAB]'),
    candidates: write('vec2u', '[batch, PARTS]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ parts = 1, batch = 1 }) => [parts, batch, 1],
});

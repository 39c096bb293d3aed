import { defineKernel, uniformState, write } from '../src/gpu/kernel.ts';

/** Activations as int8 blocks, for products of integers. */
export const quantiseRows = defineKernel({
  name: 'quantise-rows',
  source: new URL('./quantise-rows.wgsl', import.meta.url),
  slots: ['input', 'reduce'],
  dims: ['k', 'xStride', 'epsBits', 'last', 'interleave'],
  tunables: { wg: 64 },
  space: { wg: [32, 64, 128, 256] },
  binds: {
    state: uniformState(),
    x_codes: write('u32', '[rows, BLOCKS·8]'),
    x_scales: write('vec2f', '[rows, BLOCKS]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ rows = 1 }) => [rows, 1, 1],
});

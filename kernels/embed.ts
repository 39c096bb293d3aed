import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** Gathers the embedding rows of the new tokens. */
export const embed = defineKernel({
  name: 'embed',
  source: new URL('./embed.wgsl', import.meta.url),
  slots: ['weights'],
  dims: ['k', 'n', 'row0', 'xStride'],
  tunables: { wg: 64 },
  binds: { tokens: read('u32', '[rows]'), x: write('vec4f', '[rows, X_STRIDE]') },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ rows = 1 }) => [rows, 1, 1],
});

import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** Draws the next tokens from top-k candidates and moves the run state on. */
export const sampleToken = defineKernel({
  name: 'sample-token',
  source: new URL('./sample-token.wgsl', import.meta.url),
  slots: ['order'],
  dims: ['batch', 'parts', 'top', 'ring', 'temperatureBits', 'topPBits'],
  tunables: { wg: 32 },
  fits: ({ wg = 32 }, { parts = 1 }) => wg >= parts,
  binds: {
    candidates: read('vec2u', '[BATCH, PARTS, TOP]'),
    tokens: write('u32', '[rows]'),
    picked: write('u32', '[RING, BATCH]'),
    run_state: write('u32', '[4]'),
  },
  workgroup: ({ wg = 32 }) => wg,
  grid: () => [1, 1, 1],
});

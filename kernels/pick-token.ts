import { defineKernel, read, write } from '../src/gpu/kernel.ts';

/** Turns argmax candidates into the next tokens and moves the run state on. */
export const pickToken = defineKernel({
  name: 'pick-token',
  source: new URL('./pick-token.wgsl', import.meta.url),
  slots: [],
  dims: ['batch', 'parts', 'ring'],
  tunables: { wg: 32 },
  binds: {
    candidates: read('vec2u', '[BATCH, PARTS]'),
    tokens: write('u32', '[rows]'),
    picked: write('u32', '[RING, BATCH]'),
    run_state: write('u32', '[4]'),
  },
  workgroup: ({ wg = 32 }) => wg,
  grid: () => [1, 1, 1],
});

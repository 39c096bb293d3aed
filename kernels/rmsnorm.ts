import { defineKernel, read, uniformState, write } from '../src/gpu/kernel.ts';

/** RMSNorm of every new row, or of each sequence's last one. */
export const rmsnorm = defineKernel({
  name: 'rmsnorm',
  source: new URL('./rmsnorm.wgsl', import.meta.url),
  slots: ['reduce'],
  dims: ['dim', 'xStride', 'epsBits', 'last'],
  tunables: { wg: 64 },
  binds: {
    state: uniformState(),
    x: read('f32', '[rows, X_STRIDE]'),
    w: read('f32', '[DIM]'),
    y: write('elem', '[rows, X_STRIDE]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ rows = 1 }) => [rows, 1, 1],
});

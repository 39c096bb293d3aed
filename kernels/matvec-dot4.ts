import { defineKernel, folded, read } from '../src/gpu/kernel.ts';

/** Matrix product of int8 activations for the few rows of a decode step. */
export const matvecDot4 = defineKernel({
  name: 'matvec-dot4',
  source: new URL('./matvec-dot4.wgsl', import.meta.url),
  slots: ['packed', 'out', 'reduce'],
  dims: ['m', 'k', 'n', 'yStride', 'yOffset'],
  tunables: { wg: 64, lanes: 8, rows: 2 },
  space: { wg: [32, 64, 128, 256], lanes: [1, 4, 8, 16, 32], rows: [2, 4, 8] },
  fits: ({ wg = 64, lanes = 8, rows = 2 }, { m = 1 }) => wg % lanes === 0 && rows * m <= 32,
  binds: {
    x_codes: read('vec4u', '[M, BLOCKS·2]'),
    x_scales: read('vec2f', '[M, BLOCKS]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ n = 1 }, { wg = 64, lanes = 8, rows = 2 }) =>
    folded(Math.ceil(n / ((wg / lanes) * rows))),
});

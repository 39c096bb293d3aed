import { defineKernel, folded } from '../src/gpu/kernel.ts';

/** Matrix product for the few rows of a decode step. */
export const matvec = defineKernel({
  name: 'matvec',
  source: new URL('./matvec.wgsl', import.meta.url),
  slots: ['input', 'weights', 'out', 'reduce'],
  dims: ['m', 'k', 'n', 'xStride', 'yStride', 'yOffset', 'epsBits'],
  tunables: { wg: 64, lanes: 8, rows: 2 },
  space: { wg: [16, 32, 64, 128, 256], lanes: [1, 2, 4, 8, 16, 32], rows: [2, 4, 8, 16] },
  fits: ({ wg = 64, lanes = 8, rows = 2 }, { m = 1 }) => wg % lanes === 0 && rows * m <= 32,
  binds: {},
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ n = 1 }, { wg = 64, lanes = 8, rows = 2 }) =>
    folded(Math.ceil(n / ((wg / lanes) * rows))),
});

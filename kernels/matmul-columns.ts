import { defineKernel } from '../src/gpu/kernel.ts';

/** Matrix product without workgroup memory, for subgroups of one known size. */
export const matmulColumns = defineKernel({
  name: 'matmul-columns',
  source: new URL('./matmul-columns.wgsl', import.meta.url),
  slots: ['input', 'weights', 'out', 'rows'],
  dims: ['k', 'n', 'xStride', 'yStride', 'yOffset', 'epsBits', 'batch', 'lanes'],
  tunables: { wg: 8, rows: 8 },
  space: { wg: [4, 8, 16, 32, 64], rows: [1, 2, 4, 8, 12, 16, 24] },
  // Accumulators spill from sixteen rows on, which costs less than expanding weights again; in the end it does not.
  fits: ({ wg = 8, rows = 8 }, { lanes = 8 }) =>
    wg % lanes === 0 && rows * Math.max(1, 8 / lanes) <= 24,
  binds: {},
  workgroup: ({ wg = 8 }) => wg,
  grid: ({ n = 1, rows: m = 1 }, { wg = 8, rows = 8 }) => [
    Math.ceil(n / (4 * wg)),
    Math.ceil(m / rows),
    1,
  ],
  needs: ['subgroups'],
});

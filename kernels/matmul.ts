import { defineKernel, read } from '../src/gpu/kernel.ts';

/** Matrix product for the many rows of a prefill. */
export const matmul = defineKernel({
  name: 'matmul',
  source: new URL('./matmul.wgsl', import.meta.url),
  slots: ['weights', 'out', 'rows'],
  dims: ['k', 'n', 'xStride', 'yStride', 'yOffset', 'batch'],
  tunables: { bm: 32, bn: 32, tm: 4, tn: 4 },
  space: { bm: [8, 16, 32, 64, 128], bn: [32, 64, 128], tm: [1, 2, 4, 8], tn: [2, 4, 8] },
  fits: ({ bm = 32, bn = 32, tm = 4, tn = 4 }, _, limits) =>
    bm % tm === 0 &&
    (bm / tm) * (bn / tn) >= 16 &&
    tm * tn <= 32 &&
    (bm + bn) * 9 * 16 <= limits.maxComputeWorkgroupStorageSize,
  binds: { x: read('vec4<elem>', '[rows, X_STRIDE]') },
  workgroup: ({ bm = 32, bn = 32, tm = 4, tn = 4 }) => (bm / tm) * (bn / tn),
  grid: ({ n = 1, rows = 1 }, { bm = 32, bn = 32 }) => [Math.ceil(n / bn), Math.ceil(rows / bm), 1],
});

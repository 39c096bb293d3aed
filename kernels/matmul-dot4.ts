import { defineKernel, read } from '../src/gpu/kernel.ts';

/** Matrix product of int8 activations for the many rows of a prefill. */
export const matmulDot4 = defineKernel({
  name: 'matmul-dot4',
  source: new URL('./matmul-dot4.wgsl', import.meta.url),
  slots: ['packed', 'out', 'rows'],
  dims: ['k', 'n', 'yStride', 'yOffset', 'batch'],
  tunables: { bm: 32, bn: 32, tm: 4, tn: 4 },
  space: { bm: [16, 32, 64, 128], bn: [32, 64, 128], tm: [2, 4, 8], tn: [2, 4, 8] },
  fits: ({ bm = 32, bn = 32, tm = 4, tn = 4 }, _, limits) =>
    (bm / tm) * (bn / tn) >= 16 &&
    (bm / tm) * (bn / tn) <= limits.maxComputeInvocationsPerWorkgroup &&
    bm * (3 * 16 + 8) + bn * (3 * 16 + 4) <= limits.maxComputeWorkgroupStorageSize,
  binds: {
    x_codes: read('vec4u', '[rows, BLOCKS·2]'),
    x_scales: read('vec2f', '[rows, BLOCKS]'),
  },
  workgroup: ({ bm = 32, bn = 32, tm = 4, tn = 4 }) => (bm / tm) * (bn / tn),
  grid: ({ n = 1, rows = 1 }, { bm = 32, bn = 32 }) => [Math.ceil(n / bn), Math.ceil(rows / bm), 1],
});

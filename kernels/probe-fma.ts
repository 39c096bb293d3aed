import { defineKernel, folded, read, write } from '../src/gpu/kernel.ts';

/** Multiply-add without memory: the peak that other kernels' flops are held against. */
export const probeFma = defineKernel({
  name: 'probe-fma',
  source: new URL('./probe-fma.wgsl', import.meta.url),
  slots: [],
  dims: ['n', 'steps'],
  tunables: { wg: 64 },
  binds: {
    x: read('vec4<elem>', '[N]'),
    line: read('vec4<elem>', '[1]'),
    y: write('vec4<elem>', '[N]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ n = 1 }, { wg = 64 }) => folded(Math.ceil(n / wg)),
});

import { defineKernel, folded, read, write } from '../src/gpu/kernel.ts';

/** A stream copy: the peak that other kernels' bytes are held against. */
export const probeCopy = defineKernel({
  name: 'probe-copy',
  source: new URL('./probe-copy.wgsl', import.meta.url),
  slots: [],
  dims: ['n'],
  tunables: { wg: 64, per: 8 },
  binds: { x: read('vec4u', '[N]'), y: write('vec4u', '[N]') },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ n = 1 }, { wg = 64, per = 8 }) => folded(Math.ceil(n / (wg * per))),
});

import { defineKernel, folded, read, write } from '../src/gpu/kernel.ts';

/** A stream that is only read: the peak of kernels that read far more than they write. */
export const probeRead = defineKernel({
  name: 'probe-read',
  source: new URL('./probe-read.wgsl', import.meta.url),
  slots: [],
  dims: ['n'],
  tunables: { wg: 64, per: 16 },
  binds: { x: read('vec4u', '[N]'), y: write('vec4u', '[N / (PER·WG), WG]') },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ n = 1 }, { wg = 64, per = 16 }) => folded(Math.ceil(n / (wg * per))),
});

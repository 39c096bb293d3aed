import type { mmaModules } from '../../../kernels/modules.ts';
import type { ShaderModule } from '../../../src/gpu/kernel.ts';

/** What `mmaModules` do, in scalar arithmetic: for testing on adapters without matrix units, never for speed. */
export const emulatedMmaModules: Readonly<Record<keyof typeof mmaModules, ShaderModule>> = {
  f16: {
    name: 'mma-f16-emulated',
    source: new URL('./mma-f16.wgsl', import.meta.url),
    binds: {},
    needs: ['shader-f16', 'subgroups'],
  },
  f32: {
    name: 'mma-f32-emulated',
    source: new URL('./mma-f32.wgsl', import.meta.url),
    binds: {},
    needs: ['subgroups'],
  },
};

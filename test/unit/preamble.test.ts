import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/core/host.ts';
import {
  defineKernel,
  instantiate,
  read,
  type ShaderModule,
  uniformState,
  write,
} from '../../src/gpu/kernel.ts';
import { assemble, constantName, preamble } from '../../src/gpu/preamble.ts';

const scale: ShaderModule = {
  name: 'scale-by-row',
  source: new URL('file:///mtok/kernels/lib/scale-by-row.wgsl'),
  binds: { factors: read('f32', '[rows]') },
  needs: ['subgroups'],
};

const spec = defineKernel({
  name: 'scale-rows',
  source: new URL('file:///mtok/kernels/scale-rows.wgsl'),
  slots: ['scale'],
  dims: ['dim', 'xStride'],
  tunables: { wg: 64 },
  binds: {
    state: uniformState(),
    x: read('vec4<elem>', '[rows, X_STRIDE]'),
    y: write('elem', '[rows, DIM]'),
  },
  workgroup: ({ wg = 64 }) => wg,
  grid: ({ rows = 1 }) => [rows, 1, 1],
});

const plain = defineKernel({
  ...spec,
  name: 'plain',
  slots: [],
  binds: { y: write('f32', '[DIM]') },
});

describe('the preamble of a kernel', () => {
  it('states the features, constants and bindings of the kernel and then of its modules', () => {
    const instance = instantiate(spec, {
      dims: { dim: 172, xStride: 192 },
      tunables: { wg: 32 },
      modules: { scale },
      elem: 'f16',
    });
    expect(preamble(instance)).toMatchInlineSnapshot(`
      "enable f16;
      enable subgroups;
      alias elem = f16;
      const FOLD: u32 = 32768u;
      const WG: u32 = 32u;
      const DIM: u32 = 172u;
      const X_STRIDE: u32 = 192u;
      struct State { position: u32, seq: u32, step: u32, seed: u32 }
      @group(0) @binding(0) var<uniform> state: State;
      @group(0) @binding(1) var<storage, read> x: array<vec4<elem>>;
      @group(0) @binding(2) var<storage, read_write> y: array<elem>;
      @group(0) @binding(3) var<storage, read> factors: array<f32>;
      "
    `);
  });

  it('asks for no feature that nothing needs', () => {
    const instance = instantiate(plain, { dims: { dim: 7, xStride: 7 } });
    expect(preamble(instance)).toMatchInlineSnapshot(`
      "alias elem = f32;
      const FOLD: u32 = 32768u;
      const WG: u32 = 64u;
      const DIM: u32 = 7u;
      const X_STRIDE: u32 = 7u;
      @group(0) @binding(0) var<storage, read_write> y: array<f32>;
      "
    `);
  });

  it('leaves out dims that the body does not declare, and that vary from call to call', () => {
    const instance = instantiate(plain, { dims: { dim: 7, xStride: 7, rows: 3 } });
    expect(preamble(instance)).not.toContain('ROWS');
  });

  it('turns names into constants', () => {
    expect(['k', 'headDim', 'kvHeads'].map(constantName)).toEqual(['K', 'HEAD_DIM', 'KV_HEADS']);
  });
});

describe('a declaration', () => {
  it('refuses names that make no constant, and choices that are incomplete', () => {
    expect(() => defineKernel({ ...spec, dims: ['bad name'] })).toThrow('bad name');
    expect(() => instantiate(spec, { dims: { dim: 1 }, modules: { scale } })).toThrow('"xStride"');
    expect(() => instantiate(spec, { dims: { dim: 1.5, xStride: 2 } })).toThrow('"dim" is 1.5');
    expect(() => instantiate(spec, { dims: { dim: 1, xStride: 2 } })).toThrow('slot "scale"');
  });
});

describe('an assembled text', () => {
  const files: Record<string, string> = {
    'scale-by-row.wgsl': '// one\nfn scale() {}\n',
    'scale-rows.wgsl': '// head\n@compute fn main() {}', // no newline at its end
  };
  const host: Host = {
    name: 'node',
    now: () => 0,
    readText: async (url) => files[url.pathname.split('/').at(-1) ?? ''] ?? '',
  };

  it('is preamble, modules, body, and knows where each line came from', async () => {
    const instance = instantiate(spec, { dims: { dim: 4, xStride: 4 }, modules: { scale } });
    const head = preamble(instance);
    const { code, locate } = await assemble(instance, host);
    expect(code).toBe(`${head}// one\nfn scale() {}\n// head\n@compute fn main() {}\n`);
    const first = head.split('\n').length; // 1-based line of the module's first line
    expect([1, first - 1, first, first + 1, first + 2, first + 3].map(locate)).toEqual([
      'scale-rows (preamble):1',
      `scale-rows (preamble):${first - 1}`,
      'kernels/lib/scale-by-row.wgsl:1',
      'kernels/lib/scale-by-row.wgsl:2',
      'kernels/scale-rows.wgsl:1',
      'kernels/scale-rows.wgsl:2',
    ]);
  });
});

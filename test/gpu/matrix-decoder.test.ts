import { expect, it } from 'vitest';
import { emulatedMmaModules } from '../../bench/kernels/emulated/modules.ts';
import { mmaModules } from '../../kernels/modules.ts';
import type { Host } from '../../src/core/host.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { Decoder } from '../../src/model/decoder/decoder.ts';
import { defaultChoices, type KernelChoices } from '../../src/model/decoder/kernel-choice.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';
import { openReference } from '../support/reference.ts';

/** Reads the emulation wherever a kernel asks for matrix units. */
const emulating: Host = {
  ...nodeHost,
  readText(url) {
    const operands = (['f16', 'f32'] as const).find((t) => mmaModules[t].source.href === url.href);
    return nodeHost.readText(operands ? emulatedMmaModules[operands].source : url);
  },
};

/** The device as one with matrix units for f32 would be, which shaders must not ask for. */
function withMatrixUnits(gpu: GpuDevice): GpuDevice {
  const device = new Proxy(gpu.device, {
    get(target, property) {
      if (property === 'createShaderModule') {
        return (descriptor: GPUShaderModuleDescriptor) =>
          target.createShaderModule({
            ...descriptor,
            code: descriptor.code.replace('enable chromium_experimental_subgroup_matrix;\n', ''),
          });
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const matrix = { component: 'f32', result: 'f32', m: 8, n: 8, k: 16 };
  return { ...scoped(gpu), device, subgroupMatrices: [matrix] };
}

/** What a GPU with such units gets in a prefill, in tiles that a software adapter compiles in time. */
function matrixChoices(gpu: GpuDevice): KernelChoices {
  const product = { bm: 16, bn: 16, bk: 32, sgm: 2, sgn: 2, stages: 1 };
  const defaults = defaultChoices(gpu);
  return {
    ...defaults,
    product: (shape) =>
      shape.rows === null
        ? { kernel: 'matmul-subgroup-matrix', tunables: product }
        : defaults.product(shape),
    attention: (shape) => ({
      kernel: 'attention-subgroup-matrix',
      lanes: gpu.subgroupMinSize,
      tunables: shape.few ? { sgs: 1, bk: 16 } : { sgs: 2, bk: 16 },
    }),
  };
}

it('a decoder computes the reference’s logits on matrix units', async () => {
  const real = await openTestDevice();
  const gpu = withMatrixUnits(real);
  const model = await packSynthetic('synthetic:test-1m', 'int4');
  const tokens = Int32Array.from({ length: 37 }, (_, i) => (i * 7919 + 13) % model.config.vocab);
  const reference = await openReference(model, { contextTokens: 64 });
  const clock = { now: () => 0, readMs: 0, uploadMs: 0, compileMs: 0 };
  const request = { batch: 1, capacity: 64, kv: 'f32', activations: 'f32' } as const;
  try {
    const decoder = await Decoder.open(gpu, emulating, model, request, clock, matrixChoices(gpu));
    expect(decoder.products).toBe('f32');
    const logits = await decoder.logits(tokens);
    const wanted = await reference.logits(tokens);
    expect(logits.length).toBe(wanted.length);
    const error = logits.reduce((sum, v, i) => sum + (v - (wanted[i] ?? Number.NaN)) ** 2, 0);
    const power = wanted.reduce((sum, v) => sum + v * v, 0);
    expect(error / power).toBeLessThanOrEqual(1e-9);
  } finally {
    await real.dispose();
    await reference.dispose();
  }
});

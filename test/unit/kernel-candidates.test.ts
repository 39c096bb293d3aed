import { describe, expect, it } from 'vitest';
import { kernels } from '../../kernels/index.ts';
import type { KernelSpec } from '../../src/gpu/kernel.ts';
import {
  attentionCandidates,
  attentionKernels,
  productCandidates,
  productKernels,
  productObstacle,
} from '../../src/model/decoder/kernel-candidates.ts';
import {
  type AttentionShape,
  defaultChoices,
  type ProductShape,
} from '../../src/model/decoder/kernel-choice.ts';
import { combinations } from '../../src/model/decoder/kernel-space.ts';
import { declaredDevice } from '../support/declared-device.ts';

const plain = declaredDevice();
const gpu = declaredDevice({
  features: ['shader-f16', 'subgroups'],
  subgroups: [32, 32],
  limits: {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupStorageSize: 49152,
  },
});
const matrices = declaredDevice({
  features: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
  subgroups: [32, 32],
  matrices: [{ component: 'f16', result: 'f32', m: 16, n: 16, k: 16 }],
  limits: {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupStorageSize: 49152,
  },
});
const varying = declaredDevice({ features: ['subgroups'], subgroups: [16, 32] });
const software = declaredDevice({ kind: 'software', features: ['subgroups'], subgroups: [8, 8] });
const devices = { plain, gpu, matrices, varying, software };

const product: ProductShape = { format: 'int4', n: 4096, k: 4096, rows: 1, most: 16 };
const shapes: ProductShape[] = [
  product,
  { ...product, rows: 8 },
  { ...product, rows: null },
  { ...product, rows: null, most: Number.POSITIVE_INFINITY },
];
const attending: AttentionShape = {
  batch: 1,
  heads: 32,
  kvHeads: 8,
  headDim: 128,
  kv: 'f16',
  few: true,
  context: 4096,
};
const attentions: AttentionShape[] = [
  attending,
  { ...attending, context: 64 },
  { ...attending, few: false },
  { ...attending, headDim: 64, heads: 14, kvHeads: 2 },
];

const kernelNames = (choices: readonly { kernel: string }[]) =>
  new Set(choices.map((c) => c.kernel));

describe.each(Object.entries(devices))('on the device "%s"', (_, device) => {
  it.each(shapes)('every candidate of a product fits: $rows rows up to $most', (shape) => {
    const candidates = productCandidates(device, shape);
    expect(candidates.length).toBeGreaterThan(3);
    for (const { kernel, tunables } of candidates) {
      const { spec } = productKernels[kernel];
      expect(Object.keys(tunables)).toEqual(Object.keys(spec.tunables));
      const threads = spec.workgroup(tunables, { lanes: device.subgroupMinSize });
      expect(threads).toBeLessThanOrEqual(device.limits.maxComputeInvocationsPerWorkgroup);
    }
    expect(kernelNames(candidates).has('matvec')).toBe(shape.rows !== null);
  });

  it.each(shapes)('the default for a product is possible: $rows rows up to $most', (shape) => {
    expect(productObstacle(device, shape, defaultChoices(device).product(shape))).toBeNull();
  });

  it.each(attentions)('every candidate of attention fits: few $few at $context', (shape) => {
    const candidates = attentionCandidates(device, shape);
    expect(candidates.length).toBeGreaterThan(0);
    for (const { kernel, tunables } of candidates) {
      const choosable = attentionKernels[kernel];
      expect(shape.few ? choosable.few : choosable.many).toBe(true);
      expect((tunables.splits ?? 1) * 128).toBeLessThanOrEqual(Math.max(128, shape.context));
    }
  });
});

it('kernels that shuffle are for subgroups of one known size', () => {
  const isShuffling = (device: typeof gpu) =>
    kernelNames(productCandidates(device, product)).has('matmul-columns');
  expect([plain, gpu, varying, software].map(isShuffling)).toEqual([false, true, false, true]);
  for (const { lanes } of attentionCandidates(software, attending)) expect([0, 8]).toContain(lanes);
});

it('a feature that is missing, an unknown tunable and sizes that do not fit are obstacles', () => {
  const choice = (tunables: Record<string, number>) => ({ kernel: 'matvec', tunables }) as const;
  const why = (tunables: Record<string, number>) =>
    productObstacle(plain, product, choice(tunables));
  expect(why({ wg: 64, lanes: 8, rows: 2 })).toBeNull();
  expect(why({ wg: 64, lanes: 7, rows: 2 })).toContain('do not fit');
  expect(why({ wg: 512, lanes: 8, rows: 2 })).toContain('512 threads');
  expect(why({ wg: 64, lanes: 8, rows: 2, speed: 9 })).toContain('no tunable speed');
  const columns = { kernel: 'matmul-columns', tunables: { wg: 8, rows: 1 } } as const;
  expect(productObstacle(plain, product, columns)).toContain('subgroups');
});

it('spaces name tunables only, and hold their defaults’ kind of numbers', () => {
  const spec = (changes: Partial<KernelSpec>) => ({ ...productKernels.matvec.spec, ...changes });
  expect(combinations(spec({ space: undefined, tunables: { a: 1 } }))).toEqual([{ a: 1 }]);
  const two = spec({ tunables: { a: 1, b: 2, c: 3 }, space: { a: [8, 2], c: [6] } });
  // Nearest to the defaults first.
  expect(combinations(two)).toEqual([
    { a: 2, b: 2, c: 6 },
    { a: 8, b: 2, c: 6 },
  ]);
  for (const { name, tunables, space = {} } of kernels) {
    for (const [tunable, values] of Object.entries(space)) {
      expect(tunables, `${name}.${tunable}`).toHaveProperty(tunable);
      expect(new Set(values).size, `${name}.${tunable}`).toBe(values.length);
    }
  }
});

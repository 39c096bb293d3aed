import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/backends/backend.ts';
import { createBackend } from '../../src/backends/wgsl.ts';
import type { ActivationFormat, KvFormat, WeightFormat } from '../../src/core/cell.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { activationTensors } from '../../src/model/decoder/activations.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';
import { generateGreedy, openReference } from '../support/reference.ts';

let full: GpuDevice;
let plain: GpuDevice;
beforeAll(async () => {
  full = await openTestDevice();
  plain = await openTestDevice({ features: 'none', limits: 'default' });
});
afterAll(async () => {
  await full.dispose();
  await plain.dispose();
});

interface Shape {
  kv?: KvFormat;
  activations?: ActivationFormat;
  batch?: number;
  contextTokens?: number;
}

function open(gpu: GpuDevice, model: PackedModel, shape: Shape = {}): Promise<Session> {
  const { kv = 'f32', activations = 'f32', batch = 1, contextTokens = 64 } = shape;
  const variant = { weights: model.weights, kv, activations };
  const backend = createBackend({ host: nodeHost, gpu: async () => gpu });
  return backend.open({ model, variant, batch, contextTokens });
}

/** Distinct tokens, the same for every engine. */
function prompt(model: PackedModel, count: number, from = 13): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => (i * 7919 + from) % model.config.vocab);
}

/** Σ(a−b)² / Σb². NaN anywhere makes it NaN, which is below no limit. */
function nmse(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let error = 0;
  let power = 0;
  b.forEach((v, i) => {
    error += ((a[i] ?? Number.NaN) - v) ** 2;
    power += v * v;
  });
  expect(power).toBeGreaterThan(0);
  return error / power;
}

/** Logits of a fresh session against the reference on the same packed weights. */
async function distance(gpu: GpuDevice, model: PackedModel, shape: Shape = {}): Promise<number> {
  const tokens = prompt(model, 37);
  const { kv = 'f32', activations } = shape;
  const rounds = activations === 'int8' ? activations : 'f32';
  const reference = await openReference(model, { contextTokens: 64, kv, activations: rounds });
  const session = await open(gpu, model, shape);
  try {
    return nmse(await session.logits(tokens), await reference.logits(tokens));
  } finally {
    await session.dispose();
    await reference.dispose();
  }
}

const formats: WeightFormat[] = ['f32', 'f16', 'int8', 'int4'];
/** Every format on the oddest shape; on the others one, so that a software adapter compiles them in time. */
const variants: [string, WeightFormat][] = [
  ...formats.map((weights): [string, WeightFormat] => ['test-odd', weights]),
  ['test-1m', 'int4'],
  ['test-wide-head', 'int8'],
  ['test-gqa7', 'int4'],
  ['test-qknorm', 'f16'],
  ['test-mha-untied', 'int4'],
  ['test-rope-llama3', 'int8'],
];

it.each(variants)('%s %s: logits are the reference’s', async (preset, weights) => {
  const model = await packSynthetic(`synthetic:${preset}`, weights);
  expect(await distance(full, model)).toBeLessThanOrEqual(1e-6);
  expect(await distance(full, model, { kv: 'f16' })).toBeLessThanOrEqual(1e-6);
  if (full.hasF16) {
    const half = await distance(full, model, { kv: 'f16', activations: 'f16' });
    expect(half).toBeLessThanOrEqual(1e-4);
    expect(half).toBeGreaterThan(1e-9); // it really computed in f16
  } else {
    await expect(open(full, model, { activations: 'f16' })).rejects.toMatchObject({
      code: 'unsupported',
    });
  }
});

it.each(['int4', 'int8'] as const)(
  '%s: rounds activations as the reference does',
  async (weights) => {
    const model = await packSynthetic('synthetic:test-odd', weights);
    const { vocab } = model.config;
    const tokens = prompt(model, 37);
    const exact = await openReference(model, { contextTokens: 64 });
    const reference = await openReference(model, { contextTokens: 64, activations: 'int8' });
    const session = await open(full, model, { activations: 'int8' });
    const wanted = await reference.logits(tokens);
    const effect = nmse(wanted, await exact.logits(tokens));
    const prompted = await session.logits(tokens);
    // Token by token the kernels of a decode step run: the same function.
    await session.rewind(0);
    const rows: number[] = [];
    for (const token of tokens) rows.push(...(await session.logits(Int32Array.of(token))));
    for (const got of [prompted, Float32Array.from(rows)]) {
      // A value on the boundary between two codes may fall to either side of it, and moves what comes after.
      expect(nmse(got.subarray(0, vocab), wanted.subarray(0, vocab))).toBeLessThanOrEqual(1e-10);
      expect(nmse(got, wanted)).toBeLessThanOrEqual(effect / 2);
    }
    for (const engine of [session, reference, exact]) await engine.dispose();
  },
);

it('keeps the int8 KV cache of the reference, in the bytes it says', async () => {
  const model = await packSynthetic('synthetic:test-odd', 'f16');
  // A key on the boundary between two codes may fall to either side of it.
  expect(await distance(full, model, { kv: 'int8' })).toBeLessThanOrEqual(1e-5);
  const { layers, kvHeads, headDim } = model.config;
  const session = await open(full, model, { kv: 'int8', batch: 2, contextTokens: 40 });
  expect(session.memory().kvCacheBytes).toBe(2 * layers * 2 * kvHeads * 40 * (headDim + 4));
  await session.dispose();
});

it.each(['f16', 'int8'] as const)(
  'has the logits of the reference token by token, kv %s',
  async (kv) => {
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    const tokens = prompt(model, 40);
    const reference = await openReference(model, { contextTokens: 64, kv });
    const session = await open(full, model, { kv });
    const rows: number[] = [];
    for (const token of tokens) rows.push(...(await session.logits(Int32Array.of(token))));
    expect(nmse(Float32Array.from(rows), await reference.logits(tokens))).toBeLessThanOrEqual(1e-5);
    expect(session.position).toBe(40);
    await session.dispose();
    await reference.dispose();
  },
);

it.each(['f16', 'int4'] as const)('%s: needs no feature and no larger limit', async (weights) => {
  const model = await packSynthetic('synthetic:test-odd', weights);
  expect(await distance(plain, model, { kv: 'f16' })).toBeLessThanOrEqual(1e-6);
});

it.each(formats)('%s: matrices larger than a binding are cut into slices', async (weights) => {
  const model = await packSynthetic('synthetic:test-odd', weights);
  const limits = new Proxy(full.limits, {
    get: (real, name) =>
      name === 'maxStorageBufferBindingSize' ? 12 * 1024 : Reflect.get(real, name, real),
  });
  const labels: string[] = [];
  const scope = scoped(full);
  const small: GpuDevice = {
    ...scope,
    limits,
    createBuffer(request) {
      if (request.kind === 'weights') {
        expect(request.size).toBeLessThanOrEqual(12 * 1024);
        labels.push(request.label);
      }
      return scope.createBuffer(request);
    },
  };
  expect(await distance(small, model)).toBeLessThanOrEqual(1e-6);
  expect(labels.length).toBeGreaterThan(new Set(labels).size);
});

describe('a session', () => {
  it('decodes the tokens of the reference, with and without a cache before the prompt', async () => {
    const model = await packSynthetic('synthetic:test-1m', 'int4');
    const reference = await openReference(model, { contextTokens: 64 });
    const session = await open(full, model);
    const wanted = await generateGreedy(reference, prompt(model, 11), 20);
    expect(await generateGreedy(session, prompt(model, 11), 20)).toEqual(wanted);
    // Back to a depth, another prompt behind it: what was there must not show.
    for (const engine of [reference, session]) await engine.rewind(5);
    const later = await generateGreedy(reference, prompt(model, 7, 99), 20);
    expect(await generateGreedy(session, prompt(model, 7, 99), 20)).toEqual(later);
    expect(session.position).toBe(reference.position);
    await session.dispose();
    await reference.dispose();
  });

  it.each([3, 9])('runs %i sequences at once as each alone', async (batch) => {
    const model = await packSynthetic('synthetic:test-odd', 'int8');
    const prompts = Array.from({ length: batch }, (_, b) => prompt(model, 6, 31 * b + 1));
    const session = await open(full, model, { batch });
    const steps = [await session.prefill(Int32Array.from(prompts.flatMap((p) => [...p])))];
    await session.decode(8, (tokens) => steps.push(tokens));
    await session.dispose();
    for (const [b, tokens] of prompts.entries()) {
      const alone = await openReference(model, { contextTokens: 64 });
      const wanted = [(await alone.prefill(tokens))[0]];
      await alone.decode(8, (next) => wanted.push(next[0]));
      expect(steps.map((step) => step[b])).toEqual(wanted);
      await alone.dispose();
    }
  });

  it('keeps activations in few buffers, and the ledger shows it', async () => {
    const model = await packSynthetic('synthetic:test-1m', 'int4');
    const session = await open(full, model);
    const { batch, maxRows } = { batch: 1, maxRows: 64 };
    const shape = { config: model.config, batch, maxRows, capacity: 64 };
    const tensors = activationTensors({ ...shape, kv: 'f32', activations: 'f32' });
    const apart = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    expect(session.memory().activationBytes).toBeLessThan(0.75 * apart);
    expect(session.settings.activationSlots).toBeLessThan(tensors.size);
    await session.dispose();
  });

  it('gives all its bytes back, also when opening fails', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    const before = full.ledger().currentTotal;
    const session = await open(full, model);
    expect(full.ledger().currentTotal).toBeGreaterThan(before);
    await session.dispose();
    await session.dispose();
    expect(full.ledger().currentTotal).toBe(before);
    const broken: PackedModel = { ...model, read: async () => Promise.reject(new Error('gone')) };
    await expect(open(full, broken)).rejects.toThrow('gone');
    expect(full.ledger().currentTotal).toBe(before);
  });
});

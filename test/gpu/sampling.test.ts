import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backend, Session, SessionRequest } from '../../src/backends/backend.ts';
import { createBackend as createReference } from '../../src/backends/reference.ts';
import { createBackend } from '../../src/backends/wgsl.ts';
import type { Sampling } from '../../src/core/sampling.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';

const BATCH = 3;
const prompt = Int32Array.from({ length: BATCH * 5 }, (_, i) => (i * 7919 + 13) % 2048);
const warm: Sampling = { temperature: 1.5, topK: 50, topP: 0.9, seed: 11 };

let gpu: GpuDevice;
let model: PackedModel;
beforeAll(async () => {
  gpu = await openTestDevice();
  model = await packSynthetic('synthetic:test-1m', 'f32');
});
afterAll(() => gpu.dispose());

function open(
  engine: 'wgsl' | 'reference',
  sampling: SessionRequest['sampling'],
): Promise<Session> {
  const environment = { host: nodeHost, gpu: async () => gpu };
  const backend: Backend =
    engine === 'wgsl' ? createBackend(environment) : createReference(environment);
  const variant = { weights: model.weights, kv: 'f32', activations: 'f32' } as const;
  return backend.open({ model, variant, batch: BATCH, contextTokens: 64, sampling });
}

/** The tokens after a prompt and 24 steps, [steps][batch]. */
async function generate(session: Session, runAhead = 1): Promise<number[][]> {
  await session.rewind(0);
  const steps = [[...(await session.prefill(prompt))]];
  const take = (tokens: Int32Array) => void steps.push([...tokens]);
  await session.decode(24, take, { runAhead });
  return steps;
}

it('draws the tokens of the reference, the same ones again, with or without run-ahead', async () => {
  const reference = await open('reference', warm);
  const session = await open('wgsl', warm);
  const wanted = await generate(reference);
  expect(new Set(wanted.flat()).size).toBeGreaterThan(30);
  expect(await generate(session)).toEqual(wanted);
  expect(await generate(session, 8)).toEqual(wanted);
  await session.dispose();
  await reference.dispose();
});

it('takes the most likely tokens where only one is left to draw from', async () => {
  const reference = await open('reference', undefined);
  const session = await open('wgsl', { ...warm, topK: 1 });
  expect(await generate(session, 8)).toEqual(await generate(reference));
  await session.dispose();
  await reference.dispose();
});

it('is refused where its settings make no sense', async () => {
  await expect(open('wgsl', { ...warm, topK: 65 })).rejects.toMatchObject({ code: 'usage' });
});

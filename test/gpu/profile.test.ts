import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Session } from '../../src/backends/backend.ts';
import { createBackend } from '../../src/backends/wgsl.ts';
import { profileSchema } from '../../src/core/profile.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';
import { matrixBytes } from '../../src/model/footprint.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { openTestDevice } from '../support/gpu.ts';
import { packSynthetic } from '../support/packed-model.ts';

let gpu: GpuDevice;
let model: PackedModel;
let session: Session;
beforeAll(async () => {
  gpu = await openTestDevice();
  model = await packSynthetic('synthetic:test-1m', 'int4');
  const variant = { weights: 'int4', kv: 'f16', activations: 'f32' } as const;
  const backend = createBackend({ host: nodeHost, gpu: async () => gpu });
  session = await backend.open({ model, variant, batch: 2, contextTokens: 64 });
});
afterAll(async () => {
  await session.dispose();
  await gpu.dispose();
});

const prompt = Int32Array.from({ length: 2 * 20 }, (_, i) => (i * 7919 + 13) % 2048);

async function generate(): Promise<number[][]> {
  await session.rewind(0);
  const steps = [[...(await session.prefill(prompt))]];
  await session.decode(20, (tokens) => void steps.push([...tokens]));
  return steps;
}

it('takes steps apart and leaves the session as good as new', async () => {
  const before = await generate();
  const bytesBefore = gpu.ledger().currentTotal;
  const profile = await session.profile?.(8, 16);
  expect(profileSchema.parse(profile)).toEqual(profile);
  if (!profile) throw new Error('wgsl has no profile');

  const { layers, dim, hiddenDim } = model.config;
  expect(profile.dispatchesPerLayer).toBeLessThan(10);
  expect(profile.decode).toMatchObject({ rows: 2, position: 24, submits: 1 });
  expect(profile.prefill).toMatchObject({ rows: 32, position: 8 });
  for (const { kernels, dispatches, deviceMs, ...host } of [profile.decode, profile.prefill]) {
    expect(kernels.reduce((sum, kernel) => sum + kernel.dispatches, 0)).toBe(dispatches);
    expect(kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
    const roles = ['embed', 'qkv', 'rope', 'attention', 'o', 'gate/up', 'down', 'head', 'pick'];
    expect([...new Set(kernels.map(({ role }) => role))]).toEqual(roles);
    for (const { ms, bytes, gbPerSecond, kernel } of kernels) {
      expect(ms).toBeGreaterThan(0);
      expect([kernel, (bytes ?? 0) / ms / 1e6]).toEqual([kernel, gbPerSecond]);
    }
    const down = kernels.find(({ role }) => role === 'down');
    const rows = host.rows;
    const wanted =
      layers * (matrixBytes('int4', dim, hiddenDim) + rows * (4 * hiddenDim + 8 * dim));
    expect(down?.bytes).toBe(wanted);
    expect(deviceMs).toBeGreaterThan(0);
    expect(host.encodeUs / dispatches).toBeCloseTo(host.encodeUsPerDispatch, 10);
    expect(host.stepMs).toBeGreaterThan(host.syncMs);
  }

  expect(session.position).toBe(8);
  await expect(session.decode(1)).rejects.toMatchObject({ code: 'internal' });
  expect(gpu.ledger().currentTotal).toBe(bytesBefore);
  expect(await generate()).toEqual(before);
});

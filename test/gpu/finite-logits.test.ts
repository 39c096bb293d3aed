import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/backends/index.ts';
import type { BackendName } from '../../src/core/cell.ts';
import { Rng } from '../../src/core/rng.ts';
import { createNodeEnvironment, type NodeEnvironment } from '../../src/hosts/node/environment.ts';
import { measureLaunch } from '../../src/measure/measure-launch.ts';
import { tensorNames } from '../../src/model/config.ts';
import type { PackedModel } from '../../src/model/packed.ts';
import { packSynthetic } from '../support/packed-model.ts';

const protocol = {
  warmupMin: 1,
  warmupMax: 1,
  warmupBudgetMs: 1000,
  repetitionsMin: 1,
  repetitionsMax: 1,
  repetitionsBudgetMs: 1000,
  decodeTokens: 0,
  runAheadSteps: 4,
  profile: false,
};

let cacheDir: string;
let environment: NodeEnvironment;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'mtok-finite-'));
  environment = createNodeEnvironment({ cacheDir });
});
afterAll(async () => {
  await environment.dispose();
  await rm(cacheDir, { recursive: true, force: true });
});

async function launch(name: BackendName, model: PackedModel, generatedTokens: number) {
  const backend = await loadBackend(name, environment);
  return measureLaunch({
    backend,
    model,
    variant: { weights: model.weights, kv: 'auto', activations: 'auto' },
    workload: { promptTokens: 5, generatedTokens, depth: 3, batch: 2 },
    protocol,
    isProfiled: false,
    rng: new Rng('finite'),
    now: () => performance.now(),
    startedAt: '2026-01-01T00:00:00.000Z',
    modelLoad: { readMs: null, packMs: null },
  });
}

/** A synthetic model in floats with some of its values replaced: `tensor` → [index, value]. */
async function withValues(
  preset: string,
  replaced: Record<string, [number, number][]>,
): Promise<PackedModel> {
  const model = await packSynthetic(`synthetic:${preset}`, 'f32');
  return {
    ...model,
    // Exported graphs are kept under the model's hash.
    sha256: createHash('sha256').update(JSON.stringify(replaced)).digest('hex'),
    async read(tensor, plane, offset = 0, length) {
      const bytes = await model.read(tensor, plane, offset, length);
      const values = new Float32Array(bytes.slice().buffer);
      for (const [index, value] of replaced[tensor] ?? []) {
        const at = index - offset / 4;
        if (at >= 0 && at < values.length) values[at] = value;
      }
      return new Uint8Array(values.buffer);
    },
  };
}

describe.each(['reference', 'wgsl', 'ort-cpu', 'ort-webgpu'] as const)('a launch of %s', (name) => {
  it.each([4, 0])('fails where weights are NaN, whatever token that gives (-n %i)', async (n) => {
    const model = await withValues('test-odd', { [tensorNames.finalNorm]: [[0, Number.NaN]] });
    const failure = launch(name, model, n);
    // Our own kernels say so of the first prefill already.
    const code = name === 'wgsl' ? 'quality' : 'engine';
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringContaining('NaN'),
      hint: expect.any(String),
    });
  });

  it('fails where finite weights come to infinite logits', async () => {
    // The row of token 7 is [3e38, 0, 0, …]; what it is multiplied with is in the hundreds, and f32 ends at 3.4e38.
    const preset = 'test-mha-untied';
    const { dim } = (await packSynthetic(`synthetic:${preset}`, 'f32')).config;
    const row = Array.from({ length: dim }, (_, i) => [7 * dim + i, i === 0 ? 3e38 : 0]);
    const model = await withValues(preset, {
      [tensorNames.finalNorm]: [[0, 1000]],
      [tensorNames.head]: row as [number, number][],
    });
    await expect(launch(name, model, 4)).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringMatching(
        / 2 of 1024 logits at position 11 .* first is -?Infinity, of token 7 of sequence 0$/,
      ),
    });
  });

  it('gives the same logits as a prefill of one token where all is well', async () => {
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    const backend = await loadBackend(name, environment);
    const variant = { weights: model.weights, kv: 'auto', activations: 'auto' } as const;
    const open = (batch: number) => backend.open({ model, variant, batch, contextTokens: 8 });
    const alone = await open(1);
    const expected: number[][] = [];
    for (const tokens of [
      [3, 4, 5],
      [6, 7, 8],
    ]) {
      await alone.rewind(0);
      const logits = await alone.logits(Int32Array.from(tokens));
      expected.push([...logits.subarray(2 * model.config.vocab)]);
    }
    await alone.dispose();
    const both = await open(2);
    await both.prefill(Int32Array.of(3, 4, 6, 7));
    const logits = await both.stepLogits(Int32Array.of(5, 8));
    expect(both.position).toBe(3);
    await both.dispose();
    expect(logits).toHaveLength(2 * model.config.vocab);
    const worst = expected.flat().map((value, i) => Math.abs(value - (logits[i] ?? Number.NaN)));
    expect(Math.max(...worst)).toBeLessThan(2e-3);
  });
});

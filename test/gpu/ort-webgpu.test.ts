import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineOf } from '../../src/backends/ort/engines.ts';
import { createOrtBench, nmse, type OrtBench, someTokens } from '../support/ort.ts';
import { checkAgainstReference, fewCases } from '../support/ort-cases.ts';
import { packSynthetic } from '../support/packed-model.ts';
import { openReference } from '../support/reference.ts';

describe('ort-webgpu', () => {
  checkAgainstReference(engineOf('ort-webgpu'), fewCases);
});

describe('ort-webgpu beside our own device', () => {
  let bench: OrtBench;
  beforeAll(async () => {
    bench = await createOrtBench(engineOf('ort-webgpu'));
  });
  afterAll(() => bench.dispose());

  it('names the adapter that it shares with us', async () => {
    const gpu = await bench.environment.gpu();
    const session = await bench.open(await packSynthetic('synthetic:test-odd', 'int4'));
    expect(session.device).toEqual(gpu.info);
    await session.dispose();
    gpu.assertAlive();
  });

  it('computes in f16 where the adapter can, else says that it cannot', async () => {
    const { hasF16 } = await bench.environment.gpu();
    const model = await packSynthetic('synthetic:test-gqa7', 'int4');
    const opened = bench.open(model, { activations: 'f16' });
    if (!hasF16) {
      await expect(opened).rejects.toMatchObject({ code: 'unsupported' });
      return;
    }
    const session = await opened;
    expect(session.variant).toEqual({ weights: 'int4', kv: 'f16', activations: 'f16' });
    const tokens = someTokens(40, model.config.vocab);
    const expected = await (await openReference(model)).logits(tokens);
    expect(nmse(await session.logits(tokens), expected)).toBeLessThan(1e-3);
    await session.dispose();
  });
});

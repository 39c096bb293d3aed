import { describe, expect, it } from 'vitest';
import { engineOf } from '../../src/backends/ort/engines.ts';
import { openOrtSession } from '../../src/backends/ort/open.ts';
import { createOrtBench } from '../support/ort.ts';
import { checkAgainstReference } from '../support/ort-cases.ts';
import { packSynthetic } from '../support/packed-model.ts';

describe('ort-cpu', () => {
  checkAgainstReference(engineOf('ort-cpu'));
});

describe('a provider that gets copies of the KV cache', () => {
  // As ort-cuda, ort-dml and ort-coreml run, on the provider that every machine has.
  checkAgainstReference({ ...engineOf('ort-cpu'), kv: 'copied' });
});

describe('what ONNX Runtime cannot do', () => {
  it.each([
    { activations: 'f16', kv: 'auto' },
    { activations: 'f32', kv: 'f16' },
    { activations: 'auto', kv: 'f16' },
    { activations: 'auto', kv: 'int8' },
  ] as const)('says so of $activations activations with a $kv cache', async (formats) => {
    const bench = await createOrtBench(engineOf('ort-cpu'));
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    await expect(bench.open(model, formats)).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.any(String),
    });
    await bench.dispose();
  });

  it('names a provider that this build lacks, and what to do', async () => {
    const bench = await createOrtBench(engineOf('ort-cpu'));
    const model = await packSynthetic('synthetic:test-odd', 'f16');
    const missing = { ...engineOf('ort-dml'), provider: 'absent' };
    const variant = { weights: 'f16', kv: 'auto', activations: 'auto' } as const;
    const request = { model, variant, batch: 1, contextTokens: 16 };
    await expect(openOrtSession(missing, request, bench.environment)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('ort-dml'),
      hint: expect.stringContaining('Windows'),
    });
    await bench.dispose();
  });

  it('names the node that fails', async () => {
    const bench = await createOrtBench(engineOf('ort-cpu'));
    const model = await packSynthetic('synthetic:test-odd', 'int4');
    const wrong = { ...model, config: { ...model.config, heads: 8 } };
    await expect(bench.open(wrong).then((s) => s.prefill(Int32Array.of(1)))).rejects.toMatchObject({
      code: 'engine',
      message: expect.stringContaining('/layers.0/attn'),
    });
    await bench.dispose();
  });
});

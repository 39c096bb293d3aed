import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeModel, openSource } from '../../src/hosts/node/model-source.ts';
import { tensorNames } from '../../src/model/config.ts';
import { hfTensors, isRedundant } from '../../src/model/hf-tensors.ts';
import { presets } from '../../src/model/presets.ts';
import {
  floatBytes,
  type TestTensor,
  temporaryFolder,
  tinyHfConfig,
  tinyShapes,
  tinyTensors,
  writeModel,
} from '../support/model-directory.ts';

const names = Object.keys(tinyShapes());
const qProj = 'model.layers.0.self_attn.q_proj.weight';

async function opened(options: Parameters<typeof writeModel>[1] = {}) {
  const folder = await temporaryFolder();
  await writeModel(folder, options);
  return openSource(folder);
}

/** The tiny model with one tensor replaced, added or (undefined) left out. */
function withTensor(name: string, tensor: Partial<TestTensor> | undefined) {
  const { [name]: old, ...rest } = tinyTensors();
  if (!tensor) return rest;
  return {
    ...rest,
    [name]: { dtype: 'F32', shape: [1], data: new Uint8Array(4), ...old, ...tensor },
  };
}

describe('openDirectory', () => {
  it('gives every tensor its canonical name', async () => {
    const source = await opened();
    const expected: [string, string, number][] = [
      [tensorNames.embed, 'model.embed_tokens.weight', 11],
      [tensorNames.layer(1, 'k'), 'model.layers.1.self_attn.k_proj.weight', 4],
      [tensorNames.layer(0, 'down'), 'model.layers.0.mlp.down_proj.weight', 8],
      [tensorNames.layer(1, 'mlpNorm'), 'model.layers.1.post_attention_layernorm.weight', 1],
      [tensorNames.finalNorm, 'model.norm.weight', 1],
    ];
    for (const [name, hfName, rows] of expected) {
      const index = names.indexOf(hfName);
      const values = await source.readRows(name, 0, rows);
      expect(Math.floor(values[0] ?? -1)).toBe(index);
      expect(values.length).toBe((tinyShapes()[hfName] ?? []).reduce((a, b) => a * b, 1));
    }
    const row = await source.readRows(tensorNames.embed, 3, 1);
    expect([...row]).toEqual([
      ...Float32Array.from([24, 25, 26, 27, 28, 29, 30, 31], (i) => i / 1000),
    ]);
    expect(source.has('head')).toBe(false);
    expect(source.has(tensorNames.layer(0, 'qBias'))).toBe(false);
    await expect(source.readRows('head', 0, 1)).rejects.toThrow(/no tensor head/);
    await source.close();
  });

  it('reads shards as one model', async () => {
    const shards = {
      'model-00001-of-00002.safetensors': names.slice(0, 5),
      'model-00002-of-00002.safetensors': names.slice(5),
    };
    const source = await opened({ shards });
    const whole = await opened();
    for (const name of [tensorNames.embed, tensorNames.layer(1, 'up')]) {
      expect(await source.readRows(name, 1, 2)).toEqual(await whole.readRows(name, 1, 2));
    }
    expect(source.sha256).not.toBe(whole.sha256);
    await Promise.all([source.close(), whole.close()]);
  });

  it('is identified by the content of config and weights, not by the place', async () => {
    const a = await opened();
    const b = await opened();
    const norm = 'model.norm.weight';
    const other = await opened({
      tensors: withTensor(norm, { data: floatBytes([1, 2, 3, 4, 5, 6, 7, 9]) }),
    });
    const config = await opened({ config: { ...tinyHfConfig, rms_norm_eps: 1e-6 } });
    expect(a.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(b.sha256).toBe(a.sha256);
    expect(new Set([a.sha256, other.sha256, config.sha256]).size).toBe(3);
    await Promise.all([a, b, other, config].map((source) => source.close()));
  });

  it('passes over tensors that follow from others', async () => {
    const inverse = 'model.layers.0.self_attn.rotary_emb.inv_freq';
    await (await opened({ tensors: withTensor(inverse, {}) })).close();
    await (await opened({ tensors: withTensor('lm_head.weight', {}) })).close();
    const untied = { architecture: 'llama', tied: false } as Parameters<typeof isRedundant>[1];
    expect(isRedundant('lm_head.weight', untied)).toBe(false);
  });

  it.each<[string, Parameters<typeof writeModel>[1], RegExp]>([
    ['a missing tensor', { tensors: withTensor(qProj, undefined) }, /q_proj.weight is missing/],
    [
      'a missing head',
      { config: { ...tinyHfConfig, tie_word_embeddings: false } },
      /lm_head.weight is missing/,
    ],
    [
      'a wrong shape',
      { tensors: withTensor(qProj, { shape: [4, 16] }) },
      /\[4, 16\], config.json asks for \[8, 8\]/,
    ],
    [
      'a vector with two dimensions',
      { tensors: withTensor('model.norm.weight', { shape: [1, 8] }) },
      /\[1, 8\]/,
    ],
    [
      'another vocabulary',
      { config: { ...tinyHfConfig, vocab_size: 12 } },
      /\[11, 8\], config.json asks for \[12, 8\] \(vocab_size, hidden_size\)/,
    ],
    [
      'a wrong dtype',
      {
        tensors: withTensor('model.norm.weight', {
          dtype: 'F64',
          data: floatBytes(Array(8).fill(1), 'F64'),
        }),
      },
      /is F64, supported are F32, F16, BF16/,
    ],
    [
      'a tensor that would be ignored',
      { tensors: withTensor('model.layers.0.self_attn.q_proj.bias', {}) },
      /q_proj.bias has no place in a llama model of 2 layers/,
    ],
    [
      'more layers than it says',
      { config: { ...tinyHfConfig, num_hidden_layers: 1 } },
      /layers.1.* has no place/,
    ],
  ])('refuses %s', async (_, options, message) => {
    const folder = await temporaryFolder();
    await writeModel(folder, options);
    await expect(openSource(folder)).rejects.toThrow(message);
    await expect(openSource(folder)).rejects.toMatchObject({ code: 'model' });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %f among the weights when it is read, and says where',
    async (value) => {
      const data = floatBytes(Array.from({ length: 64 }, (_, i) => (i === 42 ? value : 1)));
      const source = await opened({ tensors: withTensor(qProj, { data }) });
      await expect(source.readRows('layers.0.q', 4, 4)).rejects.toThrow(
        new RegExp(`q_proj.weight holds ${value} at row 5, column 2`),
      );
      await source.close();
    },
  );

  it.each<[string, (folder: string) => Promise<void>, RegExp]>([
    [
      'no config',
      (f) => rm(join(f, 'config.json')),
      /is no model directory: it has no config.json/,
    ],
    [
      'a config that is no JSON',
      (f) => writeFile(join(f, 'config.json'), '{'),
      /config.json: not valid JSON/,
    ],
    ['no weights', (f) => rm(join(f, 'model.safetensors')), /no model.safetensors and no/],
    [
      'pickled weights only',
      (f) => rename(join(f, 'model.safetensors'), join(f, 'pytorch_model.bin')),
      /no model.safetensors/,
    ],
    [
      'truncated weights',
      (f) => writeFile(join(f, 'model.safetensors'), 'abc'),
      /not a safetensors file: 3 bytes/,
    ],
  ])('refuses a directory with %s', async (_, damage, message) => {
    const folder = await temporaryFolder();
    await writeModel(folder);
    await damage(folder);
    await expect(openSource(folder)).rejects.toThrow(message);
    await expect(openSource(folder)).rejects.toMatchObject({ code: 'model' });
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a path out of the directory',
      { weight_map: { a: '../../etc/passwd.safetensors' } },
      /no name of a .safetensors/,
    ],
    ['an absolute path', { weight_map: { a: '/etc/x.safetensors' } }, /no name of/],
    ['a number', { weight_map: { a: 3 } }, /3 is no name/],
    ['no map', {}, /no weight_map/],
    ['a list', { weight_map: [] }, /no weight_map/],
    [
      'a missing shard',
      { weight_map: { a: 'gone.safetensors' } },
      /gone.safetensors: no such file/,
    ],
  ])('refuses an index with %s', async (_, index, message) => {
    const folder = await temporaryFolder();
    await writeModel(folder);
    await rm(join(folder, 'model.safetensors'));
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    await expect(openSource(folder)).rejects.toThrow(message);
    await expect(openSource(folder)).rejects.toMatchObject({ code: 'model' });
  });

  it('refuses a shard that lacks a tensor of the index', async () => {
    const folder = await temporaryFolder();
    await writeModel(folder, { shards: { 'a.safetensors': names, 'b.safetensors': ['nowhere'] } });
    await expect(openSource(folder)).rejects.toThrow(/b.safetensors: tensor nowhere/);
  });

  it('refuses what is no directory', async () => {
    const folder = await temporaryFolder();
    await writeModel(folder);
    await expect(openSource(join(folder, 'absent'))).rejects.toMatchObject({ code: 'model' });
    await expect(openSource(join(folder, 'config.json'))).rejects.toThrow(
      /is a file, a model directory/,
    );
  });
});

describe('hfTensors', () => {
  const shapesOf = (preset: keyof typeof presets) =>
    new Map(hfTensors(presets[preset].config).map(({ hfName, hfShape }) => [hfName, hfShape]));

  it('names what Qwen2, Qwen3 and untied models have besides', () => {
    const qwen2 = shapesOf('test-gqa7');
    expect(qwen2.get('model.layers.1.self_attn.q_proj.bias')).toEqual([224]);
    expect(qwen2.get('model.layers.1.self_attn.v_proj.bias')).toEqual([32]);
    const qwen3 = shapesOf('test-qknorm');
    expect(qwen3.get('model.layers.0.self_attn.q_norm.weight')).toEqual([20]);
    expect(qwen3.get('model.layers.0.self_attn.k_norm.weight')).toEqual([20]);
    expect(qwen3.get('model.layers.0.self_attn.o_proj.weight')).toEqual([80, 160]);
    expect(shapesOf('test-mha-untied').get('lm_head.weight')).toEqual([512, 60]);
  });
});

describe('describeModel', () => {
  it('counts parameters and bytes', async () => {
    const folder = await temporaryFolder();
    await writeModel(folder);
    const { parameters, weightsBytes, kvBytesPerToken } = await describeModel(folder);
    const counts = Object.values(tinyShapes()).map((shape) => shape.reduce((a, b) => a * b, 1));
    const expected = counts.reduce((a, b) => a + b, 0);
    expect(parameters).toBe(expected);
    expect(weightsBytes).toMatchObject({ f32: 4 * expected, f16: 2 * expected });
    expect(kvBytesPerToken).toEqual({
      f32: 2 * 2 * 4 * 4,
      f16: 2 * 2 * 4 * 2,
      int8: 2 * 2 * (4 + 4),
    });
  });

  it('plans with presets that have no weights', async () => {
    const large = await describeModel('synthetic:llama-3.1-70b');
    expect(large.planningOnly).toBe(true);
    // Matrices at 4.5 bits, the embedding table (128256 × 8192) in f16.
    const table = 128256 * 8192;
    const floor = (large.parameters - table) * 0.5625 + table * 2;
    expect(large.weightsBytes.int4 / floor).toBeCloseTo(1, 4);
    await expect(openSource('synthetic:llama-3.1-70b')).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});

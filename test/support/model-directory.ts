import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is deleted after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestTensor {
  dtype: string;
  shape: number[];
  data: Uint8Array;
}

/** A safetensors file from scratch, byte by byte as the format's description says. */
export function safetensorsBytes(
  tensors: Record<string, TestTensor>,
  changeHeader: (header: Record<string, unknown>) => void = () => {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  let position = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [position, position + data.byteLength] };
    position += data.byteLength;
  }
  changeHeader(header);
  return withHeader(
    JSON.stringify(header),
    Object.values(tensors).map(({ data }) => data),
  );
}

/** Length, header text, data. */
export function withHeader(json: string, data: Uint8Array[] = []): Uint8Array {
  const text = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  return new Uint8Array(Buffer.concat([length, text, ...data]));
}

/** f32 values as the bytes of a tensor in F32, BF16 (cut off) or F64. */
export function floatBytes(values: number[], dtype: 'F32' | 'BF16' | 'F64' = 'F32'): Uint8Array {
  if (dtype === 'F64') return new Uint8Array(Float64Array.from(values).buffer);
  const f32 = new Uint8Array(Float32Array.from(values).buffer);
  if (dtype === 'F32') return f32;
  return f32.filter((_, i) => i % 4 >= 2);
}

/** config.json of the smallest model worth the name. */
export const tinyHfConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  tie_word_embeddings: true,
};

/** Shapes of that model's tensors, by their names in a checkpoint. */
export function tinyShapes(): Record<string, number[]> {
  const shapes: Record<string, number[]> = { 'model.embed_tokens.weight': [11, 8] };
  for (const i of [0, 1]) {
    const layer = `model.layers.${i}`;
    shapes[`${layer}.input_layernorm.weight`] = [8];
    shapes[`${layer}.self_attn.q_proj.weight`] = [8, 8];
    shapes[`${layer}.self_attn.k_proj.weight`] = [4, 8];
    shapes[`${layer}.self_attn.v_proj.weight`] = [4, 8];
    shapes[`${layer}.self_attn.o_proj.weight`] = [8, 8];
    shapes[`${layer}.post_attention_layernorm.weight`] = [8];
    shapes[`${layer}.mlp.gate_proj.weight`] = [12, 8];
    shapes[`${layer}.mlp.up_proj.weight`] = [12, 8];
    shapes[`${layer}.mlp.down_proj.weight`] = [8, 12];
  }
  shapes['model.norm.weight'] = [8];
  return shapes;
}

/** Tensor `index` holds index + i/1000 at position i, so that a mix-up shows. */
export function tinyTensors(): Record<string, TestTensor> {
  const tensors: Record<string, TestTensor> = {};
  for (const [index, [name, shape]] of Object.entries(tinyShapes()).entries()) {
    const count = shape.reduce((product, n) => product * n, 1);
    const values = Array.from({ length: count }, (_, i) => index + i / 1000);
    tensors[name] = { dtype: 'F32', shape, data: floatBytes(values) };
  }
  return tensors;
}

/** Writes a model directory; tensors go into one file, or into shards with an index. */
export async function writeModel(
  folder: string,
  options: {
    config?: object;
    tensors?: Record<string, TestTensor>;
    shards?: Record<string, string[]>;
  } = {},
): Promise<void> {
  const { config = tinyHfConfig, tensors = tinyTensors(), shards } = options;
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  if (!shards) {
    await writeFile(join(folder, 'model.safetensors'), safetensorsBytes(tensors));
    return;
  }
  const weightMap: Record<string, string> = {};
  for (const [file, names] of Object.entries(shards)) {
    const some = Object.fromEntries(
      Object.entries(tensors).filter(([name]) => names.includes(name)),
    );
    await writeFile(join(folder, file), safetensorsBytes(some));
    for (const name of names) weightMap[name] = file;
  }
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap });
  await writeFile(join(folder, 'model.safetensors.index.json'), index);
}

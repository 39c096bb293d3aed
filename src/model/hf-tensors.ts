import type { LayerPart, ModelConfig } from './config.ts';
import { type TensorShape, tensorShapes } from './tensors.ts';

/** Names below `model.layers.<i>.` in a Hugging Face checkpoint. */
const layerNames: Record<LayerPart, string> = {
  attnNorm: 'input_layernorm.weight',
  q: 'self_attn.q_proj.weight',
  k: 'self_attn.k_proj.weight',
  v: 'self_attn.v_proj.weight',
  qBias: 'self_attn.q_proj.bias',
  kBias: 'self_attn.k_proj.bias',
  vBias: 'self_attn.v_proj.bias',
  qNorm: 'self_attn.q_norm.weight',
  kNorm: 'self_attn.k_norm.weight',
  o: 'self_attn.o_proj.weight',
  mlpNorm: 'post_attention_layernorm.weight',
  gate: 'mlp.gate_proj.weight',
  up: 'mlp.up_proj.weight',
  down: 'mlp.down_proj.weight',
};

const topNames: Record<string, string> = {
  embed: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  head: 'lm_head.weight',
};

/** Name of a canonical tensor in a Hugging Face checkpoint. */
function hfName(name: string): string {
  const match = /^layers\.(\d+)\.(\w+)$/.exec(name);
  if (!match) return topNames[name] ?? name;
  return `model.layers.${match[1]}.${layerNames[match[2] as LayerPart]}`;
}

export interface HfTensor extends TensorShape {
  /** Name in the checkpoint. */
  readonly hfName: string;
  /** Shape in the checkpoint: vectors have one dimension there. */
  readonly hfShape: readonly number[];
}

/** Every tensor that a checkpoint of this config must have, in storage order. */
export function hfTensors(config: ModelConfig): HfTensor[] {
  return tensorShapes(config).map((shape) => ({
    ...shape,
    hfName: hfName(shape.name),
    hfShape: shape.role === 'vector' ? [shape.cols] : [shape.rows, shape.cols],
  }));
}

/** Tensors that some checkpoints carry though they follow from the config or from another tensor. */
export function isRedundant(name: string, config: ModelConfig): boolean {
  return name.endsWith('.rotary_emb.inv_freq') || (config.tied && name === topNames.head);
}

import { describe, expect, it } from 'vitest';
import { parseConfig, SUPPORTED_ARCHITECTURES } from '../../src/model/hf-config.ts';
import { tinyHfConfig } from '../support/model-directory.ts';

const parse = (changes: object) => parseConfig({ ...tinyHfConfig, ...changes }, 'm/config.json');

const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const llama3Scaling = {
  type: 'llama3',
  factor: 8,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalContext: 8192,
};

describe('parseConfig', () => {
  it('reads Llama with its defaults', () => {
    expect(parse({})).toEqual({
      architecture: 'llama',
      vocab: 11,
      dim: 8,
      hiddenDim: 12,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headDim: 4,
      context: 64,
      normEps: 1e-5,
      ropeTheta: 10000,
      ropeScaling: null,
      tied: true,
      qkvBias: false,
      qkNorm: false,
      bosToken: null,
      eosTokens: [],
    });
    const { num_key_value_heads, tie_word_embeddings, ...sparse } = tinyHfConfig;
    expect(parseConfig(sparse, 'x')).toMatchObject({ kvHeads: 2, tied: false });
  });

  it.each([
    [{ rope_scaling: { rope_type: 'llama3', ...llama3 }, rope_theta: 500000 }],
    [{ rope_scaling: { type: 'llama3', ...llama3 }, rope_theta: 500000 }],
    [{ rope_parameters: { rope_type: 'llama3', rope_theta: 500000, ...llama3 } }],
  ])('reads llama3 scaling in every spelling: %j', (changes) => {
    expect(parse(changes)).toMatchObject({ ropeTheta: 500000, ropeScaling: llama3Scaling });
  });

  it.each([
    [{ rope_scaling: null }],
    [{ rope_scaling: { rope_type: 'default' } }],
    [{ rope_parameters: { rope_type: 'default', rope_theta: 10000 } }],
  ])('reads no scaling: %j', (changes) => {
    expect(parse(changes)).toMatchObject({ ropeTheta: 10000, ropeScaling: null });
  });

  it('knows what sets Qwen2, Qwen3 and Mistral apart', () => {
    const qwen2 = {
      architectures: ['Qwen2ForCausalLM'],
      sliding_window: 32,
      use_sliding_window: false,
    };
    expect(parse(qwen2)).toMatchObject({ qkvBias: true, qkNorm: false, context: 64 });
    const qwen3 = { architectures: ['Qwen3ForCausalLM'], attention_bias: false };
    expect(parse({ ...qwen3, head_dim: 6 })).toMatchObject({ qkNorm: true, headDim: 6 });
    expect(parse(qwen3)).toMatchObject({ qkvBias: false, headDim: 128 });
    const mistral = { architectures: ['MistralForCausalLM'], sliding_window: null };
    expect(parse(mistral)).toMatchObject({ architecture: 'mistral', context: 64 });
  });

  it.each([
    [{ architectures: ['MistralForCausalLM'], sliding_window: 16 }, 16],
    [{ architectures: ['MistralForCausalLM'], sliding_window: 4096 }, 64],
    [{ architectures: ['MistralForCausalLM'], max_position_embeddings: 32768 }, 4096],
    [{ architectures: ['Qwen2ForCausalLM'], sliding_window: 16, use_sliding_window: true }, 16],
    [
      {
        architectures: ['Qwen3ForCausalLM'],
        sliding_window: 16,
        layer_types: ['sliding_attention'],
      },
      16,
    ],
    [{ architectures: ['LlamaForCausalLM'], sliding_window: 16 }, 64],
  ])('limits the context to a sliding window: %j → %i', (changes, context) => {
    expect(parse(changes).context).toBe(context);
  });

  it('reads one end token or several', () => {
    expect(parse({ bos_token_id: 1, eos_token_id: 2 })).toMatchObject({
      bosToken: 1,
      eosTokens: [2],
    });
    expect(parse({ eos_token_id: [2, 3] }).eosTokens).toEqual([2, 3]);
  });

  it('goes by model_type where architectures is missing', () => {
    expect(parse({ architectures: undefined, model_type: 'qwen2' }).qkvBias).toBe(true);
  });

  it('lists what is supported when the architecture is not', () => {
    const bad = () => parse({ architectures: ['MambaForCausalLM'] });
    expect(bad).toThrow(/config.json: unsupported architecture MambaForCausalLM/);
    expect(bad).toThrow(
      expect.objectContaining({ hint: `Supported: ${SUPPORTED_ARCHITECTURES.join(', ')}.` }),
    );
    expect(() => parse({ architectures: undefined, model_type: undefined })).toThrow(/none given/);
  });

  it.each<[object, RegExp]>([
    [{ vocab_size: undefined }, /vocab_size/],
    [{ vocab_size: 2 ** 40 }, /vocab_size/],
    [{ hidden_size: 0 }, /hidden_size/],
    [{ hidden_size: '8' }, /hidden_size/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
    [{ num_hidden_layers: 1.5 }, /num_hidden_layers/],
    [{ intermediate_size: -4 }, /intermediate_size/],
    [{ max_position_embeddings: Number.MAX_VALUE }, /max_position_embeddings/],
    [{ rms_norm_eps: 0 }, /rms_norm_eps/],
    [{ num_attention_heads: 3 }, /cannot share|no multiple/],
    [{ num_attention_heads: 4, num_key_value_heads: 3 }, /4 attention heads cannot share 3/],
    [{ num_attention_heads: 3, num_key_value_heads: 1 }, /no multiple of 3 attention heads/],
    [{ head_dim: 5 }, /odd/],
    [{ hidden_act: 'gelu' }, /hidden_act is gelu/],
    [{ attention_bias: true }, /attention_bias/],
    [{ mlp_bias: true }, /mlp_bias/],
    [{ quantization_config: { quant_method: 'gptq' } }, /quantised already/],
    [{ layer_types: ['linear_attention'] }, /linear_attention/],
    [{ rope_scaling: { type: 'yarn', factor: 4 } }, /type yarn is not supported/],
    [{ rope_scaling: { type: 'llama3', factor: 8 } }, /needs factor, low_freq_factor/],
    [{ rope_scaling: { type: 'llama3', ...llama3, high_freq_factor: 1 } }, /must exceed/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
    [{ bos_token_id: 11 }, /token id 11 lies outside of vocab_size 11/],
    [{ eos_token_id: [2, 99] }, /token id 99/],
  ])('refuses %j', (changes, message) => {
    expect(() => parse(changes)).toThrow(message);
    expect(() => parse(changes)).toThrow(expect.objectContaining({ code: 'model' }));
  });

  it.each([[null], [[]], ['text'], [3], [JSON.parse('{"__proto__":{"vocab_size":1}}')]])(
    'refuses %j altogether',
    (json) => {
      expect(() => parseConfig(json, 'x')).toThrow(expect.objectContaining({ code: 'model' }));
    },
  );
});

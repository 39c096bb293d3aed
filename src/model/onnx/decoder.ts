import { type LayerPart, tensorNames } from '../config.ts';
import { toFloat16Array } from '../float16.ts';
import type { PackedModel } from '../packed.ts';
import { ropeTables } from '../rope.ts';
import { addArgMax } from './argmax.ts';
import { GraphBuilder } from './graph.ts';
import { WeightWriter } from './projection.ts';
import { type FloatType, tableData } from './weight-data.ts';

/** `tokens`: the greedy next token of each sequence; `logits`: f32 logits of every position. */
export type OutputKind = 'tokens' | 'logits';

export interface DecoderOptions {
  /** Type of activations and KV cache. */
  float: FloatType;
  output: OutputKind;
  /** Sequences that advance together. */
  batch: number;
  /** Rows of the cosine and sine tables: the longest sequence the graph can serve. */
  positions: number;
}

/** Names of a decoder graph's inputs and outputs. */
export const ioNames = {
  inputIds: 'input_ids',
  seqlens: 'seqlens_k',
  totalLength: 'total_sequence_length',
  tokens: 'tokens',
  logits: 'logits',
  past: (layer: number, part: 'key' | 'value'): string => `past_key_values.${layer}.${part}`,
  present: (layer: number, part: 'key' | 'value'): string => `present.${layer}.${part}`,
} as const;

/**
 * Width that a head takes in the KV cache. GroupQueryAttention with rotary wants multiples of 16; in other
 * heads each half is filled up with zeros (so that halves still turn with each other), which add nothing to
 * a dot product and are cut off behind it.
 */
export function paddedHeadDim(headDim: number): number {
  return Math.ceil(headDim / 16) * 16;
}

const microsoft = { domain: 'com.microsoft' } as const;

/**
 * The decoder as production exports write it (onnxruntime-genai's model builder, transformers.js): RMSNorm
 * fused with the residual sum, MatMulNBits, GroupQueryAttention with rotary and its KV cache.
 *
 * input_ids i64[1, seq·batch] is time-major (token t of sequence b at t·batch + b), and the KV cache f[1,
 * batch·kvHeads, length, headDim] has the sequences side by side as heads. All sequences have the same length, so
 * to attention a batch is nothing but more heads; and GroupQueryAttention refuses to append several tokens
 * to a non-empty cache for a real batch. For batch 1 it is the ordinary layout.
 * seqlens_k i32[1] is the length after this run − 1, total_sequence_length i32 scalar that length.
 */
export function buildDecoder(model: PackedModel, options: DecoderOptions): GraphBuilder {
  const graph = new GraphBuilder();
  const writer = new DecoderWriter(graph, model, options);
  writer.write();
  return graph;
}

class DecoderWriter {
  private readonly graph: GraphBuilder;
  private readonly weights: WeightWriter;
  private readonly model: PackedModel;
  private readonly options: DecoderOptions;

  constructor(graph: GraphBuilder, model: PackedModel, options: DecoderOptions) {
    this.graph = graph;
    this.model = model;
    this.options = options;
    this.weights = new WeightWriter(graph, model, options.float);
  }

  write(): void {
    const { graph, weights, model } = this;
    const { layers, tied } = model.config;
    const ids = graph.input(ioNames.inputIds, 'int64', [1, 'rows']);
    graph.input(ioNames.seqlens, 'int32', [1]);
    graph.input(ioNames.totalLength, 'int32', []);
    this.addRope();

    let residual = weights.gather('/embed_tokens', tensorNames.embed, ids);
    let x = this.norm('/layers.0/input_layernorm', residual, tensorNames.layer(0, 'attnNorm'));
    for (let layer = 0; layer < layers; layer++) {
      const attention = this.attention(layer, x);
      const afterAttention = this.skipNorm(
        `/layers.${layer}/post_attention_layernorm`,
        attention,
        residual,
        tensorNames.layer(layer, 'mlpNorm'),
      );
      const mlp = this.mlp(layer, afterAttention.normed);
      const last = layer === layers - 1;
      const skip = last
        ? this.finalNorm(mlp, afterAttention.sum)
        : this.skipNorm(
            `/layers.${layer + 1}/input_layernorm`,
            mlp,
            afterAttention.sum,
            tensorNames.layer(layer + 1, 'attnNorm'),
          );
      residual = skip.sum;
      x = skip.normed;
    }
    this.addOutput(weights.project('/lm_head', x, tied ? tensorNames.embed : tensorNames.head));
  }

  private addRope(): void {
    const { float, positions } = this.options;
    const { cos, sin } = ropeTables(this.model.config, positions);
    const half = this.model.config.headDim / 2;
    const width = paddedHeadDim(this.model.config.headDim) / 2;
    for (const [name, table] of [
      ['cos_cache', cos],
      ['sin_cache', sin],
    ] as const) {
      const wide = new Float32Array(positions * width);
      for (let i = 0; i < table.length; i++) {
        wide[Math.floor(i / half) * width + (i % half)] = table[i] ?? 0;
      }
      const values = float === 'float16' ? toFloat16Array(wide) : wide;
      const data = tableData(new Uint8Array(values.buffer));
      this.graph.weight(name, float, [positions, width], data);
    }
  }

  private norm(name: string, x: string, tensor: string): string {
    return this.graph.node(
      name,
      'SimplifiedLayerNormalization',
      [x, this.weights.vector([tensor])],
      {
        attributes: { axis: -1, epsilon: { float: this.model.config.normEps }, stash_type: 1 },
      },
    );
  }

  /** sum = x + skip, normed = RMSNorm(sum) */
  private skipNorm(name: string, x: string, skip: string, tensor: string) {
    const sum = `${name}/sum`;
    const normed = this.graph.node(
      name,
      'SkipSimplifiedLayerNormalization',
      [x, skip, this.weights.vector([tensor])],
      {
        ...microsoft,
        attributes: { epsilon: { float: this.model.config.normEps } },
        outputs: [name, '', '', sum],
      },
    );
    return { normed, sum };
  }

  /** The last norm; for `tokens` only of the rows that are asked for. */
  private finalNorm(x: string, skip: string) {
    if (this.options.output === 'logits') {
      return this.skipNorm('/norm', x, skip, tensorNames.finalNorm);
    }
    return this.skipNorm(
      '/norm',
      this.lastRows('/last_hidden', x),
      this.lastRows('/last_residual', skip),
      tensorNames.finalNorm,
    );
  }

  /** [1, seq·batch, n] → [1, batch, n]: the last token of each sequence. */
  private lastRows(name: string, x: string): string {
    return this.graph.slice(name, x, 1, -this.options.batch, Number.MAX_SAFE_INTEGER);
  }

  private attention(layer: number, x: string): string {
    const { graph, model, options } = this;
    const { heads, kvHeads, headDim, qkvBias, qkNorm } = model.config;
    const at = `/layers.${layer}/attn`;
    const tensor = (part: LayerPart): string => tensorNames.layer(layer, part);
    const project = (part: 'q' | 'k' | 'v'): string => {
      const bias = qkvBias ? tensor(`${part}Bias`) : undefined;
      return this.weights.project(`${at}/${part}_proj`, x, tensor(part), bias);
    };
    let q = project('q');
    let k = project('k');
    if (qkNorm) {
      q = this.headNorm(`${at}/q_norm`, q, tensor('qNorm'), heads);
      k = this.headNorm(`${at}/k_norm`, k, tensor('kNorm'), kvHeads);
    }
    const padded = paddedHeadDim(headDim);
    const input = [
      this.toHeads(`${at}/q_heads`, q, heads),
      this.toHeads(`${at}/k_heads`, k, kvHeads),
      this.toHeads(`${at}/v_heads`, project('v'), kvHeads),
    ];
    const parts = ['key', 'value'] as const;
    const shape = [1, options.batch * kvHeads, 'length', padded];
    for (const part of parts) {
      input.push(graph.input(ioNames.past(layer, part), options.float, shape));
      graph.output(ioNames.present(layer, part), options.float, shape);
    }
    const y = graph.node(
      `${at}/GroupQueryAttention`,
      'GroupQueryAttention',
      [...input, ioNames.seqlens, ioNames.totalLength, 'cos_cache', 'sin_cache'],
      {
        ...microsoft,
        attributes: {
          num_heads: options.batch * heads,
          kv_num_heads: options.batch * kvHeads,
          do_rotary: 1,
          rotary_interleaved: 0,
          scale: { float: 1 / Math.sqrt(headDim) },
        },
        outputs: [
          `${at}/GroupQueryAttention`,
          ...parts.map((part) => ioNames.present(layer, part)),
        ],
      },
    );
    return this.weights.project(`${at}/o_proj`, this.fromHeads(`${at}/rows`, y), tensor('o'));
  }

  /** [1, seq·batch, count·headDim] → [1, seq, batch·count·paddedHeadDim], zeros behind each half of a head. */
  private toHeads(name: string, x: string, count: number): string {
    const { headDim } = this.model.config;
    const { batch } = this.options;
    const padded = paddedHeadDim(headDim);
    if (padded === headDim) {
      return batch === 1 ? x : this.reshape(name, x, [1, -1, batch * count * headDim]);
    }
    const halves = this.reshape(`${name}/split`, x, [1, -1, 2 * count, headDim / 2]);
    const pads = [0, 0, 0, 0, 0, 0, 0, (padded - headDim) / 2];
    const amount = this.graph.constant('heads.pads', 'int64', [8], pads);
    const wide = this.graph.node(`${name}/Pad`, 'Pad', [halves, amount]);
    return this.reshape(name, wide, [1, -1, batch * count * padded]);
  }

  /** Back to [1, seq·batch, heads·headDim]. */
  private fromHeads(name: string, x: string): string {
    const { headDim, heads } = this.model.config;
    const padded = paddedHeadDim(headDim);
    if (padded === headDim) {
      return this.options.batch === 1 ? x : this.reshape(name, x, [1, -1, heads * headDim]);
    }
    const halves = this.reshape(`${name}/split`, x, [1, -1, 2 * heads, padded / 2]);
    const narrow = this.graph.slice(`${name}/Slice`, halves, 3, 0, headDim / 2);
    return this.reshape(name, narrow, [1, -1, heads * headDim]);
  }

  /** RMSNorm of each head: [1, n, count·headDim] → the same shape. */
  private headNorm(name: string, x: string, tensor: string, count: number): string {
    const { headDim } = this.model.config;
    const heads = this.reshape(`${name}/heads`, x, [0, -1, headDim]);
    const normed = this.norm(name, heads, tensor);
    return this.reshape(`${name}/rows`, normed, [0, -1, count * headDim]);
  }

  private reshape(name: string, x: string, shape: number[]): string {
    const dims = this.graph.constant(`shape.${shape.join('x')}`, 'int64', [shape.length], shape);
    return this.graph.node(name, 'Reshape', [x, dims]);
  }

  /** down(silu(gate(x)) · up(x)) */
  private mlp(layer: number, x: string): string {
    const { graph, weights } = this;
    const at = `/layers.${layer}/mlp`;
    const gate = weights.project(`${at}/gate_proj`, x, tensorNames.layer(layer, 'gate'));
    const up = weights.project(`${at}/up_proj`, x, tensorNames.layer(layer, 'up'));
    const sigmoid = graph.node(`${at}/act_fn/Sigmoid`, 'Sigmoid', [gate]);
    const silu = graph.node(`${at}/act_fn/Mul`, 'Mul', [gate, sigmoid]);
    const product = graph.node(`${at}/Mul`, 'Mul', [silu, up]);
    return weights.project(`${at}/down_proj`, product, tensorNames.layer(layer, 'down'));
  }

  private addOutput(logits: string): void {
    const { graph, options, model } = this;
    const { vocab } = model.config;
    if (options.output === 'tokens') {
      addArgMax(graph, ioNames.tokens, logits, options.batch, vocab);
      return;
    }
    if (options.float === 'float32') {
      graph.node(ioNames.logits, 'Identity', [logits]);
    } else {
      graph.node(ioNames.logits, 'Cast', [logits], { attributes: { to: 1 } });
    }
    graph.output(ioNames.logits, 'float32', [1, 'rows', vocab]);
  }
}

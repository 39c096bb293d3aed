import { invariant } from '../../core/errors.ts';
import { type LayerPart, type ModelConfig, tensorNames } from '../config.ts';
import { ioNames, KV_PARTS, paddedHeadDim } from './decoder-io.ts';
import type { GraphBuilder } from './graph.ts';
import type { NormWriter } from './norm.ts';
import type { WeightWriter } from './projection.ts';
import type { FloatType } from './weight-data.ts';

export interface AttentionOptions {
  float: FloatType;
  batch: number;
  packQkv: boolean;
}

/** Adds a layer's attention: projections, GroupQueryAttention with rotary and its KV cache, output projection. */
export class AttentionWriter {
  private readonly graph: GraphBuilder;
  private readonly weights: WeightWriter;
  private readonly norms: NormWriter;
  private readonly config: ModelConfig;
  private readonly options: AttentionOptions;
  private readonly padded: number;

  constructor(
    graph: GraphBuilder,
    weights: WeightWriter,
    norms: NormWriter,
    config: ModelConfig,
    options: AttentionOptions,
  ) {
    invariant(
      !options.packQkv || (options.batch === 1 && !config.qkNorm),
      'packed q, k and v for batch > 1 or q/k norms',
    );
    this.graph = graph;
    this.weights = weights;
    this.norms = norms;
    this.config = config;
    this.options = options;
    this.padded = paddedHeadDim(config.headDim);
  }

  /** x[1, seq·batch, dim] → [1, seq·batch, dim] */
  write(layer: number, x: string): string {
    const { graph, config, options } = this;
    const at = `/layers.${layer}/attn`;
    const { batch } = options;
    const input = options.packQkv ? this.packedQkv(layer, x) : this.separateQkv(layer, x);
    const shape = [1, batch * config.kvHeads, 'length', this.padded];
    for (const part of KV_PARTS) {
      input.push(graph.input(ioNames.past(layer, part), options.float, shape));
      graph.output(ioNames.present(layer, part), options.float, shape);
    }
    input.push(ioNames.seqlens, ioNames.totalLength, 'cos_cache', 'sin_cache');
    const y = graph.node(`${at}/GroupQueryAttention`, 'GroupQueryAttention', input, {
      domain: 'com.microsoft',
      attributes: {
        num_heads: batch * config.heads,
        kv_num_heads: batch * config.kvHeads,
        do_rotary: 1,
        rotary_interleaved: 0,
        scale: { float: 1 / Math.sqrt(config.headDim) },
      },
      outputs: [
        `${at}/GroupQueryAttention`,
        ...KV_PARTS.map((part) => ioNames.present(layer, part)),
      ],
    });
    const rows = this.fromHeads(`${at}/rows`, y);
    return this.weights.project(`${at}/o_proj`, rows, [tensorNames.layer(layer, 'o')]);
  }

  private packedQkv(layer: number, x: string): string[] {
    const { config, weights } = this;
    const at = `/layers.${layer}/attn`;
    const names = (parts: readonly LayerPart[]) => parts.map((p) => tensorNames.layer(layer, p));
    const biases = config.qkvBias ? names(['qBias', 'kBias', 'vBias']) : [];
    const qkv = weights.project(`${at}/qkv_proj`, x, names(['q', 'k', 'v']), biases);
    return [this.toHeads(`${at}/qkv_heads`, qkv, config.heads + 2 * config.kvHeads), '', ''];
  }

  private separateQkv(layer: number, x: string): string[] {
    const { config } = this;
    const at = `/layers.${layer}/attn`;
    const tensor = (part: LayerPart): string => tensorNames.layer(layer, part);
    return (['q', 'k', 'v'] as const).map((part) => {
      const heads = part === 'q' ? config.heads : config.kvHeads;
      const biases = config.qkvBias ? [tensor(`${part}Bias`)] : [];
      let y = this.weights.project(`${at}/${part}_proj`, x, [tensor(part)], biases);
      if (config.qkNorm && part !== 'v') {
        y = this.headNorm(`${at}/${part}_norm`, y, tensor(`${part}Norm`), heads);
      }
      return this.toHeads(`${at}/${part}_heads`, y, heads);
    });
  }

  /** RMSNorm of each head: [1, n, count·headDim] → the same shape. */
  private headNorm(name: string, x: string, tensor: string, count: number): string {
    const { headDim } = this.config;
    const heads = this.reshape(`${name}/heads`, x, [0, -1, headDim]);
    const normed = this.norms.plain(name, heads, tensor);
    return this.reshape(`${name}/rows`, normed, [0, -1, count * headDim]);
  }

  /** [1, seq·batch, count·headDim] → [1, seq, batch·count·padded], zeros behind each half of a head. */
  private toHeads(name: string, x: string, count: number): string {
    const { headDim } = this.config;
    const { batch } = this.options;
    const width = batch * count * this.padded;
    if (this.padded === headDim) return batch === 1 ? x : this.reshape(name, x, [1, -1, width]);
    const halves = this.reshape(`${name}/split`, x, [1, -1, 2 * count, headDim / 2]);
    const pads = [0, 0, 0, 0, 0, 0, 0, (this.padded - headDim) / 2];
    const amount = this.graph.constant('heads.pads', 'int64', [8], pads);
    const wide = this.graph.node(`${name}/Pad`, 'Pad', [halves, amount]);
    return this.reshape(name, wide, [1, -1, width]);
  }

  /** Back to [1, seq·batch, heads·headDim]. */
  private fromHeads(name: string, x: string): string {
    const { headDim, heads } = this.config;
    const shape = [1, -1, heads * headDim];
    if (this.padded === headDim) {
      return this.options.batch === 1 ? x : this.reshape(name, x, shape);
    }
    const halves = this.reshape(`${name}/split`, x, [1, -1, 2 * heads, this.padded / 2]);
    return this.reshape(name, this.graph.slice(`${name}/Slice`, halves, 3, 0, headDim / 2), shape);
  }

  private reshape(name: string, x: string, shape: number[]): string {
    const dims = this.graph.constant(`shape.${shape.join('x')}`, 'int64', [shape.length], shape);
    return this.graph.node(name, 'Reshape', [x, dims]);
  }
}

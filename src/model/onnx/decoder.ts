import { tensorNames } from '../config.ts';
import type { PackedModel } from '../packed.ts';
import { ropeTables } from '../rope.ts';
import { addArgMax, addGroupedArgMax, argMaxGroup } from './argmax.ts';
import { AttentionWriter } from './attention.ts';
import { ioNames, paddedHeadDim } from './decoder-io.ts';
import { GraphBuilder } from './graph.ts';
import { NormWriter } from './norm.ts';
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
  /** One projection for q, k and v instead of three. Not possible with q/k norms or batch > 1. */
  packQkv: boolean;
  /** See addGroupedArgMax. */
  groupArgMax: boolean;
  /** See WeightOptions. */
  expandInt8: boolean;
}

/**
 * The decoder as production exports write it (onnxruntime-genai's model builder, transformers.js): RMSNorm
 * fused with the residual sum, MatMulNBits, GroupQueryAttention with rotary and its KV cache.
 *
 * input_ids i64[1, seq·batch] is time-major (token t of sequence b at t·batch + b), and the KV cache
 * f[1, batch·kvHeads, length, headDim] has the sequences side by side as heads. All sequences have the same
 * length, so to attention a batch is nothing but more heads; and GroupQueryAttention refuses to append
 * several tokens to a non-empty cache for a real batch. For batch 1 it is the ordinary layout.
 * seqlens_k i32[1] is the length after this run − 1, total_sequence_length i32 scalar that length.
 */
export function buildDecoder(model: PackedModel, options: DecoderOptions): GraphBuilder {
  const graph = new GraphBuilder();
  const { config } = model;
  const weights = new WeightWriter(graph, model, options);
  const norms = new NormWriter(graph, weights, config.normEps);
  const attention = new AttentionWriter(graph, weights, norms, config, options);
  const ids = graph.input(ioNames.inputIds, 'int64', [1, 'rows']);
  graph.input(ioNames.seqlens, 'int32', [1]);
  graph.input(ioNames.totalLength, 'int32', []);
  addRope(graph, model, options);

  let residual = weights.gather('/embed_tokens', tensorNames.embed, ids);
  let x = norms.plain('/layers.0/input_layernorm', residual, tensorNames.layer(0, 'attnNorm'));
  for (let layer = 0; layer < config.layers; layer++) {
    const y = attention.write(layer, x);
    const at = `/layers.${layer}/post_attention_layernorm`;
    const middle = norms.residual(at, y, residual, tensorNames.layer(layer, 'mlpNorm'));
    const mlp = addMlp(graph, weights, layer, middle.normed);
    const next =
      layer + 1 < config.layers
        ? norms.residual(
            `/layers.${layer + 1}/input_layernorm`,
            mlp,
            middle.sum,
            tensorNames.layer(layer + 1, 'attnNorm'),
          )
        : addFinalNorm(graph, norms, mlp, middle.sum, options);
    residual = next.sum;
    x = next.normed;
  }
  const head = config.tied ? tensorNames.embed : tensorNames.head;
  addOutput(graph, weights.project(ioNames.stepLogits, x, [head]), config.vocab, options);
  return graph;
}

/** cos_cache and sin_cache f[positions, paddedHeadDim / 2], zeros where heads are padded. */
function addRope(graph: GraphBuilder, model: PackedModel, { positions, float }: DecoderOptions) {
  const { headDim } = model.config;
  const half = headDim / 2;
  const width = paddedHeadDim(headDim) / 2;
  const { cos, sin } = ropeTables(model.config, positions);
  for (const [name, table] of Object.entries({ cos_cache: cos, sin_cache: sin })) {
    const wide = new Float32Array(positions * width);
    for (let i = 0; i < table.length; i++) {
      wide[Math.floor(i / half) * width + (i % half)] = table[i] ?? 0;
    }
    graph.weight(name, float, [positions, width], tableData(wide, float));
  }
}

/** down(silu(gate(x)) · up(x)) */
function addMlp(graph: GraphBuilder, weights: WeightWriter, layer: number, x: string): string {
  const at = `/layers.${layer}/mlp`;
  const gate = weights.project(`${at}/gate_proj`, x, [tensorNames.layer(layer, 'gate')]);
  const up = weights.project(`${at}/up_proj`, x, [tensorNames.layer(layer, 'up')]);
  const sigmoid = graph.node(`${at}/act_fn/Sigmoid`, 'Sigmoid', [gate]);
  const silu = graph.node(`${at}/act_fn/Mul`, 'Mul', [gate, sigmoid]);
  const product = graph.node(`${at}/Mul`, 'Mul', [silu, up]);
  return weights.project(`${at}/down_proj`, product, [tensorNames.layer(layer, 'down')]);
}

/** The last norm; for `tokens` only of each sequence's last token. */
function addFinalNorm(
  graph: GraphBuilder,
  norms: NormWriter,
  x: string,
  residual: string,
  { output, batch }: DecoderOptions,
) {
  if (output === 'logits') return norms.residual('/norm', x, residual, tensorNames.finalNorm);
  const last = (name: string, value: string): string =>
    graph.slice(name, value, 1, -batch, Number.MAX_SAFE_INTEGER);
  return norms.residual(
    '/norm',
    last('/last_hidden', x),
    last('/last_residual', residual),
    tensorNames.finalNorm,
  );
}

function addOutput(
  graph: GraphBuilder,
  logits: string,
  vocab: number,
  { output, batch, float, groupArgMax }: DecoderOptions,
): void {
  if (output === 'logits') {
    if (float === 'float32') graph.node(ioNames.logits, 'Identity', [logits]);
    else graph.node(ioNames.logits, 'Cast', [logits], { attributes: { to: 1 } });
    graph.output(ioNames.logits, 'float32', [1, 'rows', vocab]);
    return;
  }
  graph.output(logits, float, [1, batch, vocab]);
  const width = groupArgMax ? argMaxGroup(vocab) : 1;
  if (width > 1) addGroupedArgMax(graph, logits, batch, vocab, width, float);
  else addArgMax(graph, logits, batch);
}

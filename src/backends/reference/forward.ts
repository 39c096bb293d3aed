import type { RopeTables } from '../../model/rope.ts';
import type { KvCache } from './kv-cache.ts';
import { add, attention, matmul, rmsnorm, rope, roundActivations, swiglu } from './ops.ts';
import type { LayerWeights, Weights } from './weights.ts';

/** What a forward pass works on: `batch` sequences with `start` tokens in the cache each. */
export interface ForwardState {
  weights: Weights;
  cache: KvCache;
  tables: RopeTables;
  /** Inputs of matrices, except attention's output, are rounded to blocks of int8. */
  int8Activations: boolean;
  batch: number;
  start: number;
}

/** Rows of the embedding table. tokens [rows] → [rows, dim] */
function embed(weights: Weights, tokens: Int32Array): Float64Array {
  const { dim } = weights.config;
  const x = new Float64Array(tokens.length * dim);
  tokens.forEach((token, row) => {
    x.set(weights.embed.subarray(token * dim, (token + 1) * dim), row * dim);
  });
  return x;
}

/** q, k or v [rows, heads, headDim]: normalised over each head where the model does so, then rotated. */
function placeHeads(
  x: Float64Array,
  heads: number,
  norm: Float32Array | undefined,
  positions: Int32Array,
  state: ForwardState,
): Float64Array {
  const { headDim, normEps } = state.weights.config;
  const normed = norm ? rmsnorm(x, positions.length * heads, headDim, norm, normEps) : x;
  return rope(normed, positions, heads, headDim, state.tables);
}

/** Appends the tokens' keys and values to the cache and attends. x [batch·seq, dim] → [batch·seq, heads·headDim] */
function attend(
  x: Float64Array,
  layer: LayerWeights,
  index: number,
  state: ForwardState,
): Float64Array {
  const { batch, start, cache, weights } = state;
  const { dim, heads, kvHeads, headDim } = weights.config;
  const rows = x.length / dim;
  const seq = rows / batch;
  const qDim = heads * headDim;
  const kvDim = kvHeads * headDim;
  const positions = Int32Array.from({ length: rows }, (_, row) => start + (row % seq));
  const qRaw = matmul(x, rows, dim, layer.q, qDim, layer.qBias);
  const kRaw = matmul(x, rows, dim, layer.k, kvDim, layer.kBias);
  const v = matmul(x, rows, dim, layer.v, kvDim, layer.vBias);
  const q = placeHeads(qRaw, heads, layer.qNorm, positions, state);
  const k = placeHeads(kRaw, kvHeads, layer.kNorm, positions, state);
  const out = new Float64Array(rows * qDim);
  for (let b = 0; b < batch; b++) {
    const of = (a: Float64Array, width: number) =>
      a.subarray(b * seq * width, (b + 1) * seq * width);
    const { keys, values } = cache.append(index, b, start, of(k, kvDim), of(v, kvDim));
    out.set(attention(of(q, qDim), keys, values, seq, start, weights.config), b * seq * qDim);
  }
  return out;
}

/** x [rows, k] as the matrices get it. */
function asInput(x: Float64Array, k: number, { int8Activations }: ForwardState): Float64Array {
  return int8Activations ? roundActivations(x, x.length / k, k) : x;
}

/** down(silu(gate(x))·up(x)). x [rows, dim] → [rows, dim] */
function feedForward(x: Float64Array, layer: LayerWeights, state: ForwardState): Float64Array {
  const { dim, hiddenDim } = state.weights.config;
  const rows = x.length / dim;
  const gate = matmul(x, rows, dim, layer.gate, hiddenDim);
  const up = matmul(x, rows, dim, layer.up, hiddenDim);
  const hidden = asInput(swiglu(gate, up), hiddenDim, state);
  return matmul(hidden, rows, hiddenDim, layer.down, dim);
}

/** Residual stream after all layers; appends tokens[batch][seq] to the cache. → [batch·seq, dim] */
export function residualStream(tokens: Int32Array, state: ForwardState): Float64Array {
  const { weights } = state;
  const { dim, heads, headDim, normEps } = weights.config;
  const rows = tokens.length;
  let x = embed(weights, tokens);
  weights.layers.forEach((layer, index) => {
    const normed = (weight: Float32Array) =>
      asInput(rmsnorm(x, rows, dim, weight, normEps), dim, state);
    const attended = attend(normed(layer.attnNorm), layer, index, state);
    x = add(x, matmul(attended, rows, heads * headDim, layer.o, dim));
    x = add(x, feedForward(normed(layer.mlpNorm), layer, state));
  });
  return x;
}

/** Hidden states that the LM head reads. tokens [batch][seq] → [batch·seq, dim] */
export function forward(tokens: Int32Array, state: ForwardState): Float64Array {
  const { config, finalNorm } = state.weights;
  const x = residualStream(tokens, state);
  return asInput(
    rmsnorm(x, tokens.length, config.dim, finalNorm, config.normEps),
    config.dim,
    state,
  );
}

/** Logits of one hidden state. hidden [dim] → [vocab] */
export function headLogits(hidden: Float64Array, weights: Weights): Float64Array {
  return matmul(hidden, 1, weights.config.dim, weights.head, weights.config.vocab);
}

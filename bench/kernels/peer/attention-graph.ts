import type { Feeds } from '../../../src/backends/ort/kv-cache.ts';
import { invariant } from '../../../src/core/errors.ts';
import { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import type { Scalar } from '../expectation.ts';
import type { AttentionData, AttentionOperation } from '../operation.ts';
import { addDone, floatTypes, type PeerGraph } from './candidate.ts';
import type { DeviceTensors } from './device-tensors.ts';

/** How GroupQueryAttention is called. */
export interface AttentionWay {
  readonly elem: Scalar;
  /** q, k and v of a token in one row, as of one projection. */
  readonly isPacked: boolean;
  /** New tokens a call takes at most. */
  readonly chunk: number;
}

/** One of the calls that an operation takes, for `count` new tokens from `first`. */
interface Call {
  readonly first: number;
  readonly count: number;
  readonly inputs: readonly string[];
  readonly lengths: readonly string[];
}

const PARTS = ['k', 'v'] as const;

/**
 * A graph of attentions on caches that hold all tokens from the start. Each call appends its own ones again, the
 * same numbers to the same places, so that calls on one cache may come in any order.
 */
export async function attentionGraph(
  operation: AttentionOperation,
  data: AttentionData,
  way: AttentionWay,
  tensors: DeviceTensors,
  copies: number,
  operations: number,
): Promise<PeerGraph> {
  const { heads, kvHeads, headDim, position, seq } = operation;
  const float = floatTypes[way.elem];
  const graph = new GraphBuilder();
  const feeds: Feeds = {};
  const resident: Feeds = {};
  const add = async (name: string, values: Float32Array, dims: number[]): Promise<void> => {
    graph.input(name, float, dims);
    feeds[name] = await tensors.upload(float, values, dims);
  };
  const cacheDims = [1, kvHeads, position + seq, headDim];
  const cacheNames = (copy: number) => PARTS.map((part) => `cache${copy}.${part}`);
  for (let copy = 0; copy < copies; copy++) {
    const [k = '', v = ''] = cacheNames(copy);
    await add(k, data.k, cacheDims);
    await add(v, data.v, cacheDims);
  }
  const calls: Call[] = [];
  for (let first = 0; first < seq; first += way.chunk) {
    const count = Math.min(way.chunk, seq - first);
    const tokens = newTokens(operation, data, way.isPacked, first, count);
    const inputs = tokens.map(({ name }) => `${name}.${first}`);
    for (const [i, { values }] of tokens.entries()) {
      await add(inputs[i] ?? '', values, [1, count, values.length / count]);
    }
    const total = position + first + count;
    const lengths = [
      graph.constant(`seqlens.${total}`, 'int32', [1], [total - 1]),
      graph.constant(`total.${total}`, 'int32', [], [total]),
    ];
    calls.push({ first, count, inputs, lengths });
  }
  const attributes = {
    num_heads: heads,
    kv_num_heads: kvHeads,
    do_rotary: 0,
    scale: { float: 1 / Math.sqrt(headDim) },
  };
  let results: string[] = [];
  for (let i = 0; i < operations; i++) {
    const past = cacheNames(i % copies);
    results = calls.map(({ first, inputs, lengths }) => {
      const name = `op${i}.${first}`;
      const present = PARTS.map((part) => `${name}.present.${part}`);
      const [q = '', k = '', v = ''] = inputs;
      graph.node(name, 'GroupQueryAttention', [q, k, v, ...past, ...lengths], {
        domain: 'com.microsoft',
        attributes,
        outputs: [name, ...present],
      });
      present.forEach((output, part) => {
        const cache = feeds[past[part] ?? ''];
        invariant(cache, `a cache for ${output}`);
        graph.output(output, float, cacheDims);
        resident[output] = cache;
      });
      return name;
    });
  }
  results.forEach((name, i) => {
    graph.output(name, float, [1, calls[i]?.count ?? 0, heads * headDim]);
  });
  const leading = [1, calls.at(-1)?.count ?? 0];
  const done = await addDone(graph, tensors, results.at(-1) ?? '', float, leading);
  return { graph, weights: new Uint8Array(0), operations, feeds, resident, done, results };
}

/** q, k and v of `count` new tokens from `first`, by row; or all three of a token in one row. */
function newTokens(
  { heads, kvHeads, headDim, position, seq }: AttentionOperation,
  { q, k, v }: AttentionData,
  isPacked: boolean,
  first: number,
  count: number,
): { name: string; values: Float32Array }[] {
  const width = heads * headDim;
  const queries = q.subarray(first * width, (first + count) * width);
  const ofCache = (values: Float32Array): Float32Array => {
    const out = new Float32Array(count * kvHeads * headDim);
    for (let t = 0; t < count; t++) {
      for (let h = 0; h < kvHeads; h++) {
        const from = (h * (position + seq) + position + first + t) * headDim;
        out.set(values.subarray(from, from + headDim), (t * kvHeads + h) * headDim);
      }
    }
    return out;
  };
  const parts = [
    { name: 'q', values: queries },
    { name: 'k', values: ofCache(k) },
    { name: 'v', values: ofCache(v) },
  ];
  if (!isPacked) return parts;
  const total = parts.reduce((sum, { values }) => sum + values.length, 0);
  const packed = new Float32Array(total);
  for (let t = 0, at = 0; t < count; t++) {
    for (const { values } of parts) {
      const one = values.length / count;
      packed.set(values.subarray(t * one, (t + 1) * one), at);
      at += one;
    }
  }
  return [{ name: 'qkv', values: packed }];
}

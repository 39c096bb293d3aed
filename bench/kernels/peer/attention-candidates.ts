import type { Feeds } from '../../../src/backends/ort/kv-cache.ts';
import { GraphBuilder } from '../../../src/model/onnx/graph.ts';
import type { Scalar } from '../expectation.ts';
import type { AttentionData, AttentionOperation } from '../operation.ts';
import { addDone, type Candidate, floatTypes } from './candidate.ts';
import type { DeviceTensors } from './device-tensors.ts';

/** From this many new tokens on, the WebGPU provider takes another kernel, which is wrong on some adapters. */
const LONG = 32;

/** How a candidate calls GroupQueryAttention. */
interface Way {
  readonly elem: Scalar;
  /** q, k and v of a token in one row, as of one projection. */
  readonly isPacked: boolean;
  /** New tokens a call takes at most. */
  readonly chunk: number;
}

/**
 * The ways of attention: GroupQueryAttention on a cache that it updates in place, with f16 values where the
 * device computes in them and the cache is not f32, with q, k and v apart and packed. The operator has one
 * type for activations and cache.
 */
export function attentionCandidates(
  operation: AttentionOperation,
  data: AttentionData,
  hasF16: boolean,
): Candidate[] {
  const elems: Scalar[] = hasF16 && operation.kv !== 'f32' ? ['f32', 'f16'] : ['f32'];
  return elems.flatMap((elem) =>
    [false, true].map((isPacked) =>
      attentionCandidate(operation, data, { elem, isPacked, chunk: operation.seq }),
    ),
  );
}

function attentionCandidate(
  operation: AttentionOperation,
  data: AttentionData,
  way: Way,
): Candidate {
  const { kvHeads, headDim, position, seq } = operation;
  const { elem, isPacked, chunk } = way;
  const isCut = chunk < seq;
  const label = (type: Scalar): string =>
    `GroupQueryAttention ${type}${isPacked ? ' packed' : ''}${isCut ? ` in runs of ${chunk}` : ''}`;
  return {
    label: label(elem),
    ...(elem === 'f16' ? { witness: label('f32') } : {}),
    operator: 'GroupQueryAttention',
    elem,
    settings: { packedQkv: isPacked, tokensPerCall: chunk, kvCache: 'in place' },
    copyBytes: 2 * kvHeads * (position + seq) * headDim * (elem === 'f16' ? 2 : 4),
    build: (tensors, copies, operations) =>
      build(operation, data, way, tensors, copies, operations),
    ...(seq < LONG || isCut
      ? {}
      : { fallback: () => attentionCandidate(operation, data, { ...way, chunk: LONG - 1 }) }),
  };
}

/**
 * The caches hold all tokens from the start, and each call appends its own ones again: the same numbers to the
 * same places, so that calls on one cache may come in any order.
 */
async function build(
  operation: AttentionOperation,
  data: AttentionData,
  { elem, isPacked, chunk }: Way,
  tensors: DeviceTensors,
  copies: number,
  operations: number,
) {
  const { heads, kvHeads, headDim, position, seq } = operation;
  const float = floatTypes[elem];
  const graph = new GraphBuilder();
  const feeds: Feeds = {};
  const resident: Feeds = {};
  const cacheDims = [1, kvHeads, position + seq, headDim];
  for (let copy = 0; copy < copies; copy++) {
    for (const part of ['k', 'v'] as const) {
      const name = graph.input(`cache${copy}.${part}`, float, cacheDims);
      feeds[name] = await tensors.upload(float, data[part], cacheDims);
    }
  }
  const calls = await Promise.all(
    chunksOf(seq, chunk).map(async ({ first, count }) => {
      const inputs = newTokens(operation, data, isPacked, first, count).map(
        async ({ name, values }) => {
          const dims = [1, count, values.length / count];
          graph.input(`${name}.${first}`, float, dims);
          feeds[`${name}.${first}`] = await tensors.upload(float, values, dims);
          return `${name}.${first}`;
        },
      );
      const total = position + first + count;
      const lengths = [
        graph.constant(`seqlens.${total}`, 'int32', [1], [total - 1]),
        graph.constant(`total.${total}`, 'int32', [], [total]),
      ];
      return { first, count, inputs: await Promise.all(inputs), lengths };
    }),
  );
  let results: string[] = [];
  for (let i = 0; i < operations; i++) {
    results = calls.map(({ first, inputs, lengths }) => {
      const past = [`cache${i % copies}.k`, `cache${i % copies}.v`];
      const name = `op${i}.${first}`;
      const present = ['k', 'v'].map((part) => `${name}.present.${part}`);
      const [q = '', k = '', v = ''] = inputs;
      graph.node(name, 'GroupQueryAttention', [q, k, v, ...past, ...lengths], {
        domain: 'com.microsoft',
        attributes: {
          num_heads: heads,
          kv_num_heads: kvHeads,
          do_rotary: 0,
          scale: { float: 1 / Math.sqrt(headDim) },
        },
        outputs: [name, ...present],
      });
      present.forEach((output, part) => {
        const cache = feeds[past[part] ?? ''];
        graph.output(output, float, cacheDims);
        if (cache) resident[output] = cache;
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

function chunksOf(seq: number, chunk: number): { first: number; count: number }[] {
  return Array.from({ length: Math.ceil(seq / chunk) }, (_, i) => ({
    first: i * chunk,
    count: Math.min(chunk, seq - i * chunk),
  }));
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

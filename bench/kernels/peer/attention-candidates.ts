import type { Scalar } from '../expectation.ts';
import type { AttentionData, AttentionOperation } from '../operation.ts';
import { type AttentionWay, attentionGraph } from './attention-graph.ts';
import type { Candidate } from './candidate.ts';

/** From this many new tokens on, the WebGPU provider takes another kernel, which is wrong on some adapters. */
const LONG = 32;

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
  way: AttentionWay,
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
      attentionGraph(operation, data, way, tensors, copies, operations),
    ...(seq < LONG || isCut
      ? {}
      : { fallback: () => attentionCandidate(operation, data, { ...way, chunk: LONG - 1 }) }),
  };
}

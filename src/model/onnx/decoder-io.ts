/** Names of a decoder graph's inputs and outputs. */
export const ioNames = {
  inputIds: 'input_ids',
  seqlens: 'seqlens_k',
  totalLength: 'total_sequence_length',
  tokens: 'tokens',
  groupMax: 'group_max',
  logits: 'logits',
  /** f[1, batch, vocab] of the graph that picks tokens: what it picks them from. Only fetched outside timed runs. */
  stepLogits: '/lm_head',
  past: (layer: number, part: KvPart): string => `past_key_values.${layer}.${part}`,
  present: (layer: number, part: KvPart): string => `present.${layer}.${part}`,
} as const;

export const KV_PARTS = ['key', 'value'] as const;
export type KvPart = (typeof KV_PARTS)[number];

/**
 * Width that a head takes in the KV cache. GroupQueryAttention with rotary wants multiples of 16; in other
 * heads each half is filled up with zeros (so that halves still turn with each other), which add nothing to
 * a dot product and are cut off behind it.
 */
export function paddedHeadDim(headDim: number): number {
  return Math.ceil(headDim / 16) * 16;
}

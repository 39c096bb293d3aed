import type { KvFormat, WeightFormat } from '../../core/cell.ts';

/** What the memory of a model's weights and KV cache follows from. */
export interface ModelShape {
  /** All of them: of a mixture of experts, those of every expert. */
  parameters: number;
  layers: number;
  kvHeads: number;
  headDim: number;
}

const SCALE_BITS = 16;
const BLOCK = 32;
const KV_SCALE_BYTES = 4;

/** Bits of the number itself. */
const WEIGHT_BITS: Readonly<Record<WeightFormat, number>> = { f32: 32, f16: 16, int8: 8, int4: 4 };
const KV_VALUE_BYTES: Readonly<Record<KvFormat, number>> = { f32: 4, f16: 2, int8: 1 };

/**
 * Bits of a parameter. With scales, a block of 32 quantised weights has an f16 one: 8.5 bits for int8, 4.5 for int4.
 * Other formats than ours have other blocks; `withScales` false counts the numbers alone.
 */
export function bitsPerWeight(format: WeightFormat, withScales: boolean): number {
  const isQuantised = format === 'int8' || format === 'int4';
  return WEIGHT_BITS[format] + (withScales && isQuantised ? SCALE_BITS / BLOCK : 0);
}

/** Parameters × bytes. Every parameter in one format: norms, and embeddings that stay f16, are too few to matter. */
export function weightsBytes(
  { parameters }: Pick<ModelShape, 'parameters'>,
  format: WeightFormat,
  withScales: boolean,
): number {
  return (parameters * bitsPerWeight(format, withScales)) / 8;
}

/**
 * Bytes of the KV cache that one token of one sequence takes: 2 (key and value) · layers · KV heads · bytes of a head's
 * row. int8 rows have an f32 scale each.
 */
export function kvBytesPerToken(
  { layers, kvHeads, headDim }: Pick<ModelShape, 'layers' | 'kvHeads' | 'headDim'>,
  format: KvFormat,
  withScales: boolean,
): number {
  const scale = withScales && format === 'int8' ? KV_SCALE_BYTES : 0;
  return 2 * layers * kvHeads * (headDim * KV_VALUE_BYTES[format] + scale);
}

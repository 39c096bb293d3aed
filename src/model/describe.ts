import { KV_FORMATS, type KvFormat, WEIGHT_FORMATS, type WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { kvCacheBytes, weightsBytes } from './footprint.ts';
import { tensorShapes } from './tensors.ts';

/** What can be said of a model from its config alone. */
export interface ModelDescription {
  name: string;
  config: ModelConfig;
  /** Weights, norms and biases; a tied table counts once. */
  parameters: number;
  /** Bytes of all packed tensors, by variant. */
  weightsBytes: Record<WeightFormat, number>;
  /** Bytes of the KV cache that one token of one sequence takes. */
  kvBytesPerToken: Record<KvFormat, number>;
  /** A shape for planning: there are no weights to run. */
  planningOnly: boolean;
}

/** Sizes of a model of this config. */
export function describeConfig(
  name: string,
  config: ModelConfig,
  planningOnly: boolean,
): ModelDescription {
  const byWeights = WEIGHT_FORMATS.map((format) => [format, weightsBytes(config, format)]);
  const byKv = KV_FORMATS.map((format) => [format, kvCacheBytes(config, format, 1, 1)]);
  return {
    name,
    config,
    parameters: tensorShapes(config).reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    weightsBytes: Object.fromEntries(byWeights),
    kvBytesPerToken: Object.fromEntries(byKv),
    planningOnly,
  };
}

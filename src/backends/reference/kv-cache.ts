import type { KvFormat } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import type { ModelConfig } from '../../model/config.ts';
import { fromFloat16Array, toFloat16Array } from '../../model/float16.ts';
import type { Vector } from './ops.ts';

/** Keys and values of one layer and sequence, f32[contextTokens, kvHeads, headDim]; `f16` rounds what is stored. */
export interface KvPlane {
  keys: Float32Array;
  values: Float32Array;
}

export class KvCache {
  readonly byteLength: number;
  private readonly planes: KvPlane[]; // [layers][batch]
  private readonly batch: number;
  private readonly width: number;
  private readonly format: KvFormat;

  /** Throws `out-of-memory` when the planes cannot be allocated. */
  constructor(config: ModelConfig, batch: number, contextTokens: number, format: KvFormat) {
    this.batch = batch;
    this.width = config.kvHeads * config.headDim;
    this.format = format;
    const size = contextTokens * this.width;
    const count = config.layers * batch;
    this.byteLength = 2 * count * size * Float32Array.BYTES_PER_ELEMENT;
    try {
      this.planes = Array.from({ length: count }, () => ({
        keys: new Float32Array(size),
        values: new Float32Array(size),
      }));
    } catch (cause) {
      const what = `KV cache of ${batch} × ${contextTokens} tokens (${this.byteLength} bytes)`;
      throw new BenchError('out-of-memory', `${what} does not fit in memory`, {
        hint: 'Use a smaller batch or a shorter context.',
        cause,
      });
    }
  }

  /** Stores k and v [seq, kvHeads, headDim] from position `start` on and returns the layer's planes. */
  append(layer: number, sequence: number, start: number, k: Vector, v: Vector): KvPlane {
    const plane = this.planes[layer * this.batch + sequence];
    if (!plane) throw new RangeError(`no cache for layer ${layer}, sequence ${sequence}`);
    plane.keys.set(this.round(k), start * this.width);
    plane.values.set(this.round(v), start * this.width);
    return plane;
  }

  private round(x: Vector): Float32Array {
    const single = Float32Array.from(x);
    return this.format === 'f16' ? fromFloat16Array(toFloat16Array(single)) : single;
  }
}

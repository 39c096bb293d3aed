import type { KvFormat } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import type { ModelConfig } from '../../model/config.ts';
import { fromFloat16Array, toFloat16Array } from '../../model/float16.ts';
import { dequantiseKv, quantiseKv } from '../../model/kv-int8.ts';
import type { Vector } from './ops.ts';

/**
 * Keys and values of one layer and sequence, [contextTokens, kvHeads, headDim]; rounded to the format as they
 * are stored. f64 for int8: the product of a code and a scale is no f32.
 */
export interface KvPlane {
  keys: Vector;
  values: Vector;
}

export class KvCache {
  readonly byteLength: number;
  private readonly planes: KvPlane[]; // [layers][batch]
  private readonly batch: number;
  private readonly width: number;
  private readonly headDim: number;
  private readonly format: KvFormat;

  /** Throws `out-of-memory` when the planes cannot be allocated. */
  constructor(config: ModelConfig, batch: number, contextTokens: number, format: KvFormat) {
    this.batch = batch;
    this.width = config.kvHeads * config.headDim;
    this.headDim = config.headDim;
    this.format = format;
    const Plane = format === 'int8' ? Float64Array : Float32Array;
    const size = contextTokens * this.width;
    const count = config.layers * batch;
    this.byteLength = 2 * count * size * Plane.BYTES_PER_ELEMENT;
    try {
      this.planes = Array.from({ length: count }, () => ({
        keys: new Plane(size),
        values: new Plane(size),
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

  private round(x: Vector): Vector {
    if (this.format === 'int8') return dequantiseKv(quantiseKv(x, this.headDim), this.headDim);
    const single = Float32Array.from(x);
    return this.format === 'f16' ? fromFloat16Array(toFloat16Array(single)) : single;
  }
}

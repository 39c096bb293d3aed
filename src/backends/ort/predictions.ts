import { fromFloat16Array } from '../../model/float16.ts';
import { ioNames } from '../../model/onnx/decoder-io.ts';
import type { Feeds } from './kv-cache.ts';

/** The token of each sequence, from a plain or a grouped argmax (see src/model/onnx/argmax.ts). */
export function predictions(results: Feeds, batch: number, vocab: number): Int32Array {
  const places = results[ioNames.tokens]?.data as BigInt64Array;
  const maxima = results[ioNames.groupMax]?.data as Float32Array | Uint16Array | undefined;
  if (!maxima) return Int32Array.from(places, Number);
  const values = maxima instanceof Float32Array ? maxima : fromFloat16Array(maxima);
  const groups = places.length / batch;
  return Int32Array.from({ length: batch }, (_, b) => {
    const group = indexOfLargest(values, b * groups, groups);
    return group * (vocab / groups) + Number(places[b * groups + group]);
  });
}

/** Place of the first largest among `count` values from `start`. */
export function indexOfLargest(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if ((values[start + i] ?? 0) > (values[start + best] ?? 0)) best = i;
  }
  return best;
}

import { orderModules } from '../../../kernels/modules.ts';
import { topK } from '../../../kernels/top-k.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseBuffers, CaseStep, KernelCase } from '../case.ts';
import { encode, floatBits, unwritten } from '../values.ts';
import { type ArgmaxShape, drawLogits, NOT_A_TOKEN } from './argmax.ts';

/** What stands for a token where a slice has none left. */
const NOTHING = 0xfffffffe;

export interface TopKShape extends ArgmaxShape {
  top: number;
}

export function topKStep({ vocab, parts, top, batch = 1, wg = 64 }: TopKShape): CaseStep {
  const instance = instantiate(topK, {
    dims: { vocab, parts, top },
    tunables: { wg },
    modules: { order: orderModules.tournament },
  });
  return { instance, call: { batch } };
}

/** Value bits and index of the largest of a slice, largest first, then fillers; NaN where there is one. */
function wantedOf(slice: Float32Array, first: number, top: number): (number | 'any')[] {
  if (slice.some(Number.isNaN))
    return Array.from({ length: top }, () => ['any', NOT_A_TOKEN] as const).flat();
  const order = [...slice.keys()].sort((a, b) => (slice[b] ?? 0) - (slice[a] ?? 0) || a - b);
  return Array.from({ length: top }, (_, rank) => {
    const at = order[rank];
    return at === undefined
      ? [floatBits(Number.NEGATIVE_INFINITY), NOTHING]
      : [floatBits(slice[at] ?? 0), first + at];
  }).flat();
}

export function topKCase(shape: TopKShape, seed = 1): KernelCase {
  const { vocab, parts, top, batch = 1, logits: kind = 'normal', wg = 64 } = shape;
  const make = (rng: Rng): CaseBuffers => {
    const logits = drawLogits(rng, shape);
    const size = Math.ceil(vocab / parts);
    const wanted: (number | 'any')[] = [];
    for (let b = 0; b < batch; b++) {
      const row = logits.subarray(b * vocab, (b + 1) * vocab);
      for (let p = 0; p < parts; p++) {
        const first = Math.min(p * size, vocab);
        wanted.push(...wantedOf(row.subarray(first, first + size), first, top));
      }
    }
    return {
      logits: { bytes: encode(logits, 'f32') },
      candidates: {
        bytes: unwritten(wanted.length * 4),
        expect: { kind: 'words', values: wanted },
      },
    };
  };
  return {
    kernel: topK.name,
    name: `${top} of ${batch}×${vocab} in ${parts} parts, ${kind}, wg ${wg}`,
    seed,
    steps: [topKStep(shape)],
    bytes: batch * (vocab * 4 + parts * top * 8),
    flops: 0,
    make,
  };
}

export const topKCases: readonly KernelCase[] = [
  topKCase({ vocab: 1, parts: 1, top: 1, wg: 1 }),
  topKCase({ vocab: 31, parts: 32, top: 3 }),
  topKCase({ vocab: 257, parts: 3, top: 64, batch: 5, wg: 32 }),
  topKCase({ vocab: 2049, parts: 32, top: 40, batch: 2 }),
  topKCase({ vocab: 1000, parts: 7, top: 33, batch: 3, logits: 'ties' }),
  topKCase({ vocab: 500, parts: 4, top: 5, batch: 3, logits: 'nan' }),
  topKCase({ vocab: 100, parts: 6, top: 20, batch: 2, logits: 'low', wg: 8 }),
  topKCase({ vocab: 500, parts: 4, top: 5, batch: 3, logits: 'masked' }),
  topKCase({ vocab: 151_936, parts: 32, top: 64, wg: 256 }),
];

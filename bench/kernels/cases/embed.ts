import { embed } from '../../../kernels/embed.ts';
import { weightModules } from '../../../kernels/modules.ts';
import type { WeightFormat } from '../../../src/core/cell.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import type { CaseBuffers, KernelCase } from '../case.ts';
import { tolerances } from '../expectation.ts';
import { matrixBuffers, matrixBytes, randomMatrix, sliceRows } from '../matrix.ts';
import { floatsOut, words } from '../values.ts';

export interface EmbedShape {
  weights: WeightFormat;
  vocab: number;
  k: number;
  rows: number;
  sliceRows?: number;
  /** Tokens at and beyond the vocabulary's end among the rows: their rows must stay as they are. */
  hasForeign?: boolean;
  wg?: number;
}

export function embedCase(shape: EmbedShape, seed = 1): KernelCase {
  const { weights, vocab, k, rows, hasForeign = false, wg = 64 } = shape;
  const slices = sliceRows(weights, vocab, shape.sliceRows ?? vocab);
  const xStride = padded(k);
  const make = (rng: Rng): CaseBuffers => {
    const matrix = randomMatrix(rng.fork('w'), weights, vocab, k);
    const tokens = Array.from({ length: rows }, (_, r) => {
      // First and last token of the vocabulary, then any.
      if (r < 2) return r * (vocab - 1);
      return hasForeign && r % 3 === 2 ? vocab + r - 2 : rng.integer(0, vocab);
    });
    const x = new Float64Array(rows * xStride).fill(Number.NaN);
    for (const [r, token] of tokens.entries()) {
      if (token >= vocab) continue;
      x.fill(0, r * xStride, (r + 1) * xStride);
      x.set(matrix.values.subarray(token * k, (token + 1) * k), r * xStride);
    }
    return {
      ...matrixBuffers(matrix, slices),
      tokens: words(...tokens),
      x: floatsOut('f32', x, tolerances.exact),
    };
  };
  return {
    kernel: embed.name,
    name: `${weights} ${rows} of ${vocab}×${k}, ${slices.length} slices, wg ${wg}`,
    seed,
    steps: slices.map((slice) => ({
      instance: instantiate(embed, {
        dims: { k, n: slice.rows, row0: slice.row0, xStride },
        tunables: { wg },
        modules: { weights: weightModules[weights] },
      }),
      call: { rows },
      rename: slice.rename,
    })),
    bytes: matrixBytes(weights, rows, k) + rows * (4 + k * 4),
    flops: 0,
    make,
  };
}

export const embedCases: readonly KernelCase[] = [
  embedCase({ weights: 'f32', vocab: 1, k: 1, rows: 1 }),
  embedCase({ weights: 'f16', vocab: 11, k: 31, rows: 5 }),
  embedCase({ weights: 'int8', vocab: 7, k: 33, rows: 3 }),
  embedCase({ weights: 'int4', vocab: 257, k: 172, rows: 17 }),
  embedCase({ weights: 'int4', vocab: 53, k: 64, rows: 9, hasForeign: true, wg: 1 }),
  // A row longer than a workgroup covers at once; a table in slices, each token in one of them.
  embedCase({ weights: 'f32', vocab: 5, k: 1031, rows: 4, wg: 32 }),
  embedCase({ weights: 'f16', vocab: 37, k: 896, rows: 6, sliceRows: 16 }),
  embedCase({ weights: 'int8', vocab: 31, k: 45, rows: 12, sliceRows: 10, hasForeign: true }),
];

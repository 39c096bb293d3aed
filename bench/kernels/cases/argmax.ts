import { argmax } from '../../../kernels/argmax.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseBuffers, CaseStep, KernelCase } from '../case.ts';
import { encode, floatBits, normals, unwritten } from '../values.ts';

/** What the kernels write instead of a token where a logit is NaN. */
export const NOT_A_TOKEN = 0xffffffff;

export interface ArgmaxShape {
  vocab: number;
  parts: number;
  batch?: number;
  /**
   * `ties`: only eight different values. `nan`: NaN in the second row. `low`: below −10³⁰.
   * `masked`: −∞ but for one token in every row after the first.
   */
  logits?: 'normal' | 'ties' | 'nan' | 'low' | 'masked';
  wg?: number;
}

export function drawLogits(rng: Rng, { vocab, batch = 1, logits = 'normal' }: ArgmaxShape) {
  const drawn = normals(rng, batch * vocab, 3);
  if (logits === 'ties') return drawn.map((v) => Math.max(-4, Math.min(3, Math.round(v))));
  if (logits === 'low') return drawn.map((v) => (v - 100) * 1e30);
  if (logits === 'masked') {
    const open = Array.from({ length: batch }, () => rng.integer(0, vocab));
    return drawn.map((v, i) => {
      const row = Math.floor(i / vocab);
      return row > 0 && i % vocab === open[row] ? v : Number.NEGATIVE_INFINITY;
    });
  }
  if (logits === 'nan') drawn[vocab + rng.integer(0, vocab)] = Number.NaN;
  return drawn;
}

/** The largest of some logits with its place; null when there is none. */
function largest(logits: Float32Array, from: number, to: number): { index: number } | null {
  let index = from;
  for (let i = from; i < to; i++) {
    const value = logits[i] ?? 0;
    if (Number.isNaN(value)) return { index: NOT_A_TOKEN };
    if (value > (logits[index] ?? 0)) index = i;
  }
  return from < to ? { index } : null;
}

/** The token of each row, as a whole. */
export function bestTokens(logits: Float32Array, vocab: number): number[] {
  return Array.from({ length: logits.length / vocab }, (_, b) => {
    const best = largest(logits.subarray(b * vocab, (b + 1) * vocab), 0, vocab);
    return best?.index ?? NOT_A_TOKEN;
  });
}

export function argmaxStep({ vocab, parts, batch = 1, wg = 64 }: ArgmaxShape): CaseStep {
  const instance = instantiate(argmax, { dims: { vocab, parts }, tunables: { wg } });
  return { instance, call: { batch } };
}

export function argmaxCase(shape: ArgmaxShape, seed = 1): KernelCase {
  const { vocab, parts, batch = 1, logits: kind = 'normal', wg = 64 } = shape;
  const make = (rng: Rng): CaseBuffers => {
    const logits = drawLogits(rng, shape);
    const slice = Math.ceil(vocab / parts);
    const wanted: (number | 'any')[] = [];
    for (let b = 0; b < batch; b++) {
      const row = logits.subarray(b * vocab, (b + 1) * vocab);
      for (let p = 0; p < parts; p++) {
        const best = largest(row, p * slice, Math.min((p + 1) * slice, vocab));
        // A part without tokens may say anything that never wins; pick-token's cases hold it to that.
        if (!best) wanted.push('any', 'any');
        else if (best.index === NOT_A_TOKEN) wanted.push('any', NOT_A_TOKEN);
        else wanted.push(floatBits(row[best.index] ?? 0), best.index);
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
    kernel: argmax.name,
    name: `${batch}×${vocab} in ${parts} parts, ${kind}, wg ${wg}`,
    seed,
    steps: [argmaxStep(shape)],
    bytes: batch * (vocab * 4 + parts * 8),
    flops: 0,
    make,
  };
}

export const argmaxCases: readonly KernelCase[] = [
  argmaxCase({ vocab: 1, parts: 1 }),
  argmaxCase({ vocab: 31, parts: 32 }),
  argmaxCase({ vocab: 257, parts: 3, batch: 5, wg: 32 }),
  argmaxCase({ vocab: 2048, parts: 32, batch: 2 }),
  argmaxCase({ vocab: 32_001, parts: 32, batch: 2 }),
  argmaxCase({ vocab: 1000, parts: 7, batch: 3, logits: 'ties' }),
  argmaxCase({ vocab: 500, parts: 4, batch: 3, logits: 'nan' }),
  argmaxCase({ vocab: 100, parts: 6, batch: 2, logits: 'low', wg: 1 }),
  argmaxCase({ vocab: 500, parts: 4, batch: 3, logits: 'masked' }),
  argmaxCase({ vocab: 151_936, parts: 16, wg: 256 }),
];

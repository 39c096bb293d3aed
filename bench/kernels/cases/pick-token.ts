import { pickToken } from '../../../kernels/pick-token.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseBuffer, CaseBuffers, CaseStep, KernelCase } from '../case.ts';
import { bytesOf, encode, normals, unwritten, words } from '../values.ts';
import { type ArgmaxShape, argmaxStep, bestTokens, drawLogits, NOT_A_TOKEN } from './argmax.ts';

export interface PickTokenShape {
  batch: number;
  parts: number;
  ring: number;
  /** Tokens in the cache, new tokens a sequence, tokens picked before. */
  state: readonly [position: number, seq: number, step: number];
  /** Candidates of few different values, and NaN in every third row. */
  isAwkward?: boolean;
  wg?: number;
}

/** tokens, picked and run_state, which also holds a seed, after `best` were picked. */
export function pickedOutputs(
  best: readonly (number | 'any')[],
  { batch, ring, state }: Pick<PickTokenShape, 'batch' | 'ring' | 'state'>,
  seed = 77,
): CaseBuffers {
  const [position, seq, step] = state;
  const picked = Array.from({ length: ring * batch }, (_, i) =>
    Math.floor(i / batch) === step % ring ? (best[i % batch] ?? 0) : 'untouched',
  );
  const out = (values: readonly (number | 'untouched' | 'any')[]): CaseBuffer => ({
    bytes: unwritten(values.length * 4),
    expect: { kind: 'words', values },
  });
  return {
    tokens: out(best),
    picked: out(picked),
    run_state: {
      ...words(position, seq, step, seed),
      expect: { kind: 'words', values: [position + seq, 1, step + 1, 'untouched'] },
    },
  };
}

function pickStep({ batch, parts, ring, wg = 32 }: PickTokenShape): CaseStep {
  const dims = { batch, parts, ring };
  return { instance: instantiate(pickToken, { dims, tunables: { wg } }), call: {} };
}

export function pickTokenCase(shape: PickTokenShape, seed = 1): KernelCase {
  const { batch, parts, ring, state, isAwkward = false, wg = 32 } = shape;
  const make = (rng: Rng): CaseBuffers => {
    const drawn = normals(rng, batch * parts);
    const values = isAwkward ? drawn.map((v) => Math.round(v)) : drawn;
    const candidates = new Uint32Array(2 * values.length);
    const bits = new Uint32Array(values.buffer);
    const best: number[] = [];
    for (let b = 0; b < batch; b++) {
      let top = b * parts;
      for (let i = b * parts; i < (b + 1) * parts; i++) {
        // Rising within a row, as argmax's slices are: on a tie the first is the lowest.
        candidates.set([bits[i] ?? 0, i * 10 + 7], 2 * i);
        if ((values[i] ?? 0) > (values[top] ?? 0)) top = i;
      }
      const hasNaN = isAwkward && b % 3 === 1;
      if (hasNaN) candidates[2 * (b * parts + rng.integer(0, parts)) + 1] = NOT_A_TOKEN;
      best.push(hasNaN ? NOT_A_TOKEN : top * 10 + 7);
    }
    return { candidates: { bytes: bytesOf(candidates) }, ...pickedOutputs(best, shape) };
  };
  return {
    kernel: pickToken.name,
    name: `${batch} of ${parts}, ring ${ring}, state ${state.join(' ')}${isAwkward ? ', awkward' : ''}, wg ${wg}`,
    seed,
    steps: [pickStep(shape)],
    bytes: batch * (parts * 8 + 8) + 32,
    flops: 0,
    make,
  };
}

/** Logits → argmax → pick-token, as a decode step ends. */
export function pickFromLogitsCase(
  logits: ArgmaxShape,
  state: PickTokenShape['state'],
  seed = 1,
): KernelCase {
  const { vocab, parts, batch = 1 } = logits;
  const shape: PickTokenShape = { batch, parts, ring: 4, state };
  return {
    kernel: pickToken.name,
    name: `after argmax of ${batch}×${vocab} in ${parts} parts, ${logits.logits ?? 'normal'}`,
    seed,
    steps: [argmaxStep(logits), pickStep(shape)],
    bytes: batch * (vocab * 4 + parts * 16 + 8) + 32,
    flops: 0,
    make: (rng) => {
      const values = drawLogits(rng, logits);
      return {
        logits: { bytes: encode(values, 'f32') },
        candidates: {
          bytes: unwritten(batch * parts * 8),
          // Held to account through the token that comes of them.
          expect: { kind: 'scratch' },
        },
        ...pickedOutputs(bestTokens(values, vocab), shape),
      };
    },
  };
}

export const pickTokenCases: readonly KernelCase[] = [
  pickTokenCase({ batch: 1, parts: 1, ring: 1, state: [0, 5, 0] }),
  pickTokenCase({ batch: 33, parts: 7, ring: 5, state: [100, 1, 13], isAwkward: true }),
  pickTokenCase({ batch: 8, parts: 16, ring: 4, state: [1, 9, 4], isAwkward: true, wg: 4 }),
  pickFromLogitsCase({ vocab: 5, parts: 32, batch: 3, logits: 'low' }, [4, 1, 1]),
  pickFromLogitsCase({ vocab: 333, parts: 8, batch: 2, logits: 'ties' }, [0, 8, 0]),
  pickFromLogitsCase({ vocab: 5, parts: 32, batch: 3, logits: 'masked' }, [4, 1, 2]),
  pickFromLogitsCase({ vocab: 333, parts: 8, batch: 2, logits: 'nan' }, [9, 1, 7]),
];

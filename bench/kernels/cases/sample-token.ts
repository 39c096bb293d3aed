import { orderModules } from '../../../kernels/modules.ts';
import { sampleToken } from '../../../kernels/sample-token.ts';
import {
  nucleus,
  type Sampling,
  sampleToken as sample,
  uniformAt,
} from '../../../src/core/sampling.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseStep, KernelCase } from '../case.ts';
import { encode, floatBits, unwritten } from '../values.ts';
import { type ArgmaxShape, drawLogits, NOT_A_TOKEN } from './argmax.ts';
import { type PickTokenShape, pickedOutputs } from './pick-token.ts';
import { topKStep } from './top-k.ts';

interface SampleShape {
  logits: ArgmaxShape;
  sampling: Sampling;
  state: PickTokenShape['state'];
  wg?: number;
}

function sampleStep({ logits, sampling, wg = 32 }: SampleShape, ring: number): CaseStep {
  const { temperature, topK, topP } = sampling;
  const instance = instantiate(sampleToken, {
    dims: {
      batch: logits.batch ?? 1,
      parts: logits.parts,
      top: topK,
      ring,
      temperatureBits: floatBits(temperature),
      topPBits: floatBits(topP),
    },
    tunables: { wg },
    modules: { order: orderModules.tournament },
  });
  return { instance, call: {} };
}

/** What f32 rounding may move a bound of the drawing by, of all weights. */
const ROUNDING = 1e-5;

/** The token of a row; 'any' where the oracle's own arithmetic is too close to call. */
function wanted(
  row: Float32Array,
  sampling: Sampling,
  position: number,
  b: number,
): number | 'any' {
  if (row.some(Number.isNaN)) return NOT_A_TOKEN;
  const settings = { ...sampling, temperature: Math.fround(sampling.temperature) };
  const { sums } = nucleus(row, settings);
  const nearby = [1 - ROUNDING, 1 + ROUNDING].map(
    (factor) =>
      nucleus(row, { ...settings, topP: Math.min(1, settings.topP * factor) }).sums.length,
  );
  const total = sums.at(-1) ?? 0;
  const goal = uniformAt(settings.seed, position, b) * total;
  const isClose = sums.some((sum) => Math.abs(sum - goal) < ROUNDING * total);
  if (isClose || (settings.topP < 1 && nearby[0] !== nearby[1])) return 'any';
  return sample(row, settings, position, b);
}

/** Logits → top-k → sample-token, as a decode step that samples ends. */
export function sampleTokenCase(shape: SampleShape, seed = 1): KernelCase {
  const { logits, sampling, state, wg = 32 } = shape;
  const { vocab, parts, batch = 1 } = logits;
  const { temperature, topK, topP } = sampling;
  const ring = 4;
  return {
    kernel: sampleToken.name,
    name: `${topK} of ${batch}×${vocab} in ${parts} parts, ${logits.logits ?? 'normal'}, T ${temperature}, p ${topP}, wg ${wg}`,
    seed,
    steps: [topKStep({ ...logits, top: topK }), sampleStep(shape, ring)],
    bytes: batch * (vocab * 4 + 2 * parts * topK * 8 + 8) + 32,
    flops: 0,
    make: (rng) => {
      const values = drawLogits(rng, logits);
      const position = state[0] + state[1];
      const tokens = Array.from({ length: batch }, (_, b) =>
        wanted(values.subarray(b * vocab, (b + 1) * vocab), sampling, position, b),
      );
      return {
        logits: { bytes: encode(values, 'f32') },
        candidates: { bytes: unwritten(batch * parts * topK * 8), expect: { kind: 'scratch' } },
        ...pickedOutputs(tokens, { batch, ring, state }, sampling.seed),
      };
    },
  };
}

const settings: Sampling = { temperature: 0.8, topK: 40, topP: 0.95, seed: 20_260_101 };

export const sampleTokenCases: readonly KernelCase[] = [
  sampleTokenCase({
    logits: { vocab: 2049, parts: 32, batch: 33 },
    sampling: settings,
    state: [7, 1, 9],
  }),
  sampleTokenCase({
    logits: { vocab: 333, parts: 8, batch: 5, logits: 'ties' },
    sampling: { ...settings, temperature: 4, topK: 64, topP: 1, seed: 2 ** 32 - 1 },
    state: [0, 8, 0],
    wg: 8,
  }),
  sampleTokenCase({
    logits: { vocab: 5, parts: 32, batch: 9 },
    sampling: { ...settings, temperature: 50, topK: 64, topP: 0.5 },
    state: [100, 1, 3],
    wg: 64,
  }),
  sampleTokenCase({
    logits: { vocab: 100, parts: 1, batch: 3 },
    sampling: { ...settings, topK: 1, temperature: 0.001 },
    state: [4, 1, 1],
    wg: 1,
  }),
  sampleTokenCase({
    logits: { vocab: 500, parts: 4, batch: 3, logits: 'masked' },
    sampling: settings,
    state: [4, 1, 2],
  }),
  sampleTokenCase({
    logits: { vocab: 500, parts: 4, batch: 3, logits: 'nan' },
    sampling: settings,
    state: [9, 1, 7],
  }),
];

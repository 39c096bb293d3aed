import { probeCopy } from '../../../kernels/probe-copy.ts';
import { probeFma } from '../../../kernels/probe-fma.ts';
import { probeRead } from '../../../kernels/probe-read.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseBuffer, KernelCase } from '../case.ts';
import { type Scalar, type Tolerance, toleranceFor } from '../expectation.ts';
import { bytesOf, encode, floatsOut, normals, rounded, unwritten } from '../values.ts';

const randomWords = (rng: Rng, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, () => rng.u32());

const wordsOut = (values: Uint32Array): CaseBuffer => ({
  bytes: unwritten(values.byteLength),
  expect: { kind: 'words', values: [...values] },
});

/** `n` vectors of four words. */
export function probeCopyCase(n: number, wg = 64, per = 8): KernelCase {
  const instance = instantiate(probeCopy, { dims: { n }, tunables: { wg, per } });
  return {
    kernel: probeCopy.name,
    name: `${n}, wg ${wg} per ${per}`,
    seed: 1,
    steps: [{ instance, call: {} }],
    bytes: 32 * n,
    flops: 0,
    make: (rng) => {
      const x = randomWords(rng, 4 * n);
      return { x: { bytes: bytesOf(x) }, y: wordsOut(x) };
    },
  };
}

/** `n` vectors of four words. */
export function probeReadCase(n: number, wg = 64, per = 16): KernelCase {
  const instance = instantiate(probeRead, { dims: { n }, tunables: { wg, per } });
  const groups = Math.ceil(n / (wg * per));
  return {
    kernel: probeRead.name,
    name: `${n}, wg ${wg} per ${per}`,
    seed: 1,
    steps: [{ instance, call: {} }],
    bytes: 16 * (n + groups * wg),
    flops: 4 * n,
    make: (rng) => {
      const x = randomWords(rng, 4 * n);
      const sums = new Uint32Array(groups * wg * 4);
      for (let i = 0; i < n; i++) {
        const to = Math.floor(i / (wg * per)) * wg + (i % wg);
        for (let c = 0; c < 4; c++) {
          sums[4 * to + c] = (sums[4 * to + c] ?? 0) + (x[4 * i + c] ?? 0);
        }
      }
      return { x: { bytes: bytesOf(x) }, y: wordsOut(sums) };
    },
  };
}

const f16Chains: Tolerance = {
  nmse: 9e-7,
  relative: 2e-3,
  absolute: 2e-3,
  reason: 'every step of three chains and both sums round to f16; b halves what earlier steps left',
};

/** `n` vectors of four values, `steps` multiply-adds in each chain. */
export function probeFmaCase(n: number, steps: number, elem: Scalar = 'f32', wg = 64): KernelCase {
  const instance = instantiate(probeFma, { dims: { n, steps }, tunables: { wg }, elem });
  return {
    kernel: probeFma.name,
    name: `${n} × ${steps} steps ${elem}, wg ${wg}`,
    seed: 1,
    steps: [{ instance, call: {} }],
    bytes: 2 * n * 4 * (elem === 'f16' ? 2 : 4),
    flops: 24 * n * steps,
    make: (rng) => {
      const x = rounded(normals(rng, 4 * n), elem);
      const [b = 0, c = 0] = rounded(Float32Array.of(0.46, 0.31), elem);
      const wanted = Float64Array.from(x, (start) => {
        let chains = [start, -start, start / 2];
        for (let step = 0; step < steps; step++) chains = chains.map((a) => a * b + c);
        return chains.reduce((sum, a) => sum + a, 0);
      });
      return {
        x: { bytes: encode(x, elem) },
        line: { bytes: encode(Float32Array.of(b, c, 0, 0), elem) },
        y: floatsOut(elem, wanted, elem === 'f16' ? f16Chains : toleranceFor(elem)),
      };
    },
  };
}

export const probeCases: readonly KernelCase[] = [
  probeCopyCase(1),
  probeCopyCase(512),
  probeCopyCase(1027, 64, 4),
  probeReadCase(1),
  probeReadCase(1024),
  probeReadCase(1027, 32, 4),
  probeFmaCase(1, 4),
  probeFmaCase(67, 8),
  probeFmaCase(67, 4, 'f16'),
];

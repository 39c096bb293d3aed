import { matmulDot4 } from '../../../kernels/matmul-dot4.ts';
import { matvecDot4 } from '../../../kernels/matvec-dot4.ts';
import {
  inputModules,
  outModules,
  type PackedFormat,
  packedModules,
  reduceModules,
  rowModules,
} from '../../../kernels/modules.ts';
import { quantiseRows } from '../../../kernels/quantise-rows.ts';
import {
  matmul,
  quantiseActivations,
  rmsnorm,
  roundActivations,
} from '../../../src/backends/reference/ops.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { type Dims, instantiate } from '../../../src/gpu/kernel.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import { BLOCK, blocksPerRow } from '../../../src/model/packed.ts';
import type { CaseBuffers, CaseStep, KernelCase } from '../case.ts';
import { tolerances } from '../expectation.ts';
import { matrixBuffers, matrixBytes, randomMatrix, sliceRows } from '../matrix.ts';
import { encode, floatBits, floatsOut, normals, runState, strided, unwritten } from '../values.ts';

export interface Int8ActivationsShape {
  kernel: 'matvec-dot4' | 'matmul-dot4';
  weights: PackedFormat;
  rows: number;
  k: number;
  n: number;
  /** A norm in front: rounding then depends on the last bit, and only the product is checked. */
  isNormed?: boolean;
  tunables: Dims;
  reduce?: keyof typeof reduceModules;
}

/** Of the norm in front. */
const EPS = 1e-3;

/** Activations that int8 holds exactly, so that codes can be checked bit for bit: 127 in every block, a power of two as scale. */
function exactActivations(rng: Rng, rows: number, k: number): Float32Array {
  const noise = normals(rng, rows * k, 40);
  return noise.map((value, i) => {
    const column = i % k;
    const isFirst = column % BLOCK === 0;
    const code = isFirst ? 127 : Math.max(-127, Math.min(127, Math.round(value)));
    return code * 2 ** -(7 + (Math.floor(column / BLOCK) % 3));
  });
}

/** The rounding of `rows` rows, or of the last of each `rows` sequences. */
function quantiseStep(shape: {
  rows: number;
  k: number;
  weights: PackedFormat;
  isNormed: boolean;
  last: 0 | 1;
}): CaseStep {
  const { rows, k, weights, isNormed, last } = shape;
  const interleave = weights === 'int4' ? 1 : 0;
  return {
    instance: instantiate(quantiseRows, {
      dims: { k, xStride: padded(k), epsBits: floatBits(EPS), last, interleave },
      modules: {
        input: inputModules[isNormed ? 'normed' : 'plain'],
        reduce: reduceModules.barrier,
      },
    }),
    call: { rows },
  };
}

/** What quantise-rows makes of activations that int8 holds exactly. */
function exactOutputs(x: Float32Array, rows: number, k: number, weights: PackedFormat) {
  const blocks = blocksPerRow(k);
  const { codes, scales } = quantiseActivations(x, rows, k);
  const sums = Float64Array.from({ length: rows * blocks * 2 }, (_, i) => {
    const block = Math.floor(i / 2);
    const row = Math.floor(block / blocks);
    const from = row * k + (block % blocks) * BLOCK;
    const sum = codes
      .subarray(from, Math.min(from + BLOCK, (row + 1) * k))
      .reduce((a, b) => a + b, 0);
    return (scales[block] ?? 0) * (i % 2 === 0 ? 1 : sum);
  });
  const values = codeWords(codes, rows, k, weights === 'int4');
  return {
    x_codes: { bytes: unwritten(rows * blocks * 32), expect: { kind: 'words', values } as const },
    x_scales: floatsOut('f32', sums, tolerances.f32),
  };
}

/** Rounding alone; with `seq` above 1, of each sequence's last row. */
export function quantiseRowsCase(
  shape: { weights: PackedFormat; rows: number; k: number; seq?: number },
  seed = 1,
): KernelCase {
  const { weights, rows, k, seq = 1 } = shape;
  return {
    kernel: quantiseRows.name,
    name: `for ${weights}, ${rows}×${k}${seq > 1 ? `, last of ${seq}` : ''}`,
    seed,
    steps: [quantiseStep({ rows, k, weights, isNormed: false, last: seq > 1 ? 1 : 0 })],
    bytes: rows * k * 5.25,
    flops: 6 * rows * k,
    make: (rng: Rng): CaseBuffers => {
      const x = exactActivations(rng.fork('x'), rows * seq, k);
      const taken = new Float32Array(rows * k);
      for (let r = 0; r < rows; r++) {
        const from = (r + 1) * seq - 1;
        taken.set(x.subarray(from * k, (from + 1) * k), r * k);
      }
      return {
        state: runState(3, seq),
        x: { bytes: encode(strided(x, k, padded(k)), 'f32') },
        ...exactOutputs(taken, rows, k, weights),
      };
    },
  };
}

/** quantise-rows, then the product: what a decoder runs one after the other. */
export function int8ActivationsCase(shape: Int8ActivationsShape, seed = 1): KernelCase {
  const { weights, rows, k, n, isNormed = false, tunables, reduce = 'barrier' } = shape;
  const [blocks, xStride] = [blocksPerRow(k), padded(k)];
  const dims = { k, n, m: rows, yStride: n, yOffset: 0, batch: 1 };
  const modules = { packed: packedModules[weights], out: outModules.store };
  const spec = shape.kernel === 'matvec-dot4' ? matvecDot4 : matmulDot4;
  const slices = sliceRows(weights, n, n);
  const quantise = quantiseStep({ rows, k, weights, isNormed, last: 0 });
  const multiply: CaseStep = {
    instance: instantiate(spec, {
      dims,
      tunables,
      modules: { ...modules, reduce: reduceModules[reduce], rows: rowModules.all },
    }),
    call: { rows },
    rename: slices[0]?.rename,
  };
  return {
    kernel: spec.name,
    name: `${weights} ${isNormed ? 'normed ' : ''}${rows}×${k}→${n}, ${Object.entries(tunables)
      .map(([key, value]) => `${key} ${value}`)
      .join(' ')}`,
    seed,
    steps: [quantise, multiply],
    bytes: matrixBytes(weights, n, k) + rows * (k * 4 + n * 4),
    flops: 2 * rows * n * k,
    make: (rng: Rng): CaseBuffers => {
      const matrix = randomMatrix(rng.fork('w'), weights, n, k);
      const x = isNormed
        ? normals(rng.fork('x'), rows * k, 0.03)
        : exactActivations(rng.fork('x'), rows, k);
      const norm = normals(rng.fork('norm'), k, 0.25, 1);
      const factor = isNormed ? rmsnorm(x, rows, k, norm, Math.fround(EPS)) : x;
      const quantised = roundActivations(factor, rows, k);
      const product = matmul(quantised, rows, k, matrix.values, n);
      const tolerance = isNormed ? tolerances.int8Boundary : tolerances.f32;
      return {
        ...matrixBuffers(matrix, slices),
        state: runState(3, rows),
        x: { bytes: encode(strided(x, k, xStride), 'f32') },
        norm: { bytes: encode(strided(norm, k, xStride), 'f32') },
        ...(isNormed
          ? {
              x_codes: { bytes: unwritten(rows * blocks * 32), expect: { kind: 'scratch' } },
              x_scales: { bytes: unwritten(rows * blocks * 8), expect: { kind: 'scratch' } },
            }
          : exactOutputs(x, rows, k, weights)),
        y: floatsOut('f32', product, tolerance),
      };
    },
  };
}

/** Codes [rows, k] as the kernel packs them. */
function codeWords(codes: Int8Array, rows: number, k: number, isInterleaved: boolean): number[] {
  const order = isInterleaved ? [0, 2, 4, 6, 1, 3, 5, 7] : [0, 1, 2, 3, 4, 5, 6, 7];
  const words: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let octet = 0; octet < padded(k); octet += 8) {
      const bytes = order.map((e) => (octet + e < k ? (codes[row * k + octet + e] ?? 0) : 0));
      words.push(...new Uint32Array(Int8Array.from(bytes).buffer));
    }
  }
  return words;
}

const vec = { kernel: 'matvec-dot4' } as const;
const mul = { kernel: 'matmul-dot4' } as const;
const small: Dims = { bm: 16, bn: 16, tm: 2, tn: 2 };

export const int8ActivationsCases: readonly KernelCase[] = [
  quantiseRowsCase({ weights: 'int4', rows: 3, k: 172, seq: 2 }),
  quantiseRowsCase({ weights: 'int8', rows: 2, k: 33 }),
  int8ActivationsCase({
    ...vec,
    weights: 'int4',
    rows: 1,
    k: 1,
    n: 3,
    tunables: { wg: 16, lanes: 1 },
    reduce: 'none',
  }),
  int8ActivationsCase({
    ...vec,
    weights: 'int4',
    rows: 1,
    k: 172,
    n: 67,
    tunables: { wg: 32, lanes: 4 },
  }),
  int8ActivationsCase({
    ...vec,
    weights: 'int8',
    rows: 3,
    k: 97,
    n: 35,
    tunables: { wg: 32, lanes: 4, rows: 4 },
    reduce: 'subgroup',
  }),
  int8ActivationsCase({
    ...vec,
    weights: 'int4',
    rows: 2,
    k: 896,
    n: 50,
    isNormed: true,
    tunables: { wg: 32, lanes: 8 },
  }),
  int8ActivationsCase({ ...mul, weights: 'int4', rows: 33, k: 172, n: 67, tunables: {} }),
  int8ActivationsCase({ ...mul, weights: 'int8', rows: 17, k: 65, n: 31, tunables: small }),
  int8ActivationsCase({
    ...mul,
    weights: 'int8',
    rows: 9,
    k: 256,
    n: 34,
    isNormed: true,
    tunables: small,
  }),
];

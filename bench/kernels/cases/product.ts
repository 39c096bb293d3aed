import { type InputModule, type OutModule, outModules } from '../../../kernels/modules.ts';
import { matmul, rmsnorm, swiglu } from '../../../src/backends/reference/ops.ts';
import type { WeightFormat } from '../../../src/core/cell.ts';
import type { Rng } from '../../../src/core/rng.ts';
import { padded } from '../../../src/model/decoder/buffers.ts';
import type { CaseBuffer, CaseBuffers } from '../case.ts';
import { type Scalar, toleranceFor, tolerances } from '../expectation.ts';
import {
  type MatrixSlice,
  matrixBuffers,
  matrixBytes,
  randomMatrix,
  sliceRows,
} from '../matrix.ts';
import { encode, floatBits, floatsOut, normals, rounded, strided } from '../values.ts';

/** Of a norm in front of a product. */
const EPS = 1e-3;

/** y[rows, n] = x[rows, k]·W[n, k]ᵀ, and what is done with it. */
export interface ProductShape {
  weights: WeightFormat;
  rows: number;
  k: number;
  n: number;
  /** Default `store`. */
  out?: OutModule;
  elem?: Scalar;
  /** `normed`: x is the residual stream, and RMSNorm(x) is multiplied. Default `plain`. */
  input?: InputModule;
  /** Rows of W a dispatch, even; default: all in one. */
  sliceRows?: number;
}

/** What the two product kernels share: modules, dims by slice, buffers, cost. */
export function product(shape: ProductShape) {
  const { weights, rows, k, n, out = 'store', elem = 'f32' } = shape;
  const slices = sliceRows(weights, n, shape.sliceRows ?? n);
  const columns = out === 'swiglu' ? n / 2 : n;
  // The residual stream and the MLP's hidden rows have room for whole blocks, as the decoder's have.
  const yStride = out === 'residual' || out === 'swiglu' ? padded(columns) : columns;
  const isNormed = shape.input === 'normed';
  const strides = { xStride: padded(k), yStride };
  const elemBytes = elem === 'f16' ? 2 : 4;
  const yBytes = out === 'residual' ? 8 : out === 'logits' ? 4 : elemBytes;
  return {
    elem,
    slices,
    out: outModules[out],
    dims: (slice: MatrixSlice) => ({
      ...strides,
      k,
      n: slice.rows,
      yOffset: slice.row0,
      epsBits: floatBits(EPS),
    }),
    name: `${weights} ${isNormed ? 'normed ' : ''}${rows}×${k}→${n} ${out}${elem === 'f16' ? ' f16' : ''}${
      slices.length > 1 ? ` in ${slices.length} slices` : ''
    }`,
    bytes: matrixBytes(weights, n, k) + rows * (k * elemBytes + columns * yBytes),
    flops: 2 * rows * n * k,
    make: (rng: Rng): CaseBuffers => {
      const matrix = randomMatrix(rng.fork('w'), weights, n, k);
      const xScalar = isNormed ? 'f32' : elem;
      // A norm's input is small, so that eps matters.
      const x = rounded(normals(rng.fork('x'), rows * k, isNormed ? 0.03 : 1), xScalar);
      const norm = normals(rng.fork('norm'), k, 0.25, 1);
      const bias = normals(rng.fork('bias'), n);
      const factor = isNormed ? rmsnorm(x, rows, k, norm, Math.fround(EPS)) : x;
      const result = matmul(factor, rows, k, matrix.values, n, out === 'bias' ? bias : undefined);
      return {
        ...matrixBuffers(matrix, slices),
        x: { bytes: encode(strided(x, k, strides.xStride), xScalar) },
        norm: { bytes: encode(strided(norm, k, strides.xStride), 'f32') },
        bias: { bytes: encode(bias, 'f32') },
        y: outputOf(out, result, { rows, n, yStride, elem }, rng.fork('y')),
      };
    },
  };
}

/** The product as `out` leaves it in y [rows, yStride]; what lies between rows is not to be touched. */
function outputOf(
  out: OutModule,
  result: Float64Array,
  { rows, n, yStride, elem }: { rows: number; n: number; yStride: number; elem: Scalar },
  rng: Rng,
): CaseBuffer {
  const wanted = new Float64Array(rows * yStride).fill(Number.NaN);
  if (out === 'swiglu') {
    for (let r = 0; r < rows; r++) {
      const row = result.subarray(r * n, (r + 1) * n);
      const gate = row.filter((_, i) => i % 2 === 0);
      const up = row.filter((_, i) => i % 2 === 1);
      wanted.set(swiglu(gate, up), r * yStride);
    }
    return floatsOut(elem, wanted, toleranceFor(elem, tolerances.f32Exp));
  }
  const isResidual = out === 'residual';
  const earlier = normals(rng, rows * yStride);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < n; j++) {
      const at = r * yStride + j;
      wanted[at] = (result[r * n + j] ?? 0) + (isResidual ? (earlier[at] ?? 0) : 0);
    }
  }
  const scalar = isResidual || out === 'logits' ? 'f32' : elem;
  return floatsOut(scalar, wanted, toleranceFor(scalar), isResidual ? earlier : undefined);
}

import { matvec } from '../../../kernels/matvec.ts';
import { inputModules, reduceModules, weightModules } from '../../../kernels/modules.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { type ProductShape, product } from './product.ts';

export interface MatvecShape extends ProductShape {
  wg?: number;
  /** Threads that share an output row; default 1. */
  lanes?: number;
  /** Output rows a thread. */
  perLane?: number;
  /** Default: `none` for one lane, else `barrier`. */
  reduce?: keyof typeof reduceModules;
}

export function matvecCase(shape: MatvecShape, seed = 1): KernelCase {
  const { wg = 16, lanes = 1, perLane = 2 } = shape;
  const reduce = shape.reduce ?? (lanes === 1 ? 'none' : 'barrier');
  const { elem, slices, out, dims, name, ...rest } = product(shape);
  return {
    ...rest,
    kernel: matvec.name,
    name: `${name}, wg ${wg} lanes ${lanes} rows ${perLane} ${reduce}`,
    seed,
    steps: slices.map((slice) => ({
      instance: instantiate(matvec, {
        dims: { ...dims(slice), m: shape.rows },
        tunables: { wg, lanes, rows: perLane },
        modules: {
          input: inputModules[shape.input ?? 'plain'],
          weights: weightModules[shape.weights],
          out,
          reduce: reduceModules[reduce],
        },
        elem,
      }),
      call: {},
      rename: slice.rename,
    })),
  };
}

export const matvecCases: readonly KernelCase[] = [
  // Every weight format and store: one element, a row that ends inside a block, rows left over in a team.
  matvecCase({ weights: 'f32', rows: 1, k: 1, n: 1 }),
  matvecCase({ weights: 'int4', rows: 1, k: 1, n: 3 }),
  matvecCase({ weights: 'f16', rows: 1, k: 31, n: 7 }),
  matvecCase({ weights: 'int8', rows: 1, k: 33, n: 5 }),
  matvecCase({ weights: 'int4', rows: 1, k: 172, n: 67, out: 'logits', wg: 64, lanes: 8 }),
  matvecCase({ weights: 'int8', rows: 3, k: 172, n: 129, out: 'residual', wg: 64, lanes: 4 }),
  matvecCase({ weights: 'f16', rows: 5, k: 97, n: 62, out: 'swiglu', wg: 32, lanes: 2 }),
  matvecCase({ weights: 'f32', rows: 8, k: 65, n: 31, out: 'bias', wg: 32, lanes: 2 }),
  matvecCase({ weights: 'f32', rows: 1, k: 133, n: 5, wg: 64, lanes: 64 }),
  // The widths of a small model, at the decoder's choices for a GPU.
  matvecCase({ weights: 'int4', rows: 1, k: 896, n: 1152, out: 'bias', wg: 128, lanes: 16 }),
  matvecCase({ weights: 'f16', rows: 1, k: 1408, n: 37, wg: 128, lanes: 32, perLane: 4 }),
  // Sums by shuffles; four lanes fit every subgroup.
  ...[4, 8, 32].map((lanes) =>
    matvecCase({ weights: 'int4', rows: 1, k: 131, n: 45, wg: 32, lanes, reduce: 'subgroup' }),
  ),
  // Activations in f16, through every store.
  matvecCase({ weights: 'int4', rows: 1, k: 100, n: 51, elem: 'f16', wg: 32, lanes: 4 }),
  matvecCase({ weights: 'int8', rows: 2, k: 64, n: 34, elem: 'f16', out: 'bias' }),
  matvecCase({ weights: 'f16', rows: 1, k: 172, n: 86, elem: 'f16', out: 'swiglu' }),
  matvecCase({ weights: 'f32', rows: 3, k: 37, n: 19, elem: 'f16', out: 'residual' }),
  matvecCase({ weights: 'int4', rows: 1, k: 256, n: 99, elem: 'f16', out: 'logits' }),
  // A norm in front: one row and several, rows that end inside a block, eps that matters.
  matvecCase({ weights: 'int4', rows: 1, k: 172, n: 67, input: 'normed', wg: 64, lanes: 8 }),
  matvecCase({ weights: 'int8', rows: 3, k: 64, n: 34, input: 'normed', out: 'swiglu', lanes: 2 }),
  matvecCase({ weights: 'f16', rows: 2, k: 97, n: 31, input: 'normed', out: 'bias', elem: 'f16' }),
  matvecCase({ weights: 'f32', rows: 1, k: 37, n: 19, input: 'normed', out: 'logits' }),
  // A matrix over the binding limit comes in slices.
  matvecCase({ weights: 'int4', rows: 2, k: 45, n: 39, out: 'logits', sliceRows: 26 }),
  matvecCase({ weights: 'int8', rows: 1, k: 70, n: 29, out: 'bias', sliceRows: 18 }),
  matvecCase({ weights: 'f16', rows: 2, k: 33, n: 26, out: 'swiglu', sliceRows: 14 }),
  // More workgroups than one dimension of a grid holds.
  matvecCase({ weights: 'int4', rows: 1, k: 5, n: 65_541, out: 'logits', wg: 1 }),
];

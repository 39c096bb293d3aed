import { embed } from '../../../kernels/embed.ts';
import { type OutModule, reduceModuleFor, weightModules } from '../../../kernels/modules.ts';
import { rmsnorm } from '../../../kernels/rmsnorm.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { padded } from './buffers.ts';
import type { DeviceMatrix } from './device-matrix.ts';
import { productKernel } from './product.ts';
import { floatBits, type ProgramContext, whole } from './program-context.ts';

/** The activation side of a matrix product. */
export interface ProductInput {
  x: GPUBuffer;
  xStride: number;
  /** One row a sequence, known beforehand. */
  few: boolean;
  rows: 'all' | 'last';
}

/** y = x·Wᵀ through `out`, one dispatch a slice of W. */
export function bindProduct(
  { gpu, choices, compiler, shape, run }: ProgramContext,
  matrix: DeviceMatrix,
  from: ProductInput,
  out: OutModule,
  y: GPUBuffer,
  yStride: number,
  bias: GPUBuffer | null = null,
): Promise<BoundKernel[]> {
  return Promise.all(
    matrix.slices.map((slice) => {
      const instance = productKernel(gpu, choices, {
        format: matrix.format,
        n: slice.rows,
        k: matrix.k,
        batch: shape.batch,
        few: from.few,
        rows: from.rows,
        out,
        xStride: from.xStride,
        yStride,
        yOffset: slice.row0,
        elem: shape.activations,
      });
      const buffers = whole({ x: from.x, y, state: run.state, ...(bias ? { bias } : {}) });
      return compiler.bind(instance, { ...buffers, ...slice.planes });
    }),
  );
}

/** norm = RMSNorm(x)·weight of every new row, or of each sequence's last one. */
export function bindNorm(
  { compiler, shape, run }: ProgramContext,
  weight: GPUBuffer,
  last: boolean,
): Promise<BoundKernel> {
  const { config, activations } = shape;
  const instance = instantiate(rmsnorm, {
    dims: {
      dim: config.dim,
      xStride: padded(config.dim),
      epsBits: floatBits(config.normEps),
      last: last ? 1 : 0,
    },
    modules: { reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0) },
    elem: activations,
  });
  const { state, x, norm } = run;
  return compiler.bind(instance, whole({ state, x, w: weight, y: norm }));
}

/** x = embedding rows of the tokens, one dispatch a slice of the table. */
export function bindEmbed({ compiler, run, weights }: ProgramContext): Promise<BoundKernel[]> {
  const table = weights.embed;
  return Promise.all(
    table.slices.map((slice) => {
      const instance = instantiate(embed, {
        dims: { k: table.k, n: slice.rows, row0: slice.row0, xStride: padded(table.k) },
        modules: { weights: weightModules[table.format] },
      });
      const { tokens, x } = run;
      return compiler.bind(instance, { ...whole({ tokens, x }), ...slice.planes });
    }),
  );
}

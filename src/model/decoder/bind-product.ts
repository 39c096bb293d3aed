import { embed } from '../../../kernels/embed.ts';
import { reduceModuleFor, weightModules } from '../../../kernels/modules.ts';
import { rmsnorm } from '../../../kernels/rmsnorm.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { bindInt8Product, takesInt8 } from './bind-int8-product.ts';
import { elemOf, padded } from './buffers.ts';
import type { DeviceMatrix } from './device-matrix.ts';
import { productKernel, takesNorm } from './product.ts';
import {
  type BindContext,
  floatBits,
  type ProductInput,
  type ProductOutput,
  type ProgramContext,
  whole,
} from './program-context.ts';

/** y = x·Wᵀ, one dispatch a slice of W. */
export function bindProduct(
  context: BindContext,
  matrix: DeviceMatrix,
  from: ProductInput,
  to: ProductOutput,
): Promise<BoundKernel[]> {
  return from.isRounded && takesInt8(context.shape, matrix)
    ? bindInt8Product(context, null, matrix, from, to)
    : bindSlices(context, matrix, from, to, null);
}

/**
 * y = RMSNorm(residual stream)·Wᵀ. With few rows the product takes the norm into itself where its kernel
 * can; otherwise the norm is a dispatch of its own.
 */
export async function bindNormedProduct(
  context: ProgramContext,
  weight: GPUBuffer,
  matrix: DeviceMatrix,
  from: { few: boolean; most?: number; rows: 'all' | 'last'; isOneToken: boolean },
  to: ProductOutput,
): Promise<BoundKernel[]> {
  const { choices, run, shape } = context;
  const { few, most = Number.POSITIVE_INFINITY, rows, isOneToken } = from;
  const { format, n, k } = matrix;
  const xStride = padded(shape.config.dim);
  if (takesInt8(shape, matrix)) {
    return bindInt8Product(context, weight, matrix, { x: run.x, xStride, few, rows }, to);
  }
  if (isOneToken && takesNorm(choices.product({ format, n, k, rows: shape.batch, most }))) {
    return bindSlices(context, matrix, { x: run.x, xStride, few, rows }, to, weight);
  }
  const norm = await bindNorm(context, weight, rows === 'last');
  return [
    norm,
    ...(await bindProduct(context, matrix, { x: run.norm, xStride, few, most, rows }, to)),
  ];
}

function bindSlices(
  { gpu, choices, compiler, shape, run }: BindContext,
  matrix: DeviceMatrix,
  { x, xStride, few, most = Number.POSITIVE_INFINITY, rows }: ProductInput,
  { through, y, yStride, bias = null }: ProductOutput,
  norm: GPUBuffer | null,
): Promise<BoundKernel[]> {
  return Promise.all(
    matrix.slices.map((slice) => {
      const instance = productKernel(gpu, choices, {
        format: matrix.format,
        n: slice.rows,
        matrixRows: matrix.n,
        k: matrix.k,
        batch: shape.batch,
        few,
        most,
        rows,
        out: through,
        xStride,
        yStride,
        yOffset: slice.row0,
        elem: elemOf(shape),
        normEpsBits: norm ? floatBits(shape.config.normEps) : null,
      });
      const optional = { ...(bias && { bias }), ...(norm && { norm }) };
      const buffers = whole({ x, y, state: run.state, ...optional });
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
  const { config } = shape;
  const instance = instantiate(rmsnorm, {
    dims: {
      dim: config.dim,
      xStride: padded(config.dim),
      epsBits: floatBits(config.normEps),
      last: last ? 1 : 0,
    },
    modules: { reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0) },
    elem: elemOf(shape),
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

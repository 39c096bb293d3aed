import type { BoundKernel } from '../../gpu/program.ts';
import { kvRowBytes, matrixBytes } from '../footprint.ts';
import { elemOf, PICK_PARTS } from './buffers.ts';
import type { DeviceMatrix } from './device-matrix.ts';
import type { ProgramContext } from './program-context.ts';

/** A call of a step: new tokens of all sequences, behind `position` cached ones of each. */
export interface StepSize {
  rows: number;
  position: number;
}

/**
 * Bytes that one dispatch of a step must move at least, each input read and each output written once; null for a
 * kernel whose traffic is not known here.
 */
export function kernelBytes(
  context: Pick<ProgramContext, 'shape' | 'weights'>,
  { name, role, instance }: BoundKernel,
  size: StepSize,
): number | null {
  const { shape } = context;
  const { batch, config, kv, sampling } = shape;
  const { dim, heads, kvHeads, headDim, vocab } = config;
  const elem = elemOf(shape) === 'f16' ? 2 : 4;
  const rows = role === 'head' ? batch : size.rows;
  const queryBytes = rows * heads * headDim * elem;
  const { k = 0, splits = 1 } = { ...instance.dims, ...instance.tunables };
  switch (name) {
    case 'embed':
      return rows * (matrixBytes(context.weights.embed.format, 1, dim) + dim * 4);
    case 'rmsnorm':
      return rows * dim * (4 + elem);
    case 'quantise-rows':
      return rows * k * (4 + 1 + 8 / 32);
    case 'rope-append':
      return 2 * queryBytes + 2 * rows * kvHeads * (headDim * elem + kvRowBytes(kv, headDim));
    case 'attention-merge':
      return partialBytes(splits) + queryBytes;
    case 'argmax':
    case 'top-k':
      return batch * vocab * 4;
    case 'pick-token':
    case 'sample-token':
      return batch * PICK_PARTS * (sampling?.topK ?? 1) * 8;
    default:
      if (role === 'attention') {
        const cached = 2 * kvHeads * (batch * size.position + rows) * kvRowBytes(kv, headDim);
        return cached + queryBytes + (splits > 1 ? partialBytes(splits) : queryBytes);
      }
      return productBytes(context, role, instance.dims, rows);
  }

  function partialBytes(count: number): number {
    return batch * heads * count * (headDim + 4) * 4;
  }
}

/** W's slice, x and y of a product; a residual is read and written, gate and up give one value. */
function productBytes(
  { shape, weights }: Pick<ProgramContext, 'shape' | 'weights'>,
  role: string | undefined,
  { n = 0, k = 0 }: Readonly<Record<string, number>>,
  rows: number,
): number | null {
  const [layer] = weights.layers;
  const elem = elemOf(shape) === 'f16' ? 2 : 4;
  const of = (matrix: DeviceMatrix | undefined, outBytes: number) =>
    matrix ? matrixBytes(matrix.format, n, k) + rows * (k * elem + n * outBytes) : null;
  switch (role) {
    case 'qkv':
      return of(layer?.qkv, elem);
    case 'o':
      return of(layer?.o, 8);
    case 'gate/up':
      return of(layer?.gateUp, elem / 2);
    case 'down':
      return of(layer?.down, 8);
    case 'head':
      return of(weights.head, 4);
    default:
      return null;
  }
}

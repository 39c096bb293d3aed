import type { WeightFormat } from '../core/cell.ts';
import type { ModelConfig } from './config.ts';
import { BLOCK, blocksPerRow, type PackedTensor, type PlaneName } from './packed.ts';
import type { Dtype } from './safetensors-header.ts';
import { type TensorToWrite, tensorBytes } from './safetensors-writer.ts';
import { packedFormat, tensorShapes } from './tensors.ts';

/** Raise whenever the same source would be packed to other bytes: older files are then made again. */
export const PACKING_VERSION = 1;

/** Planes are checksummed in pieces of this size, so that any range can be checked without reading the rest. */
export const CHECKSUM_BYTES = 4 * 1024 * 1024;

/** One plane as a tensor of the packed file, named `<tensor>.<plane>`. */
export interface PlaneLayout extends TensorToWrite {
  readonly tensor: string;
  readonly plane: PlaneName;
  readonly bytes: number;
}

function planeLayout(
  tensor: PackedTensor,
  plane: PlaneName,
  dtype: Dtype,
  shape: readonly number[],
): PlaneLayout {
  const name = `${tensor.name}.${plane}`;
  const bytes = tensorBytes({ name, dtype, shape });
  return { name, tensor: tensor.name, plane, dtype, shape, bytes };
}

/** The planes of one packed tensor, in storage order (see packed.ts). */
export function planesOf(tensor: PackedTensor): PlaneLayout[] {
  const { format, rows, cols } = tensor;
  const blocks = blocksPerRow(cols);
  switch (format) {
    case 'f32':
      return [planeLayout(tensor, 'data', 'F32', [rows, cols])];
    case 'f16':
      return [planeLayout(tensor, 'data', 'F16', [rows, cols])];
    case 'int8':
      return [
        planeLayout(tensor, 'codes', 'I8', [rows, blocks, BLOCK]),
        planeLayout(tensor, 'scales', 'F16', [rows, blocks]),
      ];
    case 'int4':
      return [
        planeLayout(tensor, 'codes', 'U8', [rows, blocks, BLOCK / 2]),
        planeLayout(tensor, 'scales', 'F16', [rows, blocks]),
      ];
  }
}

/** Every tensor of a packed model, in storage order. */
export function packedTensors(config: ModelConfig, weights: WeightFormat): PackedTensor[] {
  return tensorShapes(config).map(({ name, role, rows, cols }) => ({
    name,
    format: packedFormat(role, weights),
    rows,
    cols,
  }));
}

/** Number of checksums a plane has. */
export function checksumCount(planeBytes: number): number {
  return Math.ceil(planeBytes / CHECKSUM_BYTES);
}

import type { WeightFormat } from '../../src/core/cell.ts';
import type { PackedModel, PackedTensor, PlaneName } from '../../src/model/packed.ts';
import { type Planes, quantise } from '../../src/model/quantise.ts';
import type { ModelSource } from '../../src/model/source.ts';
import { openSynthetic } from '../../src/model/synthetic.ts';
import { packedFormat, tensorShapes } from '../../src/model/tensors.ts';

/** The whole source quantised in memory: what the pack cache would hand out, without a disk. */
export async function packInMemory(
  source: ModelSource,
  weights: WeightFormat,
): Promise<PackedModel> {
  const tensors = new Map<string, PackedTensor>();
  const planes = new Map<string, Planes>();
  for (const { name, role, rows, cols } of tensorShapes(source.config)) {
    const format = packedFormat(role, weights);
    const values = await source.readRows(name, 0, rows);
    tensors.set(name, { name, format, rows, cols });
    planes.set(name, quantise(format, values, rows, cols));
  }
  const bytesOf = (tensor: string, plane: PlaneName): Uint8Array => {
    const bytes = planes.get(tensor)?.[plane];
    if (!bytes) throw new Error(`${source.name} has no plane ${plane} of ${tensor}`);
    return bytes;
  };
  return {
    name: source.name,
    sha256: source.sha256,
    config: source.config,
    weights,
    tensors,
    planeBytes: (tensor, plane) => bytesOf(tensor, plane).byteLength,
    async read(tensor, plane, offset = 0, length) {
      const bytes = bytesOf(tensor, plane);
      return bytes.subarray(offset, length === undefined ? undefined : offset + length);
    },
    close: async () => {},
  };
}

/** A synthetic preset, quantised in memory. */
export async function packSynthetic(spec: string, weights: WeightFormat): Promise<PackedModel> {
  return packInMemory(await openSynthetic(spec), weights);
}

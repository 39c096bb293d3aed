import { attentionShuffle } from '../../../kernels/attention-shuffle.ts';
import { kvLoadModules } from '../../../kernels/modules.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { type AttendingShape, attending } from './attending.ts';

export interface AttentionShuffleShape extends AttendingShape {
  /** The adapter's only subgroup size. */
  lanes: number;
  /** Queries a subgroup; default 4. */
  queries?: number;
}

export function attentionShuffleCase(shape: AttentionShuffleShape, seed = 1): KernelCase {
  const { lanes, queries = 4, kv } = shape;
  const { elem, name, dims, call, ...rest } = attending(shape);
  const instance = instantiate(attentionShuffle, {
    dims: { ...dims, lanes },
    tunables: { rows: queries },
    modules: { kv: kvLoadModules[kv] },
    elem,
  });
  return {
    ...rest,
    kernel: attentionShuffle.name,
    name: `${name}, subgroups of ${lanes}, rows ${queries}`,
    seed,
    steps: [{ instance, call, subgroupSize: lanes }],
  };
}

/** The kernel is made for one subgroup size; of these adapters have one each. */
export const attentionShuffleCases: readonly KernelCase[] = [4, 8, 32].flatMap((lanes) => {
  const of = (shape: AttendingShape, queries?: number) =>
    attentionShuffleCase({ ...shape, lanes, queries });
  return [
    // Contexts around a tile, with one pipeline.
    ...[0, lanes - 2, lanes - 1, lanes, 63, 4096].map((position) =>
      of({ heads: 4, kvHeads: 2, headDim: 8, kv: 'f32', position, spare: 4100 - position }, 2),
    ),
    // Groups of 7, 1, 8, 3, 2 heads; queries left over; head sizes that lanes divide unevenly.
    of({ heads: 7, kvHeads: 1, headDim: 20, kv: 'f32', seq: 3, position: 61, spread: 8 }, 7),
    of({ heads: 2, kvHeads: 2, headDim: 12, kv: 'f16', seq: 67, batch: 2, spare: 0 }),
    of({ heads: 8, kvHeads: 1, headDim: 128, kv: 'f16', position: 64, spread: 4 }, 2),
    of({ heads: 3, kvHeads: 1, headDim: 96, kv: 'f32', seq: 5, batch: 3, position: 9 }, 1),
    of({ heads: 6, kvHeads: 2, headDim: 20, kv: 'int8', seq: 3, batch: 2, position: 37 }, 2),
    of({ heads: 2, kvHeads: 1, headDim: 80, kv: 'f16', seq: 2, position: 30 }, 2),
    of({ heads: 2, kvHeads: 1, headDim: 256, kv: 'f16', seq: 2, position: 30 }, 1),
    of({ heads: 14, kvHeads: 2, headDim: 64, kv: 'f16', position: 130, elem: 'f16' }, 4),
  ];
});

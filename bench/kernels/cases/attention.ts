import { attention } from '../../../kernels/attention.ts';
import { kvLoadModules } from '../../../kernels/modules.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { type AttendingShape, attending } from './attending.ts';

export interface AttentionShape extends AttendingShape {
  wg?: number;
}

export function attentionCase(shape: AttentionShape, seed = 1): KernelCase {
  const { wg = 64, kv } = shape;
  const { elem, name, dims, call, ...rest } = attending(shape);
  const modules = { kv: kvLoadModules[kv] };
  return {
    ...rest,
    kernel: attention.name,
    name: `${name}, wg ${wg}`,
    seed,
    steps: [{ instance: instantiate(attention, { dims, tunables: { wg }, modules, elem }), call }],
  };
}

/** Contexts of 1, around tiles of 32 and 64, and the longest, with one pipeline: only the run state differs. */
const contexts = [0, 30, 31, 32, 62, 63, 64, 128, 4096].map((position) =>
  attentionCase({ heads: 4, kvHeads: 2, headDim: 8, kv: 'f32', position, spare: 4100 - position }),
);

export const attentionCases: readonly KernelCase[] = [
  ...contexts,
  // Every head size; groups of 1, 2, 4, 7 and 8 heads; decode, prefill, prefill behind a cache; batches.
  attentionCase({ heads: 2, kvHeads: 2, headDim: 12, kv: 'f16', seq: 5, spare: 0 }),
  attentionCase({ heads: 7, kvHeads: 1, headDim: 20, kv: 'f32', seq: 3, position: 61, spread: 8 }),
  ...[130, 4096].map((position) =>
    attentionCase({
      heads: 14,
      kvHeads: 2,
      headDim: 64,
      kv: 'f16',
      position,
      spare: 4100 - position,
    }),
  ),
  attentionCase({ heads: 2, kvHeads: 2, headDim: 80, kv: 'f32', seq: 2, position: 17 }),
  attentionCase({ heads: 3, kvHeads: 3, headDim: 96, kv: 'f16', seq: 4, position: 31, batch: 2 }),
  attentionCase({ heads: 8, kvHeads: 1, headDim: 128, kv: 'f16', position: 64, wg: 32 }),
  attentionCase({ heads: 2, kvHeads: 1, headDim: 256, kv: 'f32', seq: 2, position: 300, wg: 256 }),
  attentionCase({ heads: 2, kvHeads: 1, headDim: 32, kv: 'f16', seq: 67, batch: 2, spread: 4 }),
  attentionCase({ heads: 6, kvHeads: 2, headDim: 20, kv: 'int8', seq: 3, position: 66, batch: 2 }),
  attentionCase({
    heads: 4,
    kvHeads: 1,
    headDim: 20,
    kv: 'f16',
    seq: 5,
    position: 66,
    elem: 'f16',
  }),
];

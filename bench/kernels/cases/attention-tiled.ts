import { attentionTiled } from '../../../kernels/attention-tiled.ts';
import { kvLoadModules } from '../../../kernels/modules.ts';
import { type Dims, instantiate } from '../../../src/gpu/kernel.ts';
import type { KernelCase } from '../case.ts';
import { type AttendingShape, attending } from './attending.ts';

export interface AttentionTiledShape extends AttendingShape {
  tunables?: Dims;
}

export function attentionTiledCase(shape: AttentionTiledShape, seed = 1): KernelCase {
  const { kv, tunables = {} } = shape;
  const { elem, name, dims, call, ...rest } = attending(shape);
  const modules = { kv: kvLoadModules[kv] };
  const chosen = Object.entries(tunables).map(([key, value]) => `, ${key} ${value}`);
  return {
    ...rest,
    kernel: attentionTiled.name,
    name: `${name}${chosen.join('')}`,
    seed,
    steps: [{ instance: instantiate(attentionTiled, { dims, tunables, modules, elem }), call }],
  };
}

/** New tokens and cached ones around tiles of 32 queries and keys, with one pipeline. */
const edges = [
  [1, 0],
  [15, 0],
  [16, 16],
  [17, 0],
  [2, 30],
  [1, 31],
  [1, 32],
  [33, 31],
  [2, 4096],
].map(([seq = 1, position = 0]) =>
  attentionTiledCase({
    heads: 4,
    kvHeads: 2,
    headDim: 8,
    kv: 'f32',
    seq,
    position,
    spare: 4100 - seq - position,
    spread: position === 4096 ? 6 : 1,
  }),
);

export const attentionTiledCases: readonly KernelCase[] = [
  ...edges,
  // Groups of 7, 4, 1 and 8 heads; every head size; rows that divide no tile; batches; each tile size.
  attentionTiledCase({
    heads: 7,
    kvHeads: 1,
    headDim: 20,
    kv: 'f16',
    seq: 11,
    batch: 2,
    tunables: { bq: 32, bk: 16, tm: 8, depth: 16, values: 4 },
  }),
  attentionTiledCase({
    heads: 4,
    kvHeads: 1,
    headDim: 64,
    kv: 'f16',
    seq: 40,
    position: 29,
    tunables: { bq: 64, bk: 32, tm: 4, depth: 16, values: 8 },
  }),
  attentionTiledCase({
    heads: 2,
    kvHeads: 2,
    headDim: 80,
    kv: 'f32',
    seq: 21,
    position: 60,
    spread: 5,
    tunables: { bq: 16, bk: 64, tm: 2, depth: 16, values: 16 },
  }),
  attentionTiledCase({
    heads: 3,
    kvHeads: 3,
    headDim: 96,
    kv: 'int8',
    seq: 34,
    batch: 2,
    tunables: { bq: 16, bk: 32, tm: 2, depth: 16, values: 8 },
  }),
  attentionTiledCase({
    heads: 8,
    kvHeads: 1,
    headDim: 128,
    kv: 'f16',
    seq: 9,
    elem: 'f16',
    tunables: { bq: 16, bk: 32, tm: 2, depth: 64, values: 4 },
  }),
  attentionTiledCase({
    heads: 2,
    kvHeads: 1,
    headDim: 256,
    kv: 'f16',
    seq: 3,
    position: 65,
    tunables: { bq: 16, bk: 16, tm: 2, depth: 64, values: 4 },
  }),
];

import { attentionMerge } from '../../../kernels/attention-merge.ts';
import { attentionSplit } from '../../../kernels/attention-split.ts';
import { attendedModules, kvOctModules, reduceModules } from '../../../kernels/modules.ts';
import { instantiate } from '../../../src/gpu/kernel.ts';
import type { CaseStep, KernelCase } from '../case.ts';
import { unwritten } from '../values.ts';
import { type AttendingShape, attending } from './attending.ts';

export interface AttentionSplitShape extends AttendingShape {
  /** Threads that share a row of the cache. */
  lanes: number;
  wg?: number;
  keys?: number;
  slices?: number;
  splits?: number;
  /** Scores are added up through workgroup memory, which takes teams larger than the adapter's subgroups. */
  isPortable?: boolean;
}

export function attentionSplitCase(shape: AttentionSplitShape, seed = 1): KernelCase {
  const { lanes, wg = 32, keys = 2, slices = 1, splits = 1, kv, batch = 1 } = shape;
  const { isPortable = false } = shape;
  const { elem, name, dims, call, make, ...rest } = attending(shape);
  const tunables = { wg, lanes, keys, slices, splits };
  const out = attendedModules[splits === 1 ? 'final' : 'partial'];
  const shared = isPortable ? 'barrier' : 'subgroup';
  const reduce = lanes === 1 ? 'none' : shared;
  const modules = { kv: kvOctModules[kv], reduce: reduceModules[reduce], out };
  const steps: CaseStep[] = [
    { instance: instantiate(attentionSplit, { dims, tunables, modules, elem }), call },
  ];
  if (splits > 1) {
    const merge = { dims: { ...dims, splits }, tunables: { wg: 64 }, elem };
    steps.push({ instance: instantiate(attentionMerge, merge), call });
  }
  const partialBytes = batch * shape.heads * splits * (shape.headDim + 4) * 4;
  return {
    ...rest,
    kernel: attentionSplit.name,
    name: `${name}, wg ${wg}, lanes ${lanes}, keys ${keys}, slices ${slices}, splits ${splits}, reduce ${reduce}`,
    seed,
    steps,
    make: (rng) => ({
      ...make(rng),
      ...(splits > 1
        ? { partials: { bytes: unwritten(partialBytes), expect: { kind: 'scratch' } } }
        : {}),
    }),
  };
}

/** Contexts of 1 and around turns of 16 positions and splits of them, with one pipeline. */
function contexts(splits: number): KernelCase[] {
  const positions = new Set([0, 14, 15, 16, 16 * splits - 1, 16 * splits, 4096]);
  return [...positions].map((position) =>
    attentionSplitCase({
      heads: 4,
      kvHeads: 2,
      headDim: 16,
      kv: 'f16',
      lanes: 2,
      wg: 16,
      splits,
      position,
      spare: 4100 - position,
      spread: position === 4096 ? 6 : 1,
    }),
  );
}

export const attentionSplitCases: readonly KernelCase[] = [
  ...contexts(1),
  ...contexts(7),
  // A thread a row, which needs no subgroups; a workgroup of one thread; more splits than positions.
  attentionSplitCase({ heads: 2, kvHeads: 2, headDim: 8, kv: 'f32', lanes: 1, position: 40 }),
  ...[0, 2, 600].map((position) =>
    attentionSplitCase({
      heads: 4,
      kvHeads: 2,
      headDim: 8,
      kv: 'f32',
      lanes: 1,
      wg: 1,
      keys: 4,
      splits: 16,
      position,
      spare: 600 - position,
      batch: 2,
    }),
  ),
  // Groups of 7, 2, 3, 8 and 1 heads, whole and in slices; columns that fill lanes and ones that do not.
  ...[130, 4000].map((position) =>
    attentionSplitCase({
      heads: 14,
      kvHeads: 2,
      headDim: 64,
      kv: 'f16',
      lanes: 4,
      wg: 64,
      slices: 2,
      splits: 2,
      position,
      spare: 4010 - position,
      spread: 4,
    }),
  ),
  attentionSplitCase({
    heads: 2,
    kvHeads: 1,
    headDim: 80,
    kv: 'f16',
    lanes: 4,
    keys: 1,
    position: 200,
    batch: 2,
    spread: 8,
  }),
  attentionSplitCase({ heads: 3, kvHeads: 1, headDim: 96, kv: 'int8', lanes: 8, position: 99 }),
  attentionSplitCase({
    heads: 8,
    kvHeads: 1,
    headDim: 128,
    kv: 'int8',
    lanes: 4,
    keys: 1,
    slices: 8,
    splits: 7,
    position: 300,
    batch: 2,
  }),
  attentionSplitCase({
    heads: 2,
    kvHeads: 2,
    headDim: 128,
    kv: 'f32',
    lanes: 16,
    wg: 128,
    keys: 4,
    position: 511,
    spare: 0,
    isPortable: true,
  }),
  attentionSplitCase({
    heads: 2,
    kvHeads: 1,
    headDim: 256,
    kv: 'f16',
    lanes: 8,
    wg: 64,
    keys: 1,
    splits: 2,
    position: 77,
    elem: 'f16',
  }),
  attentionSplitCase({
    heads: 2,
    kvHeads: 1,
    headDim: 256,
    kv: 'f16',
    lanes: 32,
    wg: 256,
    keys: 1,
    splits: 2,
    position: 300,
    isPortable: true,
  }),
];

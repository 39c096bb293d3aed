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
}

export function attentionSplitCase(shape: AttentionSplitShape, seed = 1): KernelCase {
  const { lanes, wg = 32, keys = 2, slices = 1, splits = 1, kv, batch = 1 } = shape;
  const { elem, name, dims, call, make, ...rest } = attending(shape);
  const tunables = { wg, lanes, keys, slices, splits };
  const out = attendedModules[splits === 1 ? 'final' : 'partial'];
  const reduce = reduceModules[lanes === 1 ? 'none' : 'subgroup'];
  const modules = { kv: kvOctModules[kv], reduce, out };
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
    name: `${name}, wg ${wg}, lanes ${lanes}, keys ${keys}, slices ${slices}, splits ${splits}`,
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
  return [0, 14, 15, 16, 16 * splits - 1, 16 * splits, 4096].map((position) =>
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
  // A thread a row, which needs no subgroups; a workgroup of one team; more splits than positions.
  attentionSplitCase({ heads: 2, kvHeads: 2, headDim: 8, kv: 'f32', lanes: 1, position: 40 }),
  attentionSplitCase({
    heads: 8,
    kvHeads: 2,
    headDim: 8,
    kv: 'f32',
    lanes: 1,
    wg: 1,
    keys: 4,
    splits: 16,
    position: 2,
    batch: 2,
  }),
];

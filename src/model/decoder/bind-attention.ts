import { attention } from '../../../kernels/attention.ts';
import { attentionMerge } from '../../../kernels/attention-merge.ts';
import { attentionShuffle } from '../../../kernels/attention-shuffle.ts';
import { attentionSplit } from '../../../kernels/attention-split.ts';
import { attentionSubgroupMatrix } from '../../../kernels/attention-subgroup-matrix.ts';
import { attentionTiled } from '../../../kernels/attention-tiled.ts';
import {
  attendedModules,
  kvLoadModules,
  kvOctModules,
  kvStoreModules,
  reduceModuleFor,
} from '../../../kernels/modules.ts';
import { ropeAppend } from '../../../kernels/rope-append.ts';
import { invariant } from '../../core/errors.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { elemOf, padded } from './buffers.ts';
import { type AttentionChoice, mostSplits } from './kernel-choice.ts';
import { matrixUnits } from './matrix-units.ts';
import {
  type BindContext,
  floatBits,
  type ProgramContext,
  type ProgramKind,
  whole,
} from './program-context.ts';

/** q/k norm, rotary embedding, append to layer `i`'s cache: one dispatch. */
export function bindRopeAppend(context: ProgramContext, i: number): Promise<BoundKernel> {
  const { compiler, shape, run, weights } = context;
  const { config, kv, capacity } = shape;
  const { heads, kvHeads, headDim } = config;
  const w = weights.layers[i];
  invariant(w, `no weights for layer ${i}`);
  const instance = instantiate(ropeAppend, {
    dims: {
      heads,
      kvHeads,
      headDim,
      capacity,
      qkvStride: (heads + 2 * kvHeads) * headDim,
      qStride: padded(heads * headDim),
      qkNorm: config.qkNorm ? 1 : 0,
      epsBits: floatBits(config.normEps),
    },
    modules: { reduce: reduceModuleFor(Number.POSITIVE_INFINITY, 0), kv: kvStoreModules[kv] },
    elem: elemOf(shape),
  });
  const { state, qkv, q } = run;
  const { rotation } = weights;
  // Without q/k norm the kernel never reads them, but a binding wants a buffer.
  const norms = w.qkNorms ?? w.attnNorm;
  return compiler.bind(instance, whole({ state, qkv, rotation, norms, q, ...cache(context, i) }));
}

/** Kernels in which a workgroup goes through the whole context. */
const wholeContext = {
  attention,
  'attention-shuffle': attentionShuffle,
  'attention-subgroup-matrix': attentionSubgroupMatrix,
  'attention-tiled': attentionTiled,
} as const;

/** Attention of the new rows over layer `i`'s cache, for contexts of at most `context` positions. */
export async function bindAttention(
  bindable: BindContext,
  kind: ProgramKind['name'],
  i: number,
  context = bindable.shape.capacity,
): Promise<BoundKernel[]> {
  const { gpu, compiler, shape, run } = bindable;
  const { config, kv, capacity } = shape;
  const elem = elemOf(shape);
  const { heads, kvHeads, headDim } = config;
  const { kernel, lanes, tunables } = chooseAttention(bindable, kind, context);
  const dims = { heads, kvHeads, headDim, capacity, qStride: padded(heads * headDim), lanes };
  const { state, q, attended: y } = run;
  const inputs = { state, q, ...cache(bindable, i) };
  if (kernel !== 'attention-split') {
    const units = kernel === 'attention-subgroup-matrix' ? matrixUnits(gpu) : null;
    const instance = instantiate(wholeContext[kernel], {
      dims: { ...dims, ...units?.dims },
      tunables,
      modules: { kv: kvLoadModules[kv], ...(units && { mma: units.mma }) },
      elem,
    });
    return [await compiler.bind(instance, whole({ ...inputs, y }))];
  }
  const { splits = 1 } = tunables;
  const modules = {
    kv: kvOctModules[kv],
    reduce: reduceModuleFor(tunables.lanes ?? 1, gpu.subgroupMinSize),
    out: attendedModules[splits > 1 ? 'partial' : 'final'],
  };
  const split = instantiate(attentionSplit, { dims, tunables, modules, elem });
  if (splits === 1) return [await compiler.bind(split, whole({ ...inputs, y }))];
  const { partials } = run;
  invariant(partials, `no buffer for the partial results of ${splits} splits`);
  const merge = instantiate(attentionMerge, { dims: { ...dims, splits }, elem });
  return [
    await compiler.bind(split, whole({ ...inputs, partials })),
    await compiler.bind(merge, whole({ partials, y })),
  ];
}

/** Whether decode steps of short contexts attend in a way of their own. */
export function hasShortAttention(bindable: BindContext): boolean {
  const { shape, choices } = bindable;
  const choose = (context: number) => chooseAttention(bindable, 'decode', context);
  if (shape.capacity <= choices.shortContext) return false;
  return JSON.stringify(choose(choices.shortContext)) !== JSON.stringify(choose(shape.capacity));
}

function chooseAttention(
  { choices, shape }: BindContext,
  kind: ProgramKind['name'],
  context: number,
): AttentionChoice {
  const { batch, kv, config, capacity } = shape;
  const { heads, kvHeads, headDim } = config;
  const few = kind === 'decode';
  const choice = choices.attention({ batch, heads, kvHeads, headDim, kv, few, context });
  const { splits } = choice.tunables;
  if (splits === undefined) return choice;
  // A choice may come from a longer cache, whose partial results are more than this one has room for.
  const tunables = { ...choice.tunables, splits: Math.min(splits, mostSplits(capacity)) };
  return { ...choice, tunables };
}

/** Layer `i`'s cache by binding name: codes or values, and scales where the format has them. */
function cache({ run }: BindContext, i: number): Record<string, GPUBuffer> {
  const k_cache = run.k[i];
  const v_cache = run.v[i];
  invariant(k_cache && v_cache, `no KV cache for layer ${i}`);
  const k_scales = run.kScales[i];
  const v_scales = run.vScales[i];
  return { k_cache, v_cache, ...(k_scales && v_scales ? { k_scales, v_scales } : {}) };
}

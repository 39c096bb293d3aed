import { attention } from '../../../kernels/attention.ts';
import { attentionShuffle } from '../../../kernels/attention-shuffle.ts';
import { kvLoadModules, kvStoreModules, reduceModuleFor } from '../../../kernels/modules.ts';
import { ropeAppend } from '../../../kernels/rope-append.ts';
import { invariant } from '../../core/errors.ts';
import { instantiate } from '../../gpu/kernel.ts';
import type { BoundKernel } from '../../gpu/program.ts';
import { padded } from './buffers.ts';
import { floatBits, type ProgramContext, type ProgramKind, whole } from './program-context.ts';

/** q/k norm, rotary embedding, append to layer `i`'s cache: one dispatch. */
export function bindRopeAppend(context: ProgramContext, i: number): Promise<BoundKernel> {
  const { compiler, shape, run, weights } = context;
  const { config, activations, kv, capacity } = shape;
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
    elem: activations,
  });
  const { state, qkv, q } = run;
  const { rotation } = weights;
  // Without q/k norm the kernel never reads them, but a binding wants a buffer.
  const norms = w.qkNorms ?? w.attnNorm;
  return compiler.bind(
    instance,
    whole({ state, qkv, rotation, norms, q, ...cache(context, i) }),
  );
}

/** Attention of the new rows over layer `i`'s cache. */
export async function bindAttention(
  context: ProgramContext,
  kind: ProgramKind,
  i: number,
): Promise<BoundKernel[]> {
  const { choices, compiler, shape, run } = context;
  const { config, activations, kv, capacity } = shape;
  const { heads, kvHeads, headDim } = config;
  const dims = { heads, kvHeads, headDim, capacity, qStride: padded(heads * headDim) };
  const choice = choices.attention({ heads, kvHeads, headDim, kv, few: kind === 'decode' });
  const instance = instantiate(choice.kernel === 'attention' ? attention : attentionShuffle, {
    dims: { ...dims, lanes: choice.lanes },
    tunables: choice.tunables,
    modules: { kv: kvLoadModules[kv] },
    elem: activations,
  });
  const { state, q, attended } = run;
  return [await compiler.bind(instance, whole({ state, q, y: attended, ...cache(context, i) }))];
}

/** Layer `i`'s cache by binding name: codes or values, and scales where the format has them. */
function cache({ run }: ProgramContext, i: number): Record<string, GPUBuffer> {
  const k_cache = run.k[i];
  const v_cache = run.v[i];
  invariant(k_cache && v_cache, `no KV cache for layer ${i}`);
  const k_scales = run.kScales[i];
  const v_scales = run.vScales[i];
  return { k_cache, v_cache, ...(k_scales && v_scales ? { k_scales, v_scales } : {}) };
}

import type { KvFormat, WeightFormat } from '../src/core/cell.ts';
import { read, type ShaderModule, uniformState, write } from '../src/gpu/kernel.ts';

const quantised = {
  codes: read('vec4u', '[N, K] packed, 16-byte grains'),
  scales: read('u32', '[N, BLOCKS] f16, two a word'),
};

/** `load_codes`, `code_vec`, `grain_scale`: the one place that knows how a weight is stored on the device. */
export const weightModules: Readonly<Record<WeightFormat, ShaderModule>> = {
  f32: {
    name: 'weights-f32',
    source: new URL('./lib/weights-f32.wgsl', import.meta.url),
    binds: { data: read('vec4u', '[N, K] f32') },
  },
  f16: {
    name: 'weights-f16',
    source: new URL('./lib/weights-f16.wgsl', import.meta.url),
    binds: { data: read('vec4u', '[N, K] f16') },
  },
  int8: {
    name: 'weights-int8',
    source: new URL('./lib/weights-int8.wgsl', import.meta.url),
    binds: quantised,
  },
  int4: {
    name: 'weights-int4',
    source: new URL('./lib/weights-int4.wgsl', import.meta.url),
    binds: quantised,
  },
};

const quantisedWords = {
  codes: read('u32', '[N, K] packed'),
  scales: read('u32', '[N, BLOCKS] f16, two a word'),
};

/** `load_oct`, `oct_weight`, `block_scale`: the same bytes as `weightModules`, eight weights of four rows at a time. */
export const octModules: Readonly<Record<WeightFormat, ShaderModule>> = {
  f32: {
    name: 'oct-f32',
    source: new URL('./lib/oct-f32.wgsl', import.meta.url),
    binds: { data: read('f32', '[N, K]') },
  },
  f16: {
    name: 'oct-f16',
    source: new URL('./lib/oct-f16.wgsl', import.meta.url),
    binds: { data: read('u32', '[N, K] f16, two a word') },
  },
  int8: {
    name: 'oct-int8',
    source: new URL('./lib/oct-int8.wgsl', import.meta.url),
    binds: quantisedWords,
  },
  int4: {
    name: 'oct-int4',
    source: new URL('./lib/oct-int4.wgsl', import.meta.url),
    binds: quantisedWords,
  },
};

/** `load_packed`, `packed_scale`, `CODE_OFFSET`: a block of quantised weights as dot4I8Packed takes it. */
export const packedModules = {
  int8: {
    name: 'packed-int8',
    source: new URL('./lib/packed-int8.wgsl', import.meta.url),
    binds: quantised,
  },
  int4: {
    name: 'packed-int4',
    source: new URL('./lib/packed-int4.wgsl', import.meta.url),
    binds: quantised,
  },
} as const satisfies Record<string, ShaderModule>;
export type PackedFormat = keyof typeof packedModules;

/** `input_vec`, `input_weight`: four columns of a row that `matvec` multiplies, and what they are scaled by. */
export const inputModules = {
  plain: {
    name: 'input-plain',
    source: new URL('./lib/input-plain.wgsl', import.meta.url),
    binds: { x: read('vec4<elem>', '[rows, X_STRIDE]') },
  },
  normed: {
    name: 'input-normed',
    source: new URL('./lib/input-normed.wgsl', import.meta.url),
    binds: { x: read('vec4f', '[rows, X_STRIDE]'), norm: read('vec4f', '[X_STRIDE]') },
  },
} as const satisfies Record<string, ShaderModule>;
export type InputModule = keyof typeof inputModules;

/** `input_value`, `input_weight`: the same, a column at a time, for `matmul-columns`. */
export const columnInputModules: Readonly<Record<InputModule, ShaderModule>> = {
  plain: {
    name: 'column-input-plain',
    source: new URL('./lib/column-input-plain.wgsl', import.meta.url),
    binds: { x: read('elem', '[rows, X_STRIDE]') },
  },
  normed: {
    name: 'column-input-normed',
    source: new URL('./lib/column-input-normed.wgsl', import.meta.url),
    binds: { x: read('f32', '[rows, X_STRIDE]'), norm: read('f32', '[X_STRIDE]') },
  },
};

/** `emit_pair`: what happens to two neighbouring results of a matrix product. */
export const outModules = {
  store: {
    name: 'out-store',
    source: new URL('./lib/out-store.wgsl', import.meta.url),
    binds: { y: write('elem', '[rows, Y_STRIDE]') },
  },
  bias: {
    name: 'out-bias',
    source: new URL('./lib/out-bias.wgsl', import.meta.url),
    binds: { y: write('elem', '[rows, Y_STRIDE]'), bias: read('f32', '[N]') },
  },
  residual: {
    name: 'out-residual',
    source: new URL('./lib/out-residual.wgsl', import.meta.url),
    binds: { y: write('f32', '[rows, Y_STRIDE]') },
  },
  logits: {
    name: 'out-logits',
    source: new URL('./lib/out-logits.wgsl', import.meta.url),
    binds: { y: write('f32', '[rows, Y_STRIDE]') },
  },
  swiglu: {
    name: 'out-swiglu',
    source: new URL('./lib/out-swiglu.wgsl', import.meta.url),
    binds: { y: write('elem', '[rows, Y_STRIDE]') },
  },
} as const satisfies Record<string, ShaderModule>;
export type OutModule = keyof typeof outModules;

/** `row_count`: how many rows a call has. */
export const rowModules = {
  all: {
    name: 'rows-all',
    source: new URL('./lib/rows-all.wgsl', import.meta.url),
    binds: { state: uniformState() },
  },
  last: {
    name: 'rows-last',
    source: new URL('./lib/rows-last.wgsl', import.meta.url),
    binds: {},
  },
} as const satisfies Record<string, ShaderModule>;

/** `load_left`, `load_right`, `mma`, `store_result`: products of the adapter's matrix units, by the operands' type. */
export const mmaModules = {
  f16: {
    name: 'mma-f16',
    source: new URL('./lib/mma-f16.wgsl', import.meta.url),
    binds: {},
    needs: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
  },
  f32: {
    name: 'mma-f32',
    source: new URL('./lib/mma-f32.wgsl', import.meta.url),
    binds: {},
    needs: ['subgroups', 'chromium-experimental-subgroup-matrix'],
  },
} as const satisfies Record<string, ShaderModule>;

/** `reduce_lanes`, `reduce_max_lanes`: a sum and a maximum over LANES neighbouring threads. */
export const reduceModules = {
  none: {
    name: 'reduce-none',
    source: new URL('./lib/reduce-none.wgsl', import.meta.url),
    binds: {},
  },
  barrier: {
    name: 'reduce-barrier',
    source: new URL('./lib/reduce-barrier.wgsl', import.meta.url),
    binds: {},
  },
  subgroup: {
    name: 'reduce-subgroup',
    source: new URL('./lib/reduce-subgroup.wgsl', import.meta.url),
    binds: {},
    needs: ['subgroups'],
  },
} as const satisfies Record<string, ShaderModule>;

/** The reduction for `lanes` threads on an adapter whose smallest subgroup is `subgroupSize` (0: none). */
export function reduceModuleFor(lanes: number, subgroupSize: number): ShaderModule {
  if (lanes === 1) return reduceModules.none;
  return lanes <= subgroupSize ? reduceModules.subgroup : reduceModules.barrier;
}

const cacheShape = '[batch, KV_HEADS, CAPACITY, HEAD_DIM]';

const scaleShape = '[batch, KV_HEADS, CAPACITY]';

/** `load_k`, `load_v`; `k_scale`, `v_scale`: what a row's values are worth. */
export const kvLoadModules: Readonly<Record<KvFormat, ShaderModule>> = {
  f32: {
    name: 'kv-f32',
    source: new URL('./lib/kv-f32.wgsl', import.meta.url),
    binds: { k_cache: read('vec4f', cacheShape), v_cache: read('vec4f', cacheShape) },
  },
  f16: {
    name: 'kv-f16',
    source: new URL('./lib/kv-f16.wgsl', import.meta.url),
    binds: { k_cache: read('vec2u', cacheShape), v_cache: read('vec2u', cacheShape) },
  },
  int8: {
    name: 'kv-int8',
    source: new URL('./lib/kv-int8.wgsl', import.meta.url),
    binds: {
      k_cache: read('u32', `${cacheShape}, four a word`),
      v_cache: read('u32', `${cacheShape}, four a word`),
      k_scales: read('f32', scaleShape),
      v_scales: read('f32', scaleShape),
    },
  },
};

/** `load_k_oct`, `load_v_oct`; `k_scale`, `v_scale`: the same bytes as `kvLoadModules`, eight values at a time. */
export const kvOctModules: Readonly<Record<KvFormat, ShaderModule>> = {
  f32: {
    name: 'kv-oct-f32',
    source: new URL('./lib/kv-oct-f32.wgsl', import.meta.url),
    binds: { k_cache: read('vec4f', cacheShape), v_cache: read('vec4f', cacheShape) },
  },
  f16: {
    name: 'kv-oct-f16',
    source: new URL('./lib/kv-oct-f16.wgsl', import.meta.url),
    binds: { k_cache: read('vec4u', cacheShape), v_cache: read('vec4u', cacheShape) },
  },
  int8: {
    name: 'kv-oct-int8',
    source: new URL('./lib/kv-oct-int8.wgsl', import.meta.url),
    binds: {
      k_cache: read('vec2u', `${cacheShape}, four a word`),
      v_cache: read('vec2u', `${cacheShape}, four a word`),
      k_scales: read('f32', scaleShape),
      v_scales: read('f32', scaleShape),
    },
  },
};

/** `emit_attended`: where four columns of a head's result from one split of `attention-split` go. */
export const attendedModules = {
  final: {
    name: 'attended-final',
    source: new URL('./lib/attended-final.wgsl', import.meta.url),
    binds: { y: write('vec4<elem>', '[batch, Q_STRIDE]') },
  },
  partial: {
    name: 'attended-partial',
    source: new URL('./lib/attended-partial.wgsl', import.meta.url),
    binds: { partials: write('vec4f', '[batch, HEADS, SPLITS, HEAD_DIM/4 + 1]') },
  },
} as const satisfies Record<string, ShaderModule>;

/** `enter`, `replace`, `comes_before`: finds the best of many logits, one after another. */
export const orderModules = {
  tournament: {
    name: 'tournament',
    source: new URL('./lib/tournament.wgsl', import.meta.url),
    binds: {},
  },
} as const satisfies Record<string, ShaderModule>;

/** `store_k`, `store_v`; `row_scale`, `store_k_scale`, `store_v_scale`. */
export const kvStoreModules: Readonly<Record<KvFormat, ShaderModule>> = {
  f32: {
    name: 'kv-f32-store',
    source: new URL('./lib/kv-f32-store.wgsl', import.meta.url),
    binds: { k_cache: write('vec4f', cacheShape), v_cache: write('vec4f', cacheShape) },
  },
  f16: {
    name: 'kv-f16-store',
    source: new URL('./lib/kv-f16-store.wgsl', import.meta.url),
    binds: { k_cache: write('vec2u', cacheShape), v_cache: write('vec2u', cacheShape) },
  },
  int8: {
    name: 'kv-int8-store',
    source: new URL('./lib/kv-int8-store.wgsl', import.meta.url),
    binds: {
      k_cache: write('u32', `${cacheShape}, four a word`),
      v_cache: write('u32', `${cacheShape}, four a word`),
      k_scales: write('f32', scaleShape),
      v_scales: write('f32', scaleShape),
    },
  },
};

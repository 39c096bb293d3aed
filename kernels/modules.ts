import type { KvFormat, WeightFormat } from '../src/core/cell.ts';
import { read, type ShaderModule, uniformState, write } from '../src/gpu/kernel.ts';

const quantised = {
  codes: read('vec4u', '[N, K] packed, 16-byte grains'),
  scales: read('u32', '[N, BLOCKS] f16, two a word'),
};

/** `load_grain`, `grain_scale`: the one place that knows how a weight is stored on the device. */
export const weightModules: Readonly<Record<WeightFormat, ShaderModule>> = {
  f32: {
    name: 'weights-f32',
    source: new URL('./lib/weights-f32.wgsl', import.meta.url),
    binds: { data: read('vec4f', '[N, K]') },
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

/** `reduce_lanes`: a sum over LANES neighbouring threads. */
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

/** `load_k`, `load_v`. */
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
};

/** `store_k`, `store_v`. */
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
};

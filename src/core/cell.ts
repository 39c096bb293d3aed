/** The words a result is keyed by. Everything here is plain data that survives JSON. */

/** Number format of the weight matrices; `int4`/`int8` are blocks of 32 along K (see src/model/quantise.ts). */
export type WeightFormat = 'f32' | 'f16' | 'int8' | 'int4';
/** Number format of the KV cache; `int8` has a scale for every token and head (see src/model/kv-int8.ts). */
export type KvFormat = 'f32' | 'f16' | 'int8';
/**
 * Number format of activations between operators. `int8`: f32, but what quantised matrices are multiplied with is
 * rounded to blocks of 32 int8, except the output of attention. Another function than exact activations.
 */
export type ActivationFormat = 'f32' | 'f16' | 'int8';

export const WEIGHT_FORMATS = [
  'f32',
  'f16',
  'int8',
  'int4',
] as const satisfies readonly WeightFormat[];
export const KV_FORMATS = ['f32', 'f16', 'int8'] as const satisfies readonly KvFormat[];
export const ACTIVATION_FORMATS = [
  'f32',
  'f16',
  'int8',
] as const satisfies readonly ActivationFormat[];

/** The three number formats of a run. */
export interface Variant {
  weights: WeightFormat;
  kv: KvFormat;
  activations: ActivationFormat;
}

/** A variant as asked for: `auto` leaves the choice to the backend, which reports what it chose. */
export interface VariantRequest {
  weights: WeightFormat;
  kv: KvFormat | 'auto';
  activations: ActivationFormat | 'auto';
}

export const BACKEND_NAMES = [
  'wgsl',
  'reference',
  'ort-cpu',
  'ort-webgpu',
  'ort-cuda',
  'ort-dml',
  'ort-coreml',
] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

export const HOST_NAMES = ['node', 'chromium'] as const;
export type HostName = (typeof HOST_NAMES)[number];

/** One prefill of `promptTokens` after `depth` cached tokens, then `generatedTokens`, for `batch` sequences at once. */
export interface Workload {
  promptTokens: number;
  generatedTokens: number;
  depth: number;
  batch: number;
}

/** One row of a result: what is measured, on what, how. */
export interface Cell {
  model: string;
  variant: VariantRequest;
  backend: BackendName;
  host: HostName;
  workload: Workload;
}

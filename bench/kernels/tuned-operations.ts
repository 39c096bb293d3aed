import type { KvFormat, WeightFormat } from '../../src/core/cell.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { DECODE_ROWS, usesOf } from './model-shapes.ts';
import type { Operation } from './operation.ts';
import { operationName } from './operation-cost.ts';

/** What to tune kernels for. */
export interface TuneSelection {
  configs: readonly ModelConfig[];
  formats: readonly WeightFormat[];
  /** `auto` is what the wgsl backend takes beside these weights. */
  kv: KvFormat | 'auto';
  /** Rows of products: up to DECODE_ROWS sequences of a decode step, else new tokens of a prefill. */
  rows: readonly number[];
  /** Tokens in the cache of a decode step. */
  contexts: readonly number[];
}

/** One sequence, and a prefill of each class of PREFILL_ROWS. */
export const TUNED_ROWS = [1, 16, 64, 512] as const;
/** Decode attention without a merge, and with one. */
export const TUNED_CONTEXTS = [512, 4096] as const;

/** Each operation once that decode and prefill of these models need, those of a decode step first. */
export function operationsToTune(selection: TuneSelection): Operation[] {
  const { configs, formats, rows } = selection;
  const isDecode = (count: number) => count <= DECODE_ROWS;
  const found = new Map<string, Operation>();
  const phases = [rows.filter(isDecode), rows.filter((count) => !isDecode(count))];
  for (const [phase, phaseRows] of phases.entries()) {
    for (const config of configs) {
      const decodes = phase === 0;
      const contexts = decodes ? within(config, selection.contexts) : [];
      for (const format of formats) {
        const kv = [selection.kv === 'auto' ? kvBeside(format) : selection.kv];
        const uses = usesOf(config, { formats: [format], rows: phaseRows, contexts, kv });
        for (const [, operation] of uses) found.set(operationName(operation), operation);
      }
    }
  }
  return [...found.values()];
}

/** As src/backends/wgsl.ts resolves `auto`. */
function kvBeside(format: WeightFormat): KvFormat {
  return format === 'f32' ? 'f32' : 'f16';
}

/** The contexts that the model was made for; its longest where all are longer. */
function within({ context }: ModelConfig, contexts: readonly number[]): number[] {
  const possible = contexts.filter((count) => count <= context);
  return possible.length > 0 ? possible : [context];
}

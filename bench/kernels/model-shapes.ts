import type { KvFormat, WeightFormat } from '../../src/core/cell.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { type PresetName, presets } from '../../src/model/presets.ts';
import type { Operation } from './operation.ts';
import { operationName } from './operation-cost.ts';

/** Up to so many rows a product is a decode step of as many sequences; beyond it, a prefill. */
export const DECODE_ROWS = 8;

/** Which of a model's operations. */
export interface ShapeSelection {
  models: readonly PresetName[];
  formats: readonly WeightFormat[];
  /** Rows of products; those beyond DECODE_ROWS are also the new tokens of prefill attention. */
  rows: readonly number[];
  /** Tokens in the cache: all that a decoded token sees, or those before a prefill. */
  contexts: readonly number[];
  kv: readonly KvFormat[];
}

/** The shapes that suit an adapter: on a processor, those that tell most about one model. */
export function defaultShapes(kind: 'gpu' | 'software', isQuick: boolean): ShapeSelection {
  if (isQuick) {
    return {
      models: ['bench-25m'],
      formats: ['int4'],
      rows: [1, 32],
      contexts: [512],
      kv: ['f16'],
    };
  }
  if (kind === 'software') {
    return {
      models: ['llama-3.2-1b'],
      formats: ['int4'],
      rows: [1, 128],
      contexts: [512, 4096],
      kv: ['f16'],
    };
  }
  return {
    models: ['qwen2.5-0.5b', 'llama-3.2-1b', 'llama-3.1-8b'],
    formats: ['int4', 'int8', 'f16'],
    rows: [1, 8, 128, 512],
    contexts: [512, 4096, 16384],
    kv: ['f16', 'int8'],
  };
}

/** An operation and the places in models that it comes from. */
export interface ModelOperation {
  readonly name: string;
  readonly operation: Operation;
  /** `llama-3.2-1b qkv`, `llama-3.2-1b attention decode`, … */
  readonly uses: readonly string[];
}

/** Every operation of the selection once, products before attention, in the order of the lists. */
export function modelOperations(selection: ShapeSelection): ModelOperation[] {
  const found = new Map<string, ModelOperation>();
  for (const model of selection.models) {
    for (const [use, operation] of usesOf(presets[model].config, selection)) {
      const name = operationName(operation);
      const uses = [...(found.get(name)?.uses ?? []), `${model} ${use}`];
      found.set(name, { name, operation, uses });
    }
  }
  const operations = [...found.values()];
  const isProduct = ({ operation }: ModelOperation) => operation.kind === 'product';
  return [...operations.filter(isProduct), ...operations.filter((one) => !isProduct(one))];
}

export type Use = [use: string, operation: Operation];

/** The operations of one model, products before attention. */
export function usesOf(config: ModelConfig, selection: Omit<ShapeSelection, 'models'>): Use[] {
  return [...products(config, selection), ...attentions(config, selection)];
}

/** q, k and v in one product and gate and up in one, as the decoder makes them. */
function products(
  { dim, hiddenDim, heads, kvHeads, headDim, vocab }: ModelConfig,
  { formats, rows }: Pick<ShapeSelection, 'formats' | 'rows'>,
): Use[] {
  const layers: [use: string, k: number, n: number][] = [
    ['qkv', dim, (heads + 2 * kvHeads) * headDim],
    ['o', heads * headDim, dim],
    ['gate+up', dim, 2 * hiddenDim],
    ['down', hiddenDim, dim],
  ];
  const head: typeof layers = [['head', dim, vocab]];
  return formats.flatMap((format) =>
    rows.flatMap((count) =>
      // A prefill wants the logits of its last token alone.
      [...layers, ...(count <= DECODE_ROWS ? head : [])].map(
        ([use, k, n]): Use => [use, { kind: 'product', format, rows: count, k, n }],
      ),
    ),
  );
}

/** One token that sees the whole context; each prefill, from nothing and behind each context. */
function attentions(
  { heads, kvHeads, headDim }: ModelConfig,
  { rows, contexts, kv: formats }: Omit<ShapeSelection, 'models' | 'formats'>,
): Use[] {
  const shape = { kind: 'attention', heads, kvHeads, headDim } as const;
  const prefills = rows.filter((count) => count > DECODE_ROWS);
  return formats.flatMap((kv) => [
    ...(prefills.length < rows.length
      ? contexts.map(
          (context): Use => ['attention decode', { ...shape, kv, position: context - 1, seq: 1 }],
        )
      : []),
    ...[0, ...contexts].flatMap((position) =>
      prefills.map((seq): Use => ['attention prefill', { ...shape, kv, position, seq }]),
    ),
  ]);
}

/** The words that a filter may find an operation by: its kind, its uses, its name. */
export function wordsOf({ name, operation, uses }: ModelOperation): string[] {
  const kind =
    operation.kind === 'product' && operation.rows <= DECODE_ROWS
      ? 'product matvec'
      : operation.kind === 'product'
        ? 'product matmul'
        : 'attention';
  return [kind, name, ...uses];
}

/**
 * Whether some part of the filter is found in one of the texts; one or two letters must be a whole word. An
 * empty filter takes everything.
 */
export function matchesFilter(filter: readonly string[], texts: readonly string[]): boolean {
  if (filter.length === 0) return true;
  const words = texts.flatMap((text) => text.toLowerCase().split(' '));
  return filter
    .map((part) => part.toLowerCase())
    .some((part) => words.some((word) => (part.length > 2 ? word.includes(part) : word === part)));
}

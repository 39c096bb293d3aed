import type { GpuDevice } from '../../gpu/device.ts';
import {
  attentionKernels,
  attentionObstacle,
  productKernels,
  productObstacle,
} from './kernel-candidates.ts';
import {
  type AttentionChoice,
  type AttentionShape,
  defaultChoices,
  type KernelChoices,
  type ProductChoice,
  type ProductShape,
  prefillClass,
} from './kernel-choice.ts';
import type { TunedChoice, TunedEntry, TunedOperation, TunedTable } from './tuned-table.ts';

/** Choices from a table where it has the shape, defaults elsewhere, and how often it was which. */
export interface TunedChoices extends KernelChoices {
  /** Shapes asked for so far that were in the table, and that were not. */
  readonly found: number;
  readonly missing: number;
}

/** An entry that the device cannot run, whatever its table says, counts as missing. */
export function tunedChoices(gpu: GpuDevice, table: TunedTable): TunedChoices {
  const fallback = defaultChoices(gpu);
  const asked = new Map<string, boolean>();
  const note = <T>(shape: object, choice: T | null, otherwise: () => T): T => {
    asked.set(JSON.stringify(shape), choice !== null);
    return choice ?? otherwise();
  };
  const count = (isFound: boolean) => [...asked.values()].filter((is) => is === isFound).length;
  return {
    shortContext: fallback.shortContext,
    halfProducts: fallback.halfProducts,
    product: (shape) => note(shape, tunedProduct(gpu, table, shape), () => fallback.product(shape)),
    attention: (shape) =>
      note(shape, tunedAttention(gpu, table, shape), () => fallback.attention(shape)),
    get found() {
      return count(true);
    },
    get missing() {
      return count(false);
    },
  };
}

type Of<K extends TunedOperation['kind']> = Extract<TunedOperation, { kind: K }>;

function tunedProduct(
  gpu: GpuDevice,
  table: TunedTable,
  shape: ProductShape,
): ProductChoice | null {
  const { format, n, k, rows } = shape;
  const choice = best(table.entries, (operation) => {
    if (operation.kind !== 'product') return null;
    if (operation.format !== format || operation.n !== n || operation.k !== k) return null;
    return rows === null ? fitOfMany(operation.rows, shape.most) : fitOfFew(operation.rows, rows);
  });
  if (!choice || !isKernel(productKernels, choice.kernel)) return null;
  const product = { kernel: choice.kernel, tunables: choice.tunables };
  return productObstacle(gpu, shape, product) === null ? product : null;
}

function tunedAttention(
  gpu: GpuDevice,
  table: TunedTable,
  shape: AttentionShape,
): AttentionChoice | null {
  // Tables are made with one sequence; several fill a device with fewer splits.
  if (shape.few && shape.batch > 1) return null;
  const choice = best(table.entries, (operation) =>
    operation.kind === 'attention' ? fitOfAttention(operation, shape) : null,
  );
  if (!choice || !isKernel(attentionKernels, choice.kernel)) return null;
  const attention = { kernel: choice.kernel, lanes: choice.lanes ?? 0, tunables: choice.tunables };
  return attentionObstacle(gpu, shape, attention) === null ? attention : null;
}

/** The choice of the entry whose operation fits best: `distance` is null where it does not fit at all. */
function best(
  entries: readonly TunedEntry[],
  distance: (operation: TunedOperation) => number | null,
): TunedChoice | null {
  let nearest: { choice: TunedChoice; at: number } | null = null;
  for (const { operation, choice } of entries) {
    const at = distance(operation);
    if (at !== null && (nearest === null || at < nearest.at)) nearest = { choice, at };
  }
  return nearest?.choice ?? null;
}

/** Few rows go by powers of two: 3 rows are tuned as 4. */
function fitOfFew(tuned: number, rows: number): number | null {
  return tuned === 2 ** Math.ceil(Math.log2(rows)) ? 0 : null;
}

/** Of a class of prefills, what was tuned with the most rows. */
function fitOfMany(tuned: number, most: number): number | null {
  return prefillClass(tuned) === most ? -tuned : null;
}

/** Decode steps by the nearest context, prefills by the longest that was tuned. */
function fitOfAttention(tuned: Of<'attention'>, shape: AttentionShape): number | null {
  const { heads, kvHeads, headDim, kv, few, context } = shape;
  const isSame =
    tuned.heads === heads &&
    tuned.kvHeads === kvHeads &&
    tuned.headDim === headDim &&
    tuned.kv === kv &&
    (tuned.seq === 1) === few;
  if (!isSame) return null;
  return few ? Math.abs(Math.log2((tuned.position + 1) / context)) : -tuned.seq;
}

function isKernel<T extends object>(record: T, kernel: string): kernel is string & keyof T {
  return Object.hasOwn(record, kernel);
}

import { attention, matmul } from '../../src/backends/reference/ops.ts';
import { BenchError, invariant } from '../../src/core/errors.ts';
import type { Rng } from '../../src/core/rng.ts';
import { dequantise, type Planes } from '../../src/model/quantise.ts';
import { type Tolerance, tolerances } from './expectation.ts';
import type {
  AttentionData,
  AttentionOperation,
  Operation,
  OperationData,
  ProductData,
  ProductOperation,
} from './operation.ts';

/** What one element of an output must be, in f64. */
export interface Sample {
  /** Into the flat output. */
  readonly index: number;
  readonly value: number;
}

/** How close the sampled elements of an output came. */
export interface OutputAccuracy {
  /** Σ(got − want)² / Σ want² over the samples. */
  readonly nmse: number;
  /** Largest |got − want| in units of what is allowed of that element: above 1 is wrong. */
  readonly worst: number;
  /** The first thing that is wrong; null when all is well. */
  readonly problem: string | null;
}

/**
 * About `count` elements of the exact result at seeded places, the corners always among them, in f64: of a
 * product single elements, of attention whole heads of single tokens. All of them when there are no more.
 */
export function sampleOracle(
  operation: Operation,
  data: OperationData,
  rng: Rng,
  count = 1024,
): Sample[] {
  if (operation.kind === 'product') {
    invariant(data.kind === 'product', 'inputs of another kind than the operation');
    return sampleProduct(operation, data, rng, count);
  }
  invariant(data.kind === 'attention', 'inputs of another kind than the operation');
  return sampleAttention(operation, data, rng, count);
}

/**
 * Holds an output against the oracle's samples; every other element must be a finite number.
 * `tolerance` defaults to that of f32 activations.
 */
export function checkOutput(
  operation: Operation,
  samples: readonly Sample[],
  output: Float32Array,
  tolerance: Tolerance = operation.kind === 'product' ? tolerances.f32 : tolerances.f32Exp,
): OutputAccuracy {
  const wrong = (problem: string) => ({ nmse: 1, worst: Number.POSITIVE_INFINITY, problem });
  const size = outputLength(operation);
  if (output.length !== size) return wrong(`${output.length} elements, not ${size}`);
  const bad = output.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) return wrong(`[${place(operation, bad)}] is ${output[bad]}`);
  const power = samples.reduce((sum, { value }) => sum + value * value, 0);
  invariant(power > 0, 'samples that zeros would pass');
  const floor = tolerance.absolute * Math.sqrt(power / samples.length);
  let [error, worst, count] = [0, 0, 0];
  let first = '';
  for (const { index, value } of samples) {
    const got = output[index] ?? Number.NaN;
    const allowed = tolerance.relative * Math.abs(value) + floor;
    error += (got - value) ** 2;
    worst = Math.max(worst, Math.abs(got - value) / allowed);
    if (Math.abs(got - value) <= allowed) continue;
    if (count++ === 0) {
      first = `[${place(operation, index)}] is ${got}, wanted ${value} ± ${allowed.toPrecision(2)}`;
    }
  }
  const nmse = error / power;
  const exceeds =
    nmse <= tolerance.nmse ? '' : `NMSE ${nmse.toPrecision(3)}, allowed ${tolerance.nmse}`;
  if (count === 0) return { nmse, worst, problem: exceeds || null };
  return { nmse, worst, problem: `${first}; ${count} of ${samples.length} samples wrong` };
}

/** Throws `quality` naming who was wrong, where and by how much. */
export function assertOutput(
  who: string,
  operation: Operation,
  samples: readonly Sample[],
  output: Float32Array,
  tolerance?: Tolerance,
): OutputAccuracy {
  const accuracy = checkOutput(operation, samples, output, tolerance);
  if (accuracy.problem !== null) throw new BenchError('quality', `${who}: ${accuracy.problem}`);
  return accuracy;
}

/** Elements of an operation's output. */
export function outputLength(operation: Operation): number {
  if (operation.kind === 'product') return operation.rows * operation.n;
  return operation.seq * operation.heads * operation.headDim;
}

function place(operation: Operation, index: number): string {
  const width = operation.kind === 'product' ? operation.n : operation.heads * operation.headDim;
  return `${Math.floor(index / width)}, ${index % width}`;
}

function sampleProduct(
  { format, rows, n, k }: ProductOperation,
  { x, planes }: ProductData,
  rng: Rng,
  count: number,
): Sample[] {
  const samples: Sample[] = [];
  for (const [column, ofColumn] of byColumn(places(rng, rows, n, count))) {
    const weights = dequantise(format, rowOf(planes, n, column), 1, k);
    for (const row of ofColumn) {
      const [value = Number.NaN] = matmul(x.subarray(row * k, (row + 1) * k), 1, k, weights, 1);
      samples.push({ index: row * n + column, value });
    }
  }
  return samples;
}

/** One row of a matrix [n, k] as packed: every plane has n rows of equal length. */
function rowOf(planes: Planes, n: number, row: number): Planes {
  return Object.fromEntries(
    Object.entries(planes).map(([name, bytes]) => {
      const rowBytes = bytes.byteLength / n;
      return [name, bytes.slice(row * rowBytes, (row + 1) * rowBytes)];
    }),
  );
}

/** Places [row, column] of a matrix, corners first; all of them when there are at most `count`. */
function places(rng: Rng, rows: number, columns: number, count: number): [number, number][] {
  if (rows * columns <= count) {
    return Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns]);
  }
  const chosen = new Set([0, columns - 1, (rows - 1) * columns, rows * columns - 1]);
  while (chosen.size < count) {
    // A quarter in the last row and column each, where tiles are cut off.
    const edge = rng.integer(0, 4);
    const row = edge === 0 ? rows - 1 : rng.integer(0, rows);
    const column =
      edge === 1 ? columns - 1 - rng.integer(0, Math.min(8, columns)) : rng.integer(0, columns);
    chosen.add(row * columns + column);
  }
  return [...chosen].map((at) => [Math.floor(at / columns), at % columns]);
}

function byColumn(list: readonly [number, number][]): Map<number, number[]> {
  const columns = new Map<number, number[]>();
  for (const [row, column] of list) {
    const rows = columns.get(column);
    if (rows) rows.push(row);
    else columns.set(column, [row]);
  }
  return columns;
}

function sampleAttention(
  { heads, kvHeads, headDim, position, seq }: AttentionOperation,
  { q, k, v }: AttentionData,
  rng: Rng,
  count: number,
): Sample[] {
  const length = position + seq;
  const shape = { heads: 1, kvHeads: 1, headDim };
  return places(rng, seq, heads, Math.max(4, Math.ceil(count / headDim))).flatMap(
    ([token, head]) => {
      const start = (token * heads + head) * headDim;
      const kvHead = Math.floor((head * kvHeads) / heads);
      const cached = (cache: Float32Array) =>
        cache.subarray(kvHead * length * headDim, (kvHead + 1) * length * headDim);
      const query = q.subarray(start, start + headDim);
      const y = attention(query, cached(k), cached(v), 1, position + token, shape);
      return Array.from(y, (value, i) => ({ index: start + i, value }));
    },
  );
}

import { BenchError } from '../../src/core/errors.ts';
import type { Host } from '../../src/core/host.ts';
import { Rng } from '../../src/core/rng.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { KernelCompiler } from '../../src/gpu/program.ts';
import { isGpuClockTrusted } from '../../src/gpu/stopwatch.ts';
import {
  attentionCandidates,
  fixedChoices,
  productCandidates,
} from '../../src/model/decoder/kernel-candidates.ts';
import {
  type AttentionChoice,
  type AttentionShape,
  defaultChoices,
  MATVEC_ROWS,
  type ProductChoice,
  type ProductShape,
  prefillClass,
} from '../../src/model/decoder/kernel-choice.ts';
import type { TunedEntry } from '../../src/model/decoder/tuned-table.ts';
import { drawData } from './draw-data.ts';
import type { AttentionOperation, Operation, ProductOperation } from './operation.ts';
import { operationName } from './operation-cost.ts';
import { checkOutput, sampleOracle } from './operation-oracle.ts';
import { ownTolerance } from './own-tolerance.ts';
import { type Skipped, search, type Trial } from './search.ts';
import { type PreparedOperation, prepareOperation, type WgslContender } from './wgsl-contender.ts';

export type KernelChoice = ProductChoice | AttentionChoice;

export interface TuneOptions {
  budgetMs: number;
  /** Candidates that ended an earlier attempt. */
  skipped?: readonly Skipped<KernelChoice>[];
  /** Instead of all that the kernels declare. */
  candidates?: readonly KernelChoice[];
  /** Wall time of a sample; default 10. */
  sampleMs?: number;
  /** More than the adapter's caches hold; default 256 MiB, on software adapters 64. */
  coldBytes?: number;
  /** Called before anything is done with a candidate, and before each of its samples. */
  onTrying?(choice: KernelChoice): void;
}

/** Most of a reason that is kept: compilers can be wordy. */
const REASON_LENGTH = 500;

/**
 * Finds the fastest kernel for an operation on this device, every candidate held against the f64 oracle before
 * it is timed. Throws `quality` when nothing gives a right result, `device-lost`, `out-of-memory`.
 */
export async function tuneOperation(
  gpu: GpuDevice,
  host: Host,
  operation: Operation,
  options: TuneOptions,
): Promise<TunedEntry> {
  const { budgetMs, skipped = [], sampleMs = 10, onTrying } = options;
  const { coldBytes = gpu.info.kind === 'gpu' ? 2 ** 28 : 2 ** 26 } = options;
  const started = host.now();
  const rng = new Rng('tune', operationName(operation));
  const data = drawData(operation, rng.fork('data'));
  const samples = sampleOracle(operation, data, rng.fork('samples'));
  // One for each operation: what was compiled for it is of no use to the next.
  const compiler = new KernelCompiler(gpu, host);
  const how = { cache: 'cold', sampleMs, coldBytes } as const;
  const prepared = await prepareOperation(gpu, host, compiler, operation, data, how);
  try {
    const { fallback, candidates } = choicesFor(gpu, operation);
    const problemOf = (y: Float32Array, { settings }: WgslContender) =>
      checkOutput(operation, samples, y, ownTolerance(operation, settings)).problem;
    const open = trialsOf(gpu, prepared, problemOf, onTrying);
    const found = await search<KernelChoice>({
      fallback,
      candidates: options.candidates ?? candidates,
      skipped,
      budgetMs: budgetMs - (host.now() - started),
      now: () => host.now(),
      open,
      onTrying,
    });
    if (!found) throw nothingWorks(operation);
    return {
      operation,
      choice: found.choice,
      ms: found.ms,
      defaultMs: found.fallbackMs,
      tried: found.tried,
      candidates: candidates.length,
      skipped: found.skipped.map(({ choice, reason }) => ({
        choice,
        reason: reason.slice(0, REASON_LENGTH),
      })),
    };
  } finally {
    prepared.dispose();
  }
}

/** Contenders on the same clock: the device's where the first sample shows that it can be trusted. */
function trialsOf(
  gpu: GpuDevice,
  prepared: PreparedOperation,
  problemOf: (output: Float32Array, contender: WgslContender) => string | null,
  onTrying: TuneOptions['onTrying'],
): (choice: KernelChoice) => Promise<Trial> {
  let isGpuClock: boolean | undefined;
  return async (choice) => {
    const contender = await prepared.contender(fixedChoices(gpu, choice));
    return {
      check: async () => problemOf(await contender.output(), contender),
      async sample() {
        onTrying?.(choice);
        const elapsed = await contender.sampleClocks();
        isGpuClock ??= isGpuClockTrusted([elapsed]);
        return isGpuClock ? (elapsed.gpuMs ?? elapsed.wallMs) : elapsed.wallMs;
      },
    };
  };
}

function choicesFor(
  gpu: GpuDevice,
  operation: Operation,
): { fallback: KernelChoice; candidates: KernelChoice[] } {
  const defaults = defaultChoices(gpu);
  if (operation.kind === 'product') {
    const shape = productShapeOf(operation);
    return { fallback: defaults.product(shape), candidates: productCandidates(gpu, shape) };
  }
  const shape = attentionShapeOf(operation);
  return { fallback: defaults.attention(shape), candidates: attentionCandidates(gpu, shape) };
}

/** The product as a decoder asks for its kernel. */
export function productShapeOf({ format, n, k, rows }: ProductOperation): ProductShape {
  return { format, n, k, rows: rows <= MATVEC_ROWS ? rows : null, most: prefillClass(rows) };
}

/** Attention as a decoder asks for its kernel. */
export function attentionShapeOf(operation: AttentionOperation): AttentionShape {
  const { heads, kvHeads, headDim, kv, position, seq } = operation;
  return { batch: 1, heads, kvHeads, headDim, kv, few: seq === 1, context: position + seq };
}

function nothingWorks(operation: Operation): BenchError {
  return new BenchError('quality', `No kernel gives a right result: ${operationName(operation)}`, {
    hint: 'A driver may be broken: run `mtok kernels`, or try another --adapter.',
  });
}

import type { Host } from '../../src/core/host.ts';
import type { Peaks } from '../../src/core/kernel-peaks.ts';
import type { KernelMeasurement } from '../../src/core/kernel-record.ts';
import { Rng } from '../../src/core/rng.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { KernelCompiler } from '../../src/gpu/program.ts';
import { defaultChoices } from '../../src/model/decoder/kernel-choice.ts';
import { tunedChoices } from '../../src/model/decoder/tuned-choices.ts';
import type { TunedTable } from '../../src/model/decoder/tuned-table.ts';
import { compareContenders, type Entry } from './compare-contenders.ts';
import { drawData } from './draw-data.ts';
import type { Scalar } from './expectation.ts';
import { matrixBytes } from './matrix.ts';
import type { ModelOperation } from './model-shapes.ts';
import type { Contender, Operation, OperationData } from './operation.ts';
import { cacheBytes } from './operation-cost.ts';
import { type Sample, sampleOracle } from './operation-oracle.ts';
import type { PeerEnvironment } from './peer/ort-contender.ts';
import { wgslContender } from './wgsl-contender.ts';

/** Opens another engine's way of doing an operation. */
export type OpenPeer = (
  operation: Operation,
  data: OperationData,
  environment: PeerEnvironment,
) => Promise<Contender>;

/** How much is measured of each operation. */
export interface MeasureEffort {
  /** Samples of each contender. */
  blocks: number;
  /** Wall time that a sample lasts at least. */
  sampleMs: number;
  /** Bytes that copies of what is read take together: more than the adapter's caches hold. */
  coldBytes: number;
}

/** A GPU's caches hold tens of megabytes, and its memory takes a few hundred at once. */
export function defaultEffort(kind: 'gpu' | 'software', isQuick: boolean): MeasureEffort {
  if (isQuick) return { blocks: 7, sampleMs: 5, coldBytes: 8 * 2 ** 20 };
  return { blocks: 9, sampleMs: 20, coldBytes: (kind === 'gpu' ? 256 : 64) * 2 ** 20 };
}

/** What measuring operations needs besides the operations. */
export interface MeasureContext {
  gpu: GpuDevice;
  host: Host;
  compiler: KernelCompiler;
  /** What a decoder would choose kernels by; null where the adapter was not tuned. */
  tuned: TunedTable | null;
  peaks: Peaks;
  effort: MeasureEffort;
  /** How our kernels store activations. */
  activations: Scalar;
  openPeer: OpenPeer | null;
  seed: number;
}

/**
 * One operation on inputs of its own, which depend on the seed and its name only: our kernels as a decoder
 * chooses them, on data that no cache holds and on data that a cache may hold, and the peer.
 */
export async function measureOperation(
  subject: ModelOperation,
  context: MeasureContext,
): Promise<KernelMeasurement> {
  const { peaks, effort, seed } = context;
  const rng = new Rng('operation', seed, subject.name);
  const data = drawData(subject.operation, rng.fork('data'));
  const samples = sampleOracle(subject.operation, data, rng.fork('samples'));
  return compareContenders(subject, data, samples, entriesFor(subject, samples, context), {
    blocks: effort.blocks,
    peaks,
    rng: rng.fork('comparison'),
  });
}

/** Whether a cache could hold what the operation reads: only then is warm another thing than cold. */
export function hasWarm(operation: Operation, { coldBytes }: MeasureEffort): boolean {
  const bytes =
    operation.kind === 'product'
      ? matrixBytes(operation.format, operation.n, operation.k)
      : cacheBytes(operation);
  return bytes < coldBytes;
}

function entriesFor(
  { operation }: ModelOperation,
  samples: readonly Sample[],
  context: MeasureContext,
): Entry[] {
  const { gpu, host, compiler, tuned, effort, activations, openPeer } = context;
  const { sampleMs, coldBytes } = effort;
  const ours = (cache: 'cold' | 'warm'): Entry => ({
    role: cache,
    async open(data) {
      const choices = tuned ? tunedChoices(gpu, tuned) : { ...defaultChoices(gpu), found: 0 };
      const options = { cache, elem: activations, sampleMs, coldBytes };
      const contender = await wgslContender(gpu, host, compiler, operation, data, choices, options);
      const choice = choices.found > 0 ? 'tuned' : 'default';
      return { ...contender, settings: { ...contender.settings, choice } };
    },
  });
  const peer = (openWith: OpenPeer): Entry => ({
    role: 'peer',
    open: (data) => openWith(operation, data, { gpu, host, samples, sampleMs, coldBytes }),
  });
  return [
    ours('cold'),
    ...(hasWarm(operation, effort) ? [ours('warm')] : []),
    ...(openPeer ? [peer(openPeer)] : []),
  ];
}

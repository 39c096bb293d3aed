import { engineOf } from '../../../src/backends/ort/engines.ts';
import { invariant } from '../../../src/core/errors.ts';
import type { Host } from '../../../src/core/host.ts';
import type { GpuDevice } from '../../../src/gpu/device.ts';
import type { Scalar } from '../expectation.ts';
import type { Contender, Operation, OperationData } from '../operation.ts';
import { operationName } from '../operation-cost.ts';
import type { OutputAccuracy, Sample } from '../operation-oracle.ts';
import { attentionCandidates } from './attention-candidates.ts';
import type { Candidate } from './candidate.ts';
import { DeviceTensors } from './device-tensors.ts';
import { callOverheadMs, openTimed, type TimedSession } from './lap.ts';
import { peerOptions } from './peer-session.ts';
import { productCandidates } from './product-candidates.ts';
import { profileGraph } from './profile.ts';
import { type Trial, tryCandidates, type UsableTrial, usableTrials } from './trials.ts';

/** What ONNX Runtime's side of a comparison needs. */
export interface PeerEnvironment {
  /** The adapter that our kernels run on; ONNX Runtime finds the same one under the same environment. */
  readonly gpu: GpuDevice;
  readonly host: Host;
  /** Elements of the exact result, which a way must hit to be taken. */
  readonly samples: readonly Sample[];
  /** What one sample lasts at least; default 20. */
  readonly sampleMs?: number;
  /** Weights or cache that pass between two uses of the same ones; default 256 MiB. */
  readonly coldBytes?: number;
}

export interface PeerContender extends Contender {
  /** Type of inputs, results and sums. */
  readonly elem: Scalar;
  /** Of its results against the samples. */
  readonly accuracy: OutputAccuracy;
}

/**
 * Candidates that took longer than the best by this much at one operation are not tried with many. Where one
 * operation takes so long that the call does not matter, the first trial tells more.
 */
const HOPELESS = { ratio: 2, decidedRatio: 1.25, decidedMs: 50 } as const;

/**
 * An operation through ONNX Runtime's WebGPU provider, the way that is fastest here among those whose results
 * are right. Throws `engine` when none is, with the reason of each.
 */
export async function ortContender(
  operation: Operation,
  data: OperationData,
  environment: PeerEnvironment,
): Promise<PeerContender> {
  const { gpu, host, samples, sampleMs = 20, coldBytes = 256 * 1024 * 1024 } = environment;
  const candidates = candidatesFor(operation, data, gpu.hasF16);
  const tensors = new DeviceTensors(peerOptions());
  let fastest: Fastest | undefined;
  try {
    const overheadMs = await callOverheadMs(tensors, host);
    const trials = await tryCandidates(candidates, { operation, samples, tensors, host });
    const usable = usableTrials(trials, operationName(operation));
    fastest = await fastestOf(usable, (trial) =>
      openTimed(trial.candidate, tensors, host, {
        runMs: trial.ms,
        overheadMs,
        sampleMs,
        coldBytes,
      }),
    );
    const { timed, candidate, accuracy, times } = fastest;
    const failures = trials.filter(({ problem }) => problem).map(describeFailure);
    return {
      name: `ort-webgpu ${candidate.operator}`,
      elem: candidate.elem,
      accuracy,
      settings: {
        ...engineSettings(),
        operator: candidate.operator,
        activations: candidate.elem,
        ...candidate.settings,
        ...(await profileSettings(candidate, tensors, timed.copies, gpu)),
        nmse: accuracy.nmse,
        tried: [...times, ...failures].join('; '),
        copies: timed.copies,
        operationsPerCall: timed.session.operations,
        callsPerSample: timed.calls,
        callOverheadMs: overheadMs,
        hostMsPerOperation: timed.hostMs,
      },
      output: () => timed.session.output(),
      sample: () => timed.sample(),
      async dispose() {
        await timed.session.dispose();
        await tensors.dispose();
      },
    };
  } catch (error) {
    await fastest?.timed.session.dispose();
    await tensors.dispose();
    throw error;
  }
}

interface Fastest extends Pick<UsableTrial, 'candidate' | 'accuracy'> {
  readonly timed: TimedSession;
  /** What each of the others took, in words, and this one. */
  readonly times: readonly string[];
}

/** Times the promising ones of some trials, fastest first, and leaves the session of the best open. */
async function fastestOf(
  trials: readonly UsableTrial[],
  open: (trial: UsableTrial) => Promise<TimedSession>,
): Promise<Fastest> {
  const bestMs = trials[0]?.ms ?? 0;
  const { ratio, decidedRatio, decidedMs } = HOPELESS;
  const limitMs = bestMs * (bestMs > decidedMs ? decidedRatio : ratio);
  const times: string[] = [];
  let best: { trial: UsableTrial; timed: TimedSession } | undefined;
  try {
    for (const trial of trials) {
      const { label } = trial.candidate;
      if (trial.ms > limitMs) {
        times.push(`${label} ${trial.ms.toPrecision(3)} ms alone`);
        continue;
      }
      const timed = await open(trial);
      times.push(`${label} ${timed.ms.toPrecision(3)} ms`);
      const isBetter = !best || timed.ms < best.timed.ms;
      await (isBetter ? best?.timed : timed)?.session.dispose();
      if (isBetter) best = { trial, timed };
    }
  } catch (error) {
    await best?.timed.session.dispose();
    throw error;
  }
  invariant(best, 'the fastest of some trials');
  const { trial, timed } = best;
  return { candidate: trial.candidate, accuracy: trial.accuracy, timed, times };
}

/** The ways that ONNX Runtime has of an operation; `hasF16`: the adapter computes in f16. */
export function candidatesFor(
  operation: Operation,
  data: OperationData,
  hasF16: boolean,
): Candidate[] {
  if (operation.kind === 'product') {
    invariant(data.kind === 'product', 'inputs of another kind than the operation');
    return productCandidates(operation, data, hasF16);
  }
  invariant(data.kind === 'attention', 'inputs of another kind than the operation');
  return attentionCandidates(operation, data, hasF16);
}

function describeFailure({ candidate, problem }: Trial): string {
  return `${candidate.label} failed: ${problem}`;
}

function engineSettings(): Contender['settings'] {
  const { provider, options, threads } = engineOf('ort-webgpu');
  return {
    executionProvider: provider,
    ...options,
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
  };
}

/**
 * Which programs ran, and how long by the device's clock where that can be believed: what remains of a time
 * when all that the engine does around its kernels is left out.
 */
async function profileSettings(
  candidate: Candidate,
  tensors: DeviceTensors,
  copies: number,
  { info }: GpuDevice,
): Promise<Contender['settings']> {
  const isGpu = info.kind === 'gpu';
  const operations = isGpu ? Math.max(copies, 8) : 2;
  const graph = await candidate.build(tensors, Math.min(copies, operations), operations);
  const { gpuMs, programs } = await profileGraph(graph, isGpu ? 3 : 1);
  return {
    dispatches: programs.length,
    programs: [...new Set(programs)].join(', '),
    ...(isGpu ? { gpuMsPerOperation: gpuMs } : {}),
  };
}

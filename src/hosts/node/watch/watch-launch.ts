import { availableParallelism, loadavg, platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cell } from '../../../core/cell.ts';
import type { DeviceInfo } from '../../../core/device.ts';
import type { LaunchEnvironment } from '../../../core/environment.ts';
import { summariseGpu } from './gpu-summary.ts';
import { findNvidiaQuery, GpuSampler, type NvidiaQuery } from './nvidia-smi.ts';
import { type ProcessorTime, processorShares, readProcessorTime } from './processor-time.ts';
import { findRapl, type Rapl, RaplSampler, raplTrace } from './rapl.ts';

const INTERVAL_MS = 100;
/** Power is sampled so long before a launch, and at least until the tool has begun to speak. */
const IDLE_MS = 500;
const MOST_IDLE_MS = 3000;

/** Tools of this machine, looked for once in a process. */
let nvidiaQuery: Promise<NvidiaQuery> | undefined;
let rapl: Promise<Rapl> | undefined;

/**
 * Watches clocks, power and other load around one launch. Waits half a second first where power can be seen,
 * to know it idle; `end` must be called whatever happens to the launch.
 */
export async function watchLaunch(cell: Pick<Cell, 'backend' | 'host'>): Promise<LaunchWatch> {
  const isProcessors = cell.backend === 'reference' || cell.backend === 'ort-cpu';
  if (!isProcessors) nvidiaQuery ??= findNvidiaQuery();
  rapl ??= findRapl();
  const found = isProcessors ? null : ((await nvidiaQuery) ?? null);
  const energy = await rapl;
  const gpu =
    found !== null && 'fields' in found ? new GpuSampler(found.fields, INTERVAL_MS) : null;
  const processors = 'counters' in energy ? new RaplSampler(energy.counters, INTERVAL_MS) : null;
  const watch = new LaunchWatch({
    gpu,
    gpuReason: found !== null && 'reason' in found ? found.reason : 'No GPU computed.',
    processors,
    processorsReason: 'reason' in energy ? energy.reason : null,
    isTreeKnown: cell.host === 'node',
    load: loadPerCore(),
  });
  await watch.idle();
  return watch;
}

interface Watched {
  gpu: GpuSampler | null;
  gpuReason: string;
  processors: RaplSampler | null;
  processorsReason: string | null;
  isTreeKnown: boolean;
  load: number | null;
}

/** Samplers that run beside a launch. */
export class LaunchWatch {
  readonly #watched: Watched;
  #startedMs = 0;
  #before: ProcessorTime | null = null;
  #after: ProcessorTime | null = null;
  #loadAfter: number | null = null;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** The time before the launch, which begins when this resolves. */
  async idle(): Promise<void> {
    const { gpu, processors } = this.#watched;
    const began = Date.now();
    if (gpu !== null || processors !== null) await sleep(IDLE_MS);
    while (gpu?.samples.length === 0 && Date.now() - began < MOST_IDLE_MS) await sleep(50);
    this.#before = await readProcessorTime();
    this.#startedMs = Date.now();
  }

  /** To be called when the launch is over. */
  async end(): Promise<void> {
    await Promise.all([this.#watched.gpu?.stop(), this.#watched.processors?.stop()]);
    // Once the tool has ended its time counts as ours.
    this.#after = await readProcessorTime();
    this.#loadAfter = loadPerCore();
  }

  /** What was seen, for a launch on this device. */
  describe(device: DeviceInfo): LaunchEnvironment {
    const { gpu, gpuReason, processors, processorsReason, isTreeKnown, load } = this.#watched;
    const seen =
      device.kind !== 'gpu'
        ? ({ gpu: null, power: null, reason: 'No GPU computed.' } as const)
        : gpu === null
          ? ({ gpu: null, power: null, reason: gpuReason } as const)
          : summariseGpu(gpu.samples, device, this.#startedMs);
    const gpuUnknown = 'reason' in seen ? seen.reason : null;
    const usesProcessors = device.kind !== 'gpu';
    const power =
      usesProcessors && processors !== null
        ? raplTrace(processors.points, this.#startedMs)
        : seen.power;
    const unseen = usesProcessors ? processorsReason : (gpuUnknown ?? 'The driver tells no power.');
    const shares =
      this.#before && this.#after && processorShares(this.#before, this.#after, isTreeKnown);
    return {
      gpu: seen.gpu,
      gpuReason: gpuUnknown,
      power,
      powerReason: power === null ? (unseen ?? 'No power was sampled.') : null,
      cores: availableParallelism(),
      loadBefore: load,
      loadAfter: this.#loadAfter,
      processor: shares ?? null,
      processorReason: shares
        ? null
        : 'The system does not tell processor time, or it was too short.',
    };
  }
}

/** Null on Windows, which has no load average. */
function loadPerCore(): number | null {
  if (platform() === 'win32') return null;
  return (loadavg()[0] ?? 0) / availableParallelism();
}

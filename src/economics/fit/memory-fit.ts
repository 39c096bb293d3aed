/** What has to fit. */
export interface MemoryDemand {
  weightsBytes: number;
  /** Of one token of one sequence, whole model. */
  kvBytesPerToken: number;
  /** Whole heads are what a cache is divided by; null where they are not known: it divides evenly then. */
  kvHeads: number | null;
  /** Tokens of one sequence: prompt and answer. */
  contextTokens: number;
}

/** What there is on one GPU. */
export interface GpuMemory {
  memoryBytes: number;
  /** Share of it that weights, cache and activations may take. */
  usableShare: number;
  /** On each GPU, however many there are. */
  activationBytes: number;
}

/** Beyond this a model is not spread over GPUs by dividing its matrices. */
export const MOST_GPUS = 1024;

/**
 * Bytes that weights and the cache of `batch` sequences take on the fullest of `gpus` GPUs. Weights divide evenly; heads
 * of the cache are whole: 8 heads over 3 GPUs put 3 on one, and over 16 GPUs every head lies on two of them.
 */
export function bytesPerGpu(demand: MemoryDemand, gpus: number, batch: number): number {
  return demand.weightsBytes / gpus + batch * sequenceBytesPerGpu(demand, gpus);
}

function sequenceBytesPerGpu(
  { kvBytesPerToken, kvHeads, contextTokens }: MemoryDemand,
  gpus: number,
): number {
  const share = kvHeads === null ? 1 / gpus : Math.ceil(kvHeads / gpus) / kvHeads;
  return contextTokens * kvBytesPerToken * share;
}

/** Bytes of one GPU for weights and cache; negative where activations alone are too large. */
export function roomBytes({ memoryBytes, usableShare, activationBytes }: GpuMemory): number {
  return memoryBytes * usableShare - activationBytes;
}

/**
 * The largest batch of sequences of full context that `gpus` GPUs hold: floor((g·M·f − weights − activations) /
 * (KV per token · context)), a GPU at a time. 0: the weights fit and no sequence does. Null: the weights do not fit.
 */
export function largestBatch(demand: MemoryDemand, gpu: GpuMemory, gpus: number): number | null {
  const left = roomBytes(gpu) - demand.weightsBytes / gpus;
  return left < 0 ? null : Math.floor(left / sequenceBytesPerGpu(demand, gpus));
}

/** Tokens of all sequences together for which there is room beside the weights; null where those do not fit. */
export function kvTokensThatFit(demand: MemoryDemand, gpu: GpuMemory, gpus: number): number | null {
  return largestBatch({ ...demand, contextTokens: 1 }, gpu, gpus);
}

/** The fewest GPUs that hold weights and the cache of `batch` sequences; null where no number up to 1,024 does. */
export function gpusNeeded(demand: MemoryDemand, gpu: GpuMemory, batch: number): number | null {
  const room = roomBytes(gpu);
  if (room <= 0) return null;
  // What one GPU needs never rises with their number, and weights alone need this many.
  const least = Math.max(1, Math.ceil(demand.weightsBytes / room));
  for (let gpus = least; gpus <= MOST_GPUS; gpus++) {
    if (bytesPerGpu(demand, gpus, batch) <= room) return gpus;
  }
  return null;
}

/** Bytes that are lacking on all GPUs together; 0 where it fits. */
export function missingBytes(
  demand: MemoryDemand,
  gpu: GpuMemory,
  gpus: number,
  batch: number,
): number {
  return Math.max(0, gpus * (bytesPerGpu(demand, gpus, batch) - roomBytes(gpu)));
}

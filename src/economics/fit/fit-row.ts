import type { KvFormat, WeightFormat } from '../../core/cell.ts';
import { propagate } from '../propagate.ts';
import { exact, type Quantity, unknown } from '../quantity.ts';
import { decodeFloor, outputUsdPerMtok } from './decode-floor.ts';
import { type Experts, weightsReadShare } from './experts.ts';
import {
  type GpuMemory,
  gpusNeeded,
  kvTokensThatFit,
  largestBatch,
  type MemoryDemand,
  missingBytes,
} from './memory-fit.ts';

/** What is asked of every row. */
export interface FitQuestion {
  gpu: GpuMemory;
  /** Sequences that must fit at once. */
  batch: number;
  /** Of the deployment; null: as many as are needed. */
  gpus: number | null;
  usdPerGpuHour: Quantity;
  /** Peak, of one GPU. */
  bandwidthBytesPerSecond: Quantity;
  /** Output tokens per second of one sequence at the largest batch, as measured or wished for. */
  sequenceTps: Quantity;
  experts: Experts | null;
  seed: number;
}

/** A variant at a context. Bytes are of the whole model. */
export interface FitCase extends MemoryDemand {
  weights: WeightFormat;
  kv: KvFormat;
}

export interface FitRow extends FitCase {
  kvBytesPerSequence: number;
  /** For the batch that was asked for; null where no number of GPUs does. */
  gpusNeeded: number | null;
  /** Those that the rest of the row is about; null where none were given and no number does. */
  gpus: number | null;
  isFitting: boolean;
  /** On those GPUs, or on one where no number does. */
  missingBytes: number;
  /** Sequences of full context; null where not even the weights fit. */
  largestBatch: number | null;
  /** Tokens of all sequences together; null likewise. */
  kvTokens: number | null;
  usdPerHour: Quantity;
  /** What the peak bandwidth allows at the largest batch: the most tokens, the least USD. */
  mostDecodeTps: Quantity;
  leastOutputUsdPerMtok: Quantity;
  /** At the largest batch and the given tokens per second of a sequence. */
  outputUsdPerMtok: Quantity;
}

/** Whether and how a variant fits at a context, and the least that its output costs there. */
export function fitRow(one: FitCase, question: FitQuestion): FitRow {
  const { gpu, batch } = question;
  const needed = gpusNeeded(one, gpu, batch);
  const gpus = question.gpus ?? needed;
  const largest = gpus === null ? null : largestBatch(one, gpu, gpus);
  return {
    ...one,
    kvBytesPerSequence: one.kvBytesPerToken * one.contextTokens,
    gpusNeeded: needed,
    gpus,
    isFitting: largest !== null && largest >= batch,
    missingBytes: missingBytes(one, gpu, gpus ?? 1, batch),
    largestBatch: largest,
    kvTokens: gpus === null ? null : kvTokensThatFit(one, gpu, gpus),
    ...rowCosts(one, question, gpus, largest),
  };
}

function rowCosts(
  one: FitCase,
  question: FitQuestion,
  gpus: number | null,
  largest: number | null,
): Pick<FitRow, 'usdPerHour' | 'mostDecodeTps' | 'leastOutputUsdPerMtok' | 'outputUsdPerMtok'> {
  if (gpus === null || largest === null || largest === 0) {
    const none = unknown('it does not fit');
    return {
      usdPerHour: none,
      mostDecodeTps: none,
      leastOutputUsdPerMtok: none,
      outputUsdPerMtok: none,
    };
  }
  const { experts, seed, usdPerGpuHour, bandwidthBytesPerSecond, sequenceTps } = question;
  const readShare = experts === null ? 1 : weightsReadShare(experts, largest);
  const results = propagate(
    {
      weightsReadBytes: exact(one.weightsBytes * readShare),
      cacheBytes: exact(one.kvBytesPerToken * one.contextTokens * largest),
      batch: exact(largest),
      gpus: exact(gpus),
      usdPerGpuHour,
      bandwidthBytesPerSecond,
      sequenceTps,
    },
    ({ sequenceTps: tps, ...inputs }) => {
      const floor = decodeFloor(inputs);
      const usdPerHour = inputs.gpus * inputs.usdPerGpuHour;
      return {
        usdPerHour,
        mostDecodeTps: floor.decodeTps,
        leastOutputUsdPerMtok: floor.outputUsdPerMtok,
        outputUsdPerMtok: outputUsdPerMtok(inputs.batch * tps, usdPerHour),
      };
    },
    { seed },
  );
  return results;
}

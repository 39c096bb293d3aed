import {
  expertParameterShare,
  expertsReadShare,
  weightsReadShare,
} from '../../economics/fit/experts.ts';
import type { FitQuestion, FitRow } from '../../economics/fit/fit-row.ts';
import type { Quantity } from '../../economics/quantity.ts';
import { figureJson } from './figure.ts';

/** What `mtok cost fit` was asked and answers. */
export interface ShownFit {
  model: { name: string; parameters: number | null; basis: string };
  /** Whether quantised formats are counted with the scales of their blocks. */
  withScales: boolean;
  gpu: {
    name: string;
    memorySource: string;
    priceSource: string;
    usdPerGpuHour: Quantity;
    bandwidthBytesPerSecond: Quantity;
  };
  question: FitQuestion;
  rows: readonly FitRow[];
}

/** Batches at which the share of experts that is read is shown. */
const EXPERT_BATCHES = [1, 8, 32];

/** How much of a mixture of experts a decode step reads at some batches; null for other models. */
export function expertReads({ question: { experts } }: ShownFit) {
  if (experts === null) return null;
  return {
    ...experts,
    expertParameterShare: expertParameterShare(experts),
    byBatch: EXPERT_BATCHES.map((batch) => ({
      batch,
      expertsReadShare: expertsReadShare(experts, batch),
      weightsReadShare: weightsReadShare(experts, batch),
    })),
  };
}

export function fitJson(shown: ShownFit) {
  const { model, withScales, gpu, question, rows } = shown;
  const { memoryBytes, usableShare, activationBytes } = question.gpu;
  return {
    model: { ...model, withScales },
    gpu: {
      name: gpu.name,
      memoryBytes,
      memorySource: gpu.memorySource,
      usableShare,
      activationBytes,
      bandwidthBytesPerSecond: figureJson(gpu.bandwidthBytesPerSecond),
      usdPerGpuHour: figureJson(gpu.usdPerGpuHour),
      priceSource: gpu.priceSource,
    },
    batch: question.batch,
    experts: expertReads(shown),
    rows: rows.map((row) => ({
      ...row,
      usdPerHour: figureJson(row.usdPerHour),
      mostDecodeTps: figureJson(row.mostDecodeTps),
      leastOutputUsdPerMtok: figureJson(row.leastOutputUsdPerMtok),
      outputUsdPerMtok: figureJson(row.outputUsdPerMtok),
    })),
    seed: question.seed,
  };
}

import type { Formula } from '../propagate.ts';
import { SECONDS_PER_HOUR, TOKENS_PER_MTOK } from '../units.ts';

/** Bytes are those of the whole deployment, rates of memory those of one GPU. */
export type DecodeFloorInput =
  | 'weightsReadBytes'
  /** Of all sequences. */
  | 'cacheBytes'
  | 'batch'
  | 'gpus'
  | 'bandwidthBytesPerSecond'
  | 'usdPerGpuHour';

/**
 * The most tokens per second that memory allows and the least that a million output tokens cost: a decode step reads
 * the weights and the whole cache once and makes a token for each sequence. No engine reaches it: compute, launches and
 * exchange between GPUs come on top. NaN without a sequence.
 */
export const decodeFloor: Formula<DecodeFloorInput, 'decodeTps' | 'outputUsdPerMtok'> = (
  inputs,
) => {
  const { batch, gpus, bandwidthBytesPerSecond, usdPerGpuHour } = inputs;
  const bytes = inputs.weightsReadBytes + inputs.cacheBytes;
  const decodeTps = batch === 0 ? Number.NaN : (batch * gpus * bandwidthBytesPerSecond) / bytes;
  return { decodeTps, outputUsdPerMtok: outputUsdPerMtok(decodeTps, gpus * usdPerGpuHour) };
};

/** USD of a million output tokens where a deployment does nothing but make them. */
export function outputUsdPerMtok(decodeTps: number, usdPerHour: number): number {
  return (TOKENS_PER_MTOK * usdPerHour) / (SECONDS_PER_HOUR * decodeTps);
}

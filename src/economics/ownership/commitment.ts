import type { Formula } from '../propagate.ts';

/** GPU-hours are of one period, whichever it is. */
export type CommitmentInput =
  | 'committedUsdPerGpuHour'
  | 'onDemandUsdPerGpuHour'
  | 'committedGpuHours'
  | 'usedGpuHours'
  /** Up to which use beyond the commitment still has its price; equal to the commitment where it has not. */
  | 'ceilingGpuHours';

export type CommitmentResult =
  | 'committedUsd'
  | 'unusedUsd'
  | 'overflowUsd'
  | 'totalUsd'
  | 'usdPerGpuHour'
  | 'usedShare';

/**
 * The bill of a period: max(committed, used up to the ceiling) hours at the committed price, the rest on demand. The
 * part of the commitment that was not used is a line of its own, as FOCUS has it (CommitmentDiscountStatus Unused).
 * USD per GPU-hour is per hour used; it has no value where none was.
 */
export const commitmentBill: Formula<CommitmentInput, CommitmentResult> = (inputs) => {
  const { committedGpuHours: committed, usedGpuHours: used } = inputs;
  const covered = Math.min(used, Math.max(committed, inputs.ceilingGpuHours));
  const committedUsd = covered * inputs.committedUsdPerGpuHour;
  const unusedUsd = Math.max(0, committed - used) * inputs.committedUsdPerGpuHour;
  const overflow = used - covered;
  const overflowUsd = overflow === 0 ? 0 : overflow * inputs.onDemandUsdPerGpuHour;
  const totalUsd = committedUsd + unusedUsd + overflowUsd;
  return {
    committedUsd,
    unusedUsd,
    overflowUsd,
    totalUsd,
    usdPerGpuHour: used > 0 ? totalUsd / used : Number.NaN,
    usedShare: committed > 0 ? Math.min(1, used / committed) : Number.NaN,
  };
};

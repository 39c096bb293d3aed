import type { Formula } from '../propagate.ts';

export type SpotInput =
  | 'spotUsdPerGpuHour'
  | 'onDemandUsdPerGpuHour'
  /** Of one GPU's hour. */
  | 'preemptionsPerHour'
  /** Until a replacement serves: waiting for it, loading the model, warming up. */
  | 'reloadHours'
  /** Work that was lost with the GPU and is done again. */
  | 'lostHours'
  /** Share of the fleet that is spot; the rest is on demand. */
  | 'spotShare'
  /** GPUs paid for each one needed, at least 1. */
  | 'overProvision';

export type SpotResult =
  | 'spot'
  | 'onDemand'
  | 'spareCapacity'
  | 'usdPerGpuHour'
  | 'effectiveSpotUsdPerGpuHour'
  | 'discountShare'
  | 'availability';

/**
 * An hour of service from spot GPUs. With q preemptions an hour, each of which wastes t_reload + t_lost, an hour that
 * serves costs p_spot / (1 − q·(t_reload + t_lost)); NaN where nothing of an hour is left to serve. A fleet of which a
 * share s is spot pays k·(s·p_eff + (1 − s)·p_on-demand) for each GPU it needs when it keeps k for each.
 * Availability is that of one GPU: mean time between interruptions / (that + time to recover), as InferenceX has it.
 */
export const spotHour: Formula<SpotInput, SpotResult> = (inputs) => {
  const { spotUsdPerGpuHour, onDemandUsdPerGpuHour, preemptionsPerHour: rate, spotShare } = inputs;
  const served = 1 - rate * (inputs.reloadHours + inputs.lostHours);
  const effective = served > 0 ? spotUsdPerGpuHour / served : Number.NaN;
  const spot = spotShare * effective;
  const onDemand = spotShare === 1 ? 0 : (1 - spotShare) * onDemandUsdPerGpuHour;
  const spareCapacity = (inputs.overProvision - 1) * (spot + onDemand);
  return {
    spot,
    onDemand,
    spareCapacity,
    usdPerGpuHour: spot + onDemand + spareCapacity,
    effectiveSpotUsdPerGpuHour: effective,
    discountShare:
      onDemandUsdPerGpuHour === 0 ? Number.NaN : 1 - spotUsdPerGpuHour / onDemandUsdPerGpuHour,
    availability: 1 / (1 + rate * inputs.reloadHours),
  };
};

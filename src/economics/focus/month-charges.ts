import { type Inputs, type PropagateOptions, propagate } from '../propagate.ts';
import { exact, isKnown, type Known, type Quantity } from '../quantity.ts';
import { type CostInput, tokenCosts } from '../tokens/token-costs.ts';
import { HOURS_PER_MONTH, SECONDS_PER_HOUR, tokens, usd, usdPerMtok } from '../units.ts';
import type { FocusCharge } from './focus-rows.ts';
import type { ChargePeriod } from './period.ts';

/** A deployment that serves requests for a month. */
export interface DeploymentMonth {
  inputs: Inputs<CostInput>;
  /** Null: one deployment that serves for the share of the time that `utilization` says. */
  requestsPerMonth: Known | null;
  period: ChargePeriod;
  /** What serves: `qwen int4 wgsl`. */
  name: string;
  /** Of the deployment, in the biller's terms. */
  id: string;
  gpu: string;
  runId: string | null;
  tags: Readonly<Record<string, string>>;
}

/** GPU-hours and dollars that differ less than this share of the whole are nothing. */
const NOTHING = 1e-9;

/**
 * A month of whole deployments as two charges: the hours that serve, with the tokens and the split price that these
 * hours alone give, and the hours that wait (`Unused`). Together they are the bill of the month, of 730 hours.
 */
export function monthCharges(month: DeploymentMonth, options?: PropagateOptions): FocusCharge[] {
  const { inputs, requestsPerMonth, period, name, id, gpu, runId, tags } = month;
  const given = requestsPerMonth !== null;
  const figures = propagate(
    { ...inputs, requestsPerMonth: requestsPerMonth ?? exact(0) },
    (at) => {
      const { gpus, usdPerGpuHour, utilization } = at;
      const { gpuSecondsPerRequest, outputUsdPerMtok } = tokenCosts(at);
      const givenHours = (at.requestsPerMonth * gpuSecondsPerRequest) / SECONDS_PER_HOUR;
      const deployments = given
        ? Math.max(1, Math.ceil(givenHours / (HOURS_PER_MONTH * utilization)))
        : 1;
      const busyHours = given ? givenHours : HOURS_PER_MONTH * utilization;
      const idleHours = deployments * HOURS_PER_MONTH - busyHours;
      const requests = given
        ? at.requestsPerMonth
        : (busyHours * SECONDS_PER_HOUR) / gpuSecondsPerRequest;
      return {
        busyGpuHours: gpus * busyHours,
        idleGpuHours: gpus * idleHours,
        busyUsd: gpus * busyHours * usdPerGpuHour,
        idleUsd: gpus * idleHours * usdPerGpuHour,
        utilization: busyHours / (busyHours + idleHours),
        inputTokens: requests * at.inputTokens,
        outputTokens: requests * at.outputTokens,
        // Of the hours that serve: those that wait are a charge of their own.
        busyOutputUsdPerMtok: outputUsdPerMtok * utilization,
      };
    },
    options,
  );
  const shared = {
    period,
    billingPeriod: period,
    meter: 'GPU Hours' as const,
    sku: gpu,
    replica: { id, name },
    region: null,
    tags,
    utilization: figures.utilization,
    runId,
  };
  const busy: FocusCharge = {
    ...shared,
    description: `${name}, hours that serve requests, from measured or given rates`,
    quantity: figures.busyGpuHours.value ?? 0,
    usd: inUnit(figures.busyUsd, usd),
    reservation: { id, status: 'Used' },
    inputTokens: tokensOf(figures.inputTokens),
    outputTokens: tokensOf(figures.outputTokens),
    outputPrice: {
      view: 'split',
      usdPerMtok: inUnit(figures.busyOutputUsdPerMtok, usdPerMtok),
    },
  };
  const idleGpuHours = figures.idleGpuHours.value ?? 0;
  if (idleGpuHours <= NOTHING * busy.quantity) return [busy];
  const idle: FocusCharge = {
    ...shared,
    description: `${name}, hours that wait for requests`,
    quantity: idleGpuHours,
    usd: inUnit(figures.idleUsd, usd),
    reservation: { id, status: 'Unused' },
    inputTokens: null,
    outputTokens: null,
    outputPrice: null,
  };
  return [busy, idle];
}

function tokensOf({ value }: Quantity) {
  return value === null ? null : tokens(value);
}

function inUnit<N extends number>(quantity: Quantity, unit: (value: number) => N): Quantity<N> {
  if (!isKnown(quantity)) return quantity;
  const { value, low, high } = quantity;
  const bound = (at: number | null) => (at === null ? null : unit(at));
  return { value: unit(value), low: bound(low), high: bound(high) };
}

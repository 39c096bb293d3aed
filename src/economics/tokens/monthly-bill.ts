import {
  type Formula,
  type Inputs,
  type PropagateOptions,
  propagate,
  type Results,
} from '../propagate.ts';
import { HOURS_PER_MONTH, SECONDS_PER_HOUR } from '../units.ts';
import { type CostInput, tokenCosts } from './token-costs.ts';

export type MonthlyInput = CostInput | 'requestsPerMonth';

export type MonthlyResult =
  /** Requests at their price each: deployments are shared out in parts. */
  | 'usdPerMonth'
  /** What one deployment serves in a month at the given utilisation. */
  | 'requestsPerDeploymentMonth'
  /** Deployments that the volume keeps busy at that utilisation, in parts, and in whole ones. */
  | 'deployments'
  | 'wholeDeployments'
  | 'wholeUsdPerMonth'
  /** Share of the paid time that whole deployments serve. */
  | 'wholeUtilization';

/**
 * What N requests a month of t seconds each cost: N·t / (3600·u·730) deployments of g GPUs at r USD an hour for 730
 * hours. Whole deployments are those rounded up, at least one.
 */
export const monthlyBill: Formula<MonthlyInput, MonthlyResult> = (inputs) => {
  const { requestsPerMonth, usdPerGpuHour, gpus, utilization } = inputs;
  const { gpuSecondsPerRequest, usdPerRequest } = tokenCosts(inputs);
  const busyHours = (requestsPerMonth * gpuSecondsPerRequest) / SECONDS_PER_HOUR;
  const deployments = busyHours / (utilization * HOURS_PER_MONTH);
  const wholeDeployments = Math.max(1, Math.ceil(deployments));
  return {
    usdPerMonth: requestsPerMonth * usdPerRequest,
    requestsPerDeploymentMonth:
      (HOURS_PER_MONTH * SECONDS_PER_HOUR * utilization) / gpuSecondsPerRequest,
    deployments,
    wholeDeployments,
    wholeUsdPerMonth: wholeDeployments * gpus * usdPerGpuHour * HOURS_PER_MONTH,
    wholeUtilization: busyHours / (wholeDeployments * HOURS_PER_MONTH),
  };
};

/** `monthlyBill` with the intervals of its inputs. */
export function monthlyBillOf(
  inputs: Inputs<MonthlyInput>,
  options?: PropagateOptions,
): Results<MonthlyResult> {
  return propagate(inputs, monthlyBill, options);
}

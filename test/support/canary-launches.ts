import type { Rng } from '../../src/core/rng.ts';
import type { LaunchResult } from '../../src/measure/launch.ts';
import { fakeLaunch } from './launch-results.ts';

/** A launch whose passes take `factor` times 10 ms of prefill and 1 ms a step, each scattered by `within`. */
export function scatteredLaunch(
  rng: Rng,
  factor: { prefill: number; decode: number },
  within: number,
  passes = 15,
): LaunchResult {
  const times = Array.from({ length: passes }, (): [number, number[]] => [
    10 * factor.prefill * Math.exp(within * rng.normal()),
    [factor.decode * Math.exp(within * rng.normal())],
  ]);
  return fakeLaunch(times);
}

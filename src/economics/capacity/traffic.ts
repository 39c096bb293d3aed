import { HOURS_PER_MONTH, SECONDS_PER_HOUR } from '../units.ts';

/** A stretch of time over which requests come at one rate. */
export interface TrafficInterval {
  seconds: number;
  requestsPerSecond: number;
}

/** Requests over time. */
export interface TrafficShape {
  name: string;
  /** One after the other; at least one. */
  intervals: readonly TrafficInterval[];
  /** Whether it begins again where it ends, as a day does; a trace happens once. */
  isRepeating: boolean;
}

export interface TrafficVolume {
  seconds: number;
  requests: number;
  meanRequestsPerSecond: number;
  peakRequestsPerSecond: number;
}

export function trafficVolume({ intervals }: TrafficShape): TrafficVolume {
  let [seconds, requests, peak] = [0, 0, 0];
  for (const interval of intervals) {
    seconds += interval.seconds;
    requests += interval.seconds * interval.requestsPerSecond;
    peak = Math.max(peak, interval.requestsPerSecond);
  }
  return {
    seconds,
    requests,
    meanRequestsPerSecond: requests / seconds,
    peakRequestsPerSecond: peak,
  };
}

/** How often a repeating shape fits a month of 730 hours. */
export function periodsPerMonth({ seconds }: TrafficVolume): number {
  return (HOURS_PER_MONTH * SECONDS_PER_HOUR) / seconds;
}

import type { Rng } from '../../src/core/rng.ts';

/** A cell's times whose truth is known; shares are of the median. */
export interface SimulatedSession {
  launches: number;
  repetitions: number;
  medianMs: number;
  /** Standard deviation of log time within a launch, and of the launches' medians. */
  within: number;
  between: number;
  /** Correlation of neighbouring repetitions (a first-order autoregression). */
  lag1: number;
  /** Change from the first to the last repetition of a launch, and from the first to the last launch. */
  driftInLaunch: number;
  driftOverLaunches: number;
  /** A share of the repetitions, or of the launches, is slower by a share of the median. */
  slowRepetitions: { share: number; by: number };
  slowLaunches: { share: number; by: number };
}

/** The noise of a machine that publishes: 1 % within launches, 1.5 % between, neighbours correlated by a half. */
export const publishNoise: SimulatedSession = {
  launches: 10,
  repetitions: 10,
  medianMs: 100,
  within: 0.01,
  between: 0.015,
  lag1: 0.5,
  driftInLaunch: 0,
  driftOverLaunches: 0,
  slowRepetitions: { share: 0, by: 0 },
  slowLaunches: { share: 0, by: 0 },
};

/** times[launch][repetition] in ms. */
export function simulateSession(session: SimulatedSession, rng: Rng): number[][] {
  const { launches, repetitions, medianMs, within, between, lag1 } = session;
  const slowLaunches = Math.round(session.slowLaunches.share * launches);
  return Array.from({ length: launches }, (_, launch) => {
    let level = medianMs * Math.exp(between * rng.normal());
    level *= 1 + session.driftOverLaunches * (launch / Math.max(1, launches - 1));
    if (launch < slowLaunches) level *= 1 + session.slowLaunches.by;
    let state = rng.normal();
    return Array.from({ length: repetitions }, (_, repetition) => {
      const drift = 1 + session.driftInLaunch * (repetition / Math.max(1, repetitions - 1));
      const isSlow = rng.uniform() < session.slowRepetitions.share;
      const time =
        level * drift * Math.exp(within * state) * (isSlow ? 1 + session.slowRepetitions.by : 1);
      state = lag1 * state + Math.sqrt(1 - lag1 ** 2) * rng.normal();
      return time;
    });
  });
}

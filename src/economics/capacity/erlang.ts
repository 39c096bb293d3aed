/**
 * Erlang's formulas for c servers that take one request each, requests that come at random (Poisson) and service times
 * that are exponential: for moderation, reranking, tools and other stages without batches. An engine that batches
 * serves faster the more it holds; its load curve says what these cannot.
 */

/** What a stage is offered: a = λ·s, the servers that would always be busy. */
export function offeredErlangs(requestsPerSecond: number, serviceSeconds: number): number {
  return requestsPerSecond * serviceSeconds;
}

/**
 * Probability that all of c servers are busy when those who find it so go away (Erlang B), by its recursion
 * B(k) = a·B(k − 1) / (k + a·B(k − 1)) from B(0) = 1: no factorials, every term within 0 and 1.
 */
export function erlangB(servers: number, erlangs: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = nextErlangB(blocked, k, erlangs);
  return blocked;
}

function nextErlangB(blocked: number, servers: number, erlangs: number): number {
  return (erlangs * blocked) / (servers + erlangs * blocked);
}

/**
 * Probability that a request waits (Erlang C): [aᶜ/c! · c/(c − a)] / [Σ_{k<c} aᵏ/k! + aᶜ/c! · c/(c − a)], written as
 * c·B / (c − a·(1 − B)). 1 where c ≤ a: the queue grows without end.
 */
export function erlangC(servers: number, erlangs: number): number {
  return waitProbability(servers, erlangs, erlangB(servers, erlangs));
}

function waitProbability(servers: number, erlangs: number, blocked: number): number {
  if (servers <= erlangs) return 1;
  return (servers * blocked) / (servers - erlangs * (1 - blocked));
}

/** What a stage of c servers does. */
export interface QueueFigures {
  servers: number;
  /** Share of the servers that is busy; above 1 they cannot keep up. */
  utilization: number;
  waitProbability: number;
  /** Mean over all requests, those that do not wait included; infinite where servers cannot keep up. */
  meanWaitSeconds: number;
}

/** W = C / (c·μ − λ), with μ = 1 / serviceSeconds. */
export function queueFigures(
  servers: number,
  requestsPerSecond: number,
  serviceSeconds: number,
): QueueFigures {
  const erlangs = offeredErlangs(requestsPerSecond, serviceSeconds);
  const wait = erlangC(servers, erlangs);
  return {
    servers,
    utilization: erlangs / servers,
    waitProbability: wait,
    meanWaitSeconds:
      servers > erlangs ? (wait * serviceSeconds) / (servers - erlangs) : Number.POSITIVE_INFINITY,
  };
}

/** What a stage must hold; null: no limit. */
export interface QueueTarget {
  maxWaitProbability: number | null;
  maxMeanWaitSeconds: number | null;
}

export const MOST_SERVERS = 1_000_000;

/** The fewest servers, above a, that hold a target; null where it would take more than a million. */
export function serversNeeded(
  requestsPerSecond: number,
  serviceSeconds: number,
  { maxWaitProbability, maxMeanWaitSeconds }: QueueTarget,
): number | null {
  const erlangs = offeredErlangs(requestsPerSecond, serviceSeconds);
  let blocked = 1;
  for (let servers = 1; servers <= MOST_SERVERS; servers++) {
    blocked = nextErlangB(blocked, servers, erlangs);
    if (servers <= erlangs) continue;
    const wait = waitProbability(servers, erlangs, blocked);
    const meanWait = (wait * serviceSeconds) / (servers - erlangs);
    if (wait <= (maxWaitProbability ?? 1) && meanWait <= (maxMeanWaitSeconds ?? Infinity)) {
      return servers;
    }
  }
  return null;
}

/**
 * How one launch is measured. Fixed before the run starts and stored with each record. Budgets keep a slow
 * adapter's launch short: they stop further passes, never one that has begun, and never go below the minima.
 */
export interface LaunchProtocol {
  /**
   * Untimed passes at the exact shapes; they go on until two in a row improve by less than 2 %. A first run
   * without a depth has those shapes too: when it alone takes the whole budget, it stands for all passes.
   */
  warmupMin: number;
  warmupMax: number;
  warmupBudgetMs: number;
  repetitionsMin: number;
  repetitionsMax: number;
  repetitionsBudgetMs: number;
  /** Decode steps to submit ahead of the host in a decode of its own, timed as a whole; 1 leaves it out. */
  runAheadSteps: number;
  /** The first launch ends with a profile: where the time of a step goes. */
  profile: boolean;
}

/** How a cell is measured: fresh launches, one process or page each. */
export interface RunProtocol {
  launches: number;
  launch: LaunchProtocol;
  /** A launch that takes longer is ended; the cell is recorded as `timed-out`. */
  launchTimeoutMs: number;
}

export const DEFAULT_PROTOCOL: RunProtocol = {
  launches: 3,
  launch: {
    warmupMin: 1,
    warmupMax: 30,
    warmupBudgetMs: 1500,
    repetitionsMin: 1,
    repetitionsMax: 10,
    repetitionsBudgetMs: 2500,
    runAheadSteps: 8,
    profile: false,
  },
  launchTimeoutMs: 600_000,
};

import type { PresetName } from '../core/protocol-record.ts';

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
  /** Enough once `decodeTokens` are enough too; short generations take more repetitions. */
  repetitionsMax: number;
  repetitionsBudgetMs: number;
  /** Decode steps to gather over the repetitions, where anything is generated. */
  decodeTokens: number;
  /** Decode steps to submit ahead of the host in a decode of its own, timed as a whole; 1 leaves it out. */
  runAheadSteps: number;
  /** The first launch ends with a profile: where the time of a step goes. */
  profile: boolean;
}

/** When a cell has launches enough. Fixed before the run; it looks at widths only, never at which cell wins. */
export interface StopProtocol {
  preset: PresetName;
  /** Options that changed the preset. */
  overrides: readonly string[];
  /** Launches before any rule is asked. */
  launches: number;
  launchesMax: number;
  /** Half of the 95 % interval over the median that prefill and decode must each come down to. */
  halfWidthTarget: number;
  /** Beyond the minimum no launch begins that would likely end after this much time in the cell's launches. */
  cellBudgetMs: number;
}

/** How a cell is measured: fresh launches, one process or page each. */
export interface RunProtocol extends StopProtocol {
  launch: LaunchProtocol;
  /** A launch that takes longer is ended; the cell is recorded as `timed-out`. */
  launchTimeoutMs: number;
}

const MINUTE_MS = 60_000;

const QUICK: RunProtocol = {
  preset: 'quick',
  overrides: [],
  launches: 3,
  launchesMax: 5,
  halfWidthTarget: 0.05,
  cellBudgetMs: MINUTE_MS / 3,
  launch: {
    warmupMin: 1,
    warmupMax: 30,
    warmupBudgetMs: 1500,
    repetitionsMin: 1,
    repetitionsMax: 10,
    repetitionsBudgetMs: 2500,
    decodeTokens: 3 * 128,
    runAheadSteps: 8,
    profile: false,
  },
  launchTimeoutMs: 10 * MINUTE_MS,
};

/**
 * `quick` looks, `standard` compares, `publish` can be shown to others. Three launches have wide intervals; six
 * are the fewest with which a paired test can reach p < 0.05, ten see differences of a few per cent.
 */
export const PRESETS: Readonly<Record<PresetName, RunProtocol>> = {
  quick: QUICK,
  standard: {
    ...QUICK,
    preset: 'standard',
    launches: 6,
    launchesMax: 12,
    halfWidthTarget: 0.03,
    cellBudgetMs: 5 * MINUTE_MS,
    launch: {
      ...QUICK.launch,
      warmupMin: 3,
      warmupBudgetMs: 5000,
      repetitionsMin: 3,
      repetitionsBudgetMs: 10_000,
    },
  },
  publish: {
    ...QUICK,
    preset: 'publish',
    launches: 10,
    launchesMax: 20,
    halfWidthTarget: 0.02,
    cellBudgetMs: 20 * MINUTE_MS,
    launch: {
      ...QUICK.launch,
      warmupMin: 3,
      warmupBudgetMs: 20_000,
      repetitionsMin: 10,
      repetitionsBudgetMs: 30_000,
    },
    launchTimeoutMs: 30 * MINUTE_MS,
  },
};

export const DEFAULT_PROTOCOL: RunProtocol = PRESETS.quick;

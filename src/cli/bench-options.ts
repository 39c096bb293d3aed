import type { Cell } from '../core/cell.ts';
import type { SweepOptions } from '../core/plan.ts';
import type { BenchRecord } from '../core/record.ts';
import type { ProgressEvent } from '../measure/progress.ts';
import type { StopProtocol } from '../measure/protocol.ts';

/** Everything `mtok bench` may be told; the command fills in defaults and turns texts into numbers. */
export interface BenchOptions extends SweepOptions {
  /** `--preset` and what changes it: how many fresh processes a cell gets, and when it has enough. */
  stop: StopProtocol;
  /** `--repetitions`: timed passes in each launch; null takes as many as fit the protocol's time, up to its limit. */
  repetitions: number | null;
  /** `--run-ahead`: decode steps to submit ahead of the host in a second decode; 1 leaves it out. */
  runAheadSteps: number;
  /** `--profile`: where the time of a step goes, from each cell's first launch. */
  profile: boolean;
  /** Without `--no-roofline`: the adapter's peaks are measured before its cells, which are held against them. */
  roofline: boolean;
  /** `--seed` of prompts, order and bootstrap. */
  seed: number;
  /** `--gpu-price` in USD per hour; null takes the preset of the detected GPU. */
  gpuPriceUsdPerHour: number | null;
  /** `--adapter`: which WebGPU adapter; null takes the best. */
  adapter: string | null;
  /** `--out`: a folder or a `.jsonl` file; null is the data folder `.mtok`. */
  out: string | null;
  /** `--canary`, `--no-canary`: whether a small cell watches the session; null leaves it to the preset. */
  canary: boolean | null;
  /** `--resume`: skip cells whose record is in the store already. */
  resume: boolean;
  /** `--timeout` of one launch in seconds; null takes the protocol's. */
  launchTimeoutSeconds: number | null;
}

/** What `--dry-run` shows. */
export interface BenchPlan {
  cells: Cell[];
  /** Whether a small cell of its own runs at start, middle and end. */
  canary: boolean;
  storePath: string;
}

export interface BenchSurroundings {
  onProgress?: (event: ProgressEvent) => void;
  /** Aborting ends the running launch; finished cells stay stored. */
  signal?: AbortSignal;
  /** The command line as it would be typed again, for the records. */
  command?: string;
  /** Measures each cell twice over, launches in turns, and gives the records here instead of to the store. */
  twice?: (record: BenchRecord) => Promise<void>;
}

export interface BenchOutcome {
  /** In plan order; with `resume` also those that were in the store already. */
  records: BenchRecord[];
  storePath: string;
  cancelled: boolean;
  /** 0 when every cell is ok, else 1. */
  exitCode: 0 | 1;
}

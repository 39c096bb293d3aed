import type { Cell } from '../core/cell.ts';
import type { BenchRecord } from '../core/record.ts';
import type { CanaryMoment } from '../core/session-record.ts';

/** What a launch is doing; in this order. */
export type LaunchPhase =
  | 'start'
  | 'model'
  | 'load'
  | 'first-run'
  | 'warm-up'
  | 'measure'
  | 'profile';

/** Where a run stands. Times in ms since the run began; `remainingMs` is null until something has finished. */
export interface RunPosition {
  /** 0-based place of the cell in `cells` of the `plan` event. */
  cellIndex: number;
  cell: Cell;
  /** 1-based. */
  launch: number;
  launches: number;
  /** Cells whose record is written, of all that are to run. */
  cellsDone: number;
  cellsTotal: number;
  elapsedMs: number;
  remainingMs: number | null;
}

/** Sent to the progress display; nothing depends on anyone listening. */
export type ProgressEvent =
  | {
      type: 'plan';
      cells: readonly Cell[];
      launches: number;
      resumed: number;
      storePath: string;
      /** The small cell that watches the session; null where none does. */
      canary: Cell | null;
    }
  | { type: 'canary'; moment: CanaryMoment; cell: Cell; error: string | null; isOver: boolean }
  | { type: 'warning'; message: string; hint?: string }
  | ({ type: 'phase'; phase: LaunchPhase } & RunPosition)
  | ({ type: 'launch-done'; ok: boolean; launchMs: number } & RunPosition)
  | ({ type: 'record'; record: BenchRecord } & RunPosition)
  | { type: 'done'; cellsDone: number; cellsTotal: number; cancelled: boolean; elapsedMs: number };

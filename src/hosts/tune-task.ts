import type { Operation } from '../../bench/kernels/operation.ts';
import type { Skipped } from '../../bench/kernels/search.ts';
import type { KernelChoice } from '../../bench/kernels/tune.ts';
import type { TunedLookup } from '../backends/backend.ts';
import type { DeviceInfo } from '../core/device.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { TunedEntry, TunedTable } from '../model/decoder/tuned-table.ts';

/** Asks for the fastest kernels of operations, one after another. */
export interface TuneTaskInput {
  operations: readonly Operation[];
  /** Index of the first one to do: those before it are done with. */
  from: number;
  /** Candidates of that one that ended an earlier process. */
  skipped: readonly Skipped<KernelChoice>[];
  /** For all of them together. */
  budgetMs: number;
  /** Tune again what the table has already. */
  isForced: boolean;
  /** Where tuned tables are kept. */
  cacheDir: string;
}

export type TuneTaskMessage =
  /** First of all: the table to go on from, empty where there is none for this adapter and these kernels. */
  | { type: 'start'; device: DeviceInfo; table: TunedTable; found: Omit<TunedLookup, 'table'> }
  | { type: 'operation'; index: number; budgetMs: number }
  /** Before anything is done with a candidate, and before each of its samples. */
  | { type: 'trying'; index: number; choice: KernelChoice }
  | { type: 'done'; index: number; outcome: TuneOutcome };

/** What became of an operation. */
export type TuneOutcome =
  | { status: 'tuned'; entry: TunedEntry }
  /** The table had it. */
  | { status: 'kept'; entry: TunedEntry }
  | { status: 'not-reached' }
  | { status: 'failed'; code: ErrorCode; message: string };

import type { Scalar } from '../../bench/kernels/expectation.ts';
import type { ModelOperation, ShapeSelection } from '../../bench/kernels/model-shapes.ts';
import type { DeviceInfo } from '../core/device.ts';
import type { Peaks } from '../core/kernel-peaks.ts';
import type { KernelMeasurement, ValidationResult } from '../core/kernel-record.ts';

/** Asks for one of the two phases of `mtok kernels`; each has a process of its own. */
export type KernelsTaskInput = ValidateKernelsInput | TimeKernelsInput;

export interface ValidateKernelsInput {
  phase: 'validate';
  /** Few cases that meet every kernel and module, on two configurations. */
  isQuick: boolean;
  /** Parts of kernel names; where none matches, every kernel. */
  filter: string[];
}

export interface TimeKernelsInput {
  phase: 'time';
  /** Folder of tuned tables. */
  cacheDir: string;
  isQuick: boolean;
  /** What is not said takes what suits the adapter. */
  shapes: Partial<ShapeSelection>;
  /** Parts of what an operation is called. */
  filter: string[];
  activations: Scalar;
  /** Whether ONNX Runtime runs beside our kernels. */
  hasPeer: boolean;
  /** Null takes what suits the adapter. */
  budgetSeconds: number | null;
  seed: number;
  /** Names of operations that an earlier process of the same command is done with. */
  done: string[];
  /** Seconds that earlier processes of the same command spent. */
  spentSeconds: number;
}

export type KernelsTaskMessage =
  | { type: 'case'; done: number; total: number; name: string }
  | { type: 'validated'; device: DeviceInfo; result: ValidationResult }
  /** `problem`: why a tuned table that was found is not used. */
  | {
      type: 'peaks';
      device: DeviceInfo;
      peaks: Peaks;
      isTuned: boolean;
      problem: string | null;
    }
  /**
   * What will be timed; what is left out comes as measurements that were skipped. The quickest operations
   * come first; `order` has the names of all as they were asked for.
   */
  | { type: 'plan'; order: string[]; operations: number; skipped: number; seconds: number }
  | { type: 'operation'; subject: ModelOperation; index: number; total: number }
  | { type: 'measured'; device: DeviceInfo; measurement: KernelMeasurement };

export interface KernelsTaskResult {
  device: DeviceInfo;
}

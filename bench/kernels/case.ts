import type { Rng } from '../../src/core/rng.ts';
import type { SubgroupMatrixShape } from '../../src/gpu/adapter-info.ts';
import type { Dims, KernelInstance } from '../../src/gpu/kernel.ts';
import type { Expectation } from './expectation.ts';

/** A buffer of a case. */
export interface CaseBuffer {
  /** What it holds before the run. */
  readonly bytes: Uint8Array;
  /** What it must hold afterwards. Every buffer that a kernel may write has an expectation. */
  readonly expect?: Expectation;
}

/** By binding name, or by the name that a step's `rename` gives a binding. */
export type CaseBuffers = Readonly<Record<string, CaseBuffer>>;

/** One dispatch of a case. */
export interface CaseStep {
  readonly instance: KernelInstance;
  /** What the grid depends on besides the instance's dims: `rows`, `batch`. */
  readonly call: Dims;
  /** Binding name → buffer name, where they differ. */
  readonly rename?: Readonly<Record<string, string>>;
  /** The one subgroup size that the adapter must have, for kernels that are made for it. */
  readonly subgroupSize?: number;
  /** What the adapter's matrix units must multiply. */
  readonly matrix?: SubgroupMatrixShape;
}

/** A kernel at one shape: what a test checks and a benchmark checks and then times. */
export interface KernelCase {
  /** The kernel under test: a name of kernels/index.ts. */
  readonly kernel: string;
  /** The shape in words, unique within the kernel. */
  readonly name: string;
  readonly seed: number;
  /** Run one after another on the same buffers. */
  readonly steps: readonly CaseStep[];
  /** Bytes that the operation must move at least, each input read and each output written once. */
  readonly bytes: number;
  readonly flops: number;
  /** Draws the inputs and computes the oracle's results from them as rounded; called when wanted. */
  make(rng: Rng): CaseBuffers;
}

/** What a case is made of, with its name and seed still to be given. */
export type CaseBody = Omit<KernelCase, 'kernel' | 'name' | 'seed'>;

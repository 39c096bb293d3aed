import type { OutModule } from '../../../kernels/modules.ts';
import type { GpuDevice } from '../../gpu/device.ts';
import type { KernelCompiler, Slice } from '../../gpu/program.ts';
import type { RunBuffers, RunShape } from './buffers.ts';
import type { KernelChoices } from './kernel-choice.ts';
import type { DecoderWeights } from './weights.ts';

/** What the kernels of a forward pass are bound from. */
export interface ProgramContext {
  readonly gpu: GpuDevice;
  readonly compiler: KernelCompiler;
  readonly choices: KernelChoices;
  readonly shape: RunShape;
  readonly weights: DecoderWeights;
  readonly run: RunBuffers;
}

/** What binding one kernel to given weights needs: benchmarks have no model. */
export type BindContext = Omit<ProgramContext, 'weights'>;

/** `decode` has one new token a sequence; `prefill` as many as the run state says, up to `most` rows in all. */
export type ProgramKind = { name: 'decode' } | { name: 'prefill'; most: number };

/** What a kernel is for in a step. */
export type Role =
  | 'embed'
  | 'qkv'
  | 'rope'
  | 'attention'
  | 'o'
  | 'gate/up'
  | 'down'
  | 'head'
  | 'pick';

/** Reads the bits of an f32: constants in a kernel's text are u32. */
export function floatBits(value: number): number {
  return new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
}

/** Whole buffers by binding name. */
export function whole(named: Record<string, GPUBuffer>): Record<string, Slice> {
  return Object.fromEntries(Object.entries(named).map(([name, buffer]) => [name, { buffer }]));
}

/** The activation side of a matrix product. */
export interface ProductInput {
  x: GPUBuffer;
  xStride: number;
  /** One row a sequence, known beforehand. */
  few: boolean;
  /** Where not few: the class of prefill, one of PREFILL_ROWS; default the largest. */
  most?: number;
  rows: 'all' | 'last';
  /** x is among what int8 activations round. */
  isRounded?: boolean;
}

/** Where a product goes. */
export interface ProductOutput {
  through: OutModule;
  y: GPUBuffer;
  yStride: number;
  bias?: GPUBuffer | null;
}

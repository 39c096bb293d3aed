import { invariant } from '../../src/core/errors.ts';
import { bufferUsage } from '../../src/gpu/constants.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { bindingsOf } from '../../src/gpu/kernel.ts';
import {
  type BoundKernel,
  type Dispatch,
  dispatchOf,
  type KernelCompiler,
  type Slice,
} from '../../src/gpu/program.ts';
import type { CaseBuffers, CaseStep, KernelCase } from './case.ts';
import { BEHIND_INPUT, BEHIND_OUTPUT, bytesOf } from './values.ts';

/** Words of a known pattern behind the used part of every buffer: enough for a row or two of a tile. */
export const SENTINEL_WORDS = 1024;

/**
 * Whether a kernel sees the sentinels. `past-end` binds them, so that a stray access reaches them also
 * where bounds checks would have dropped it; `exact` binds what a decoder would.
 */
export type BindingExtent = 'past-end' | 'exact';

const { STORAGE, COPY_SRC, COPY_DST, UNIFORM } = bufferUsage;

/** Uploads a case's buffers, each followed by sentinels. */
export function uploadBuffers(
  gpu: GpuDevice,
  buffers: CaseBuffers,
  uniforms: ReadonlySet<string>,
): Record<string, Slice> {
  const slices: Record<string, Slice> = {};
  for (const [name, { bytes, expect }] of Object.entries(buffers)) {
    const size = Math.ceil(bytes.byteLength / 4) * 4;
    const sentinel = expect ? BEHIND_OUTPUT : BEHIND_INPUT;
    const filled = new Uint32Array(size / 4 + SENTINEL_WORDS).fill(sentinel);
    new Uint8Array(filled.buffer).set(bytes);
    const buffer = gpu.createBuffer({
      kind: 'activations',
      label: name,
      size: filled.byteLength,
      usage: STORAGE | COPY_SRC | COPY_DST | (uniforms.has(name) ? UNIFORM : 0),
    });
    gpu.device.queue.writeBuffer(buffer, 0, filled);
    slices[name] = { buffer, size };
  }
  return slices;
}

/** Names of the buffers that some step binds in this way. */
export function boundAs(
  { steps }: KernelCase,
  access: 'uniform' | 'read' | 'read_write',
): Set<string> {
  const names = steps.flatMap(({ instance, rename = {} }) =>
    bindingsOf(instance)
      .filter(([, binding]) => binding.access === access)
      .map(([name]) => rename[name] ?? name),
  );
  return new Set(names);
}

/** Compiles a case's steps and binds them to uploaded buffers. */
export async function bindSteps(
  gpu: GpuDevice,
  compiler: KernelCompiler,
  steps: readonly CaseStep[],
  slices: Readonly<Record<string, Slice>>,
  extent: BindingExtent,
): Promise<Dispatch[]> {
  const bound = await Promise.all(steps.map((step) => bindStep(compiler, step, slices, extent)));
  return bound.map((kernel, i) => dispatchOf(kernel, steps[i]?.call ?? {}, gpu.limits));
}

function bindStep(
  compiler: KernelCompiler,
  { instance, rename = {} }: CaseStep,
  slices: Readonly<Record<string, Slice>>,
  extent: BindingExtent,
): Promise<BoundKernel> {
  const bindings = bindingsOf(instance).map(([name, { access }]): [string, Slice] => {
    const slice = slices[rename[name] ?? name];
    invariant(slice, `${instance.spec.name}: the case has no buffer for "${name}"`);
    const isExact = extent === 'exact' || access === 'uniform';
    return [name, isExact ? slice : { buffer: slice.buffer }];
  });
  return compiler.bind(instance, Object.fromEntries(bindings));
}

/** The bytes that an output holds before the run, sentinels left out, in whole words. */
export function before(bytes: Uint8Array): Uint8Array {
  const filled = bytesOf(new Uint32Array(Math.ceil(bytes.byteLength / 4)).fill(BEHIND_OUTPUT));
  filled.set(bytes);
  return filled;
}

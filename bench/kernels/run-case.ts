import { BenchError, invariant } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { encodePass, type KernelCompiler, type Slice } from '../../src/gpu/program.ts';
import { scoped } from '../../src/gpu/scope.ts';
import type { CaseBuffers, KernelCase } from './case.ts';
import {
  type BindingExtent,
  before,
  bindSteps,
  boundAs,
  SENTINEL_WORDS,
  uploadBuffers,
} from './case-buffers.ts';
import { assertTelling, compare, strayWrite } from './compare.ts';

/** The worst output of a case that passed. */
export interface CaseResult {
  nmse: number;
}

/** The case in one line, for messages. */
export function describeCase({ kernel, name, seed }: KernelCase): string {
  return `${kernel} (${name}, seed ${seed})`;
}

/** A case's buffers, checked: every writable one has an expectation that a wrong kernel would miss. */
export function makeBuffers(kernelCase: KernelCase): CaseBuffers {
  const what = describeCase(kernelCase);
  const buffers = kernelCase.make(new Rng(kernelCase.kernel, kernelCase.name, kernelCase.seed));
  for (const name of boundAs(kernelCase, 'read_write')) {
    const buffer = buffers[name];
    invariant(buffer?.expect, `${what} does not say what ${name} must hold afterwards`);
    assertTelling(buffer.expect, before(buffer.bytes), `${what}, ${name}`);
  }
  return buffers;
}

/**
 * Runs a case once and holds every output against the oracle. `buffers` are those of an earlier
 * `makeBuffers`, where a case is run several times.
 * @throws `quality` naming kernel, shape, seed, index and both values; `compile`, `validation` from the GPU.
 */
export async function runCase(
  gpu: GpuDevice,
  compiler: KernelCompiler,
  kernelCase: KernelCase,
  extent: BindingExtent = 'past-end',
  buffers: CaseBuffers = makeBuffers(kernelCase),
): Promise<CaseResult> {
  const what = describeCase(kernelCase);
  const scope = scoped(gpu);
  try {
    const slices = uploadBuffers(scope, buffers, boundAs(kernelCase, 'uniform'));
    const dispatches = await bindSteps(scope, compiler, kernelCase.steps, slices, extent);
    await scope.check(what, () => {
      const encoder = scope.device.createCommandEncoder({ label: what });
      encodePass(encoder, dispatches);
      scope.device.queue.submit([encoder.finish()]);
    });
    return await checkOutputs(scope, what, buffers, slices);
  } finally {
    scope.release();
  }
}

async function checkOutputs(
  gpu: GpuDevice,
  what: string,
  buffers: CaseBuffers,
  slices: Readonly<Record<string, Slice>>,
): Promise<CaseResult> {
  let worst = 0;
  for (const [name, { bytes, expect }] of Object.entries(buffers)) {
    const slice = slices[name];
    if (!expect || !slice?.size) continue;
    const got = await gpu.read(slice.buffer, 0, slice.size + SENTINEL_WORDS * 4);
    const { nmse, problem } = compare(expect, got.subarray(0, slice.size), before(bytes));
    const wrong = problem ?? strayWrite(got, bytes.byteLength);
    if (wrong) throw new BenchError('quality', `${what}: ${name} ${wrong}`);
    worst = Math.max(worst, nmse);
  }
  return { nmse: worst };
}

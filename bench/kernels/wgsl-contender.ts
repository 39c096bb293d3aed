import { invariant } from '../../src/core/errors.ts';
import type { Host } from '../../src/core/host.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { encodePass, type KernelCompiler } from '../../src/gpu/program.ts';
import { scoped } from '../../src/gpu/scope.ts';
import type { KernelChoices } from '../../src/model/decoder/kernel-choice.ts';
import { fromFloat16Array } from '../../src/model/float16.ts';
import type { Scalar } from './expectation.ts';
import type { Contender, Operation, OperationData } from './operation.ts';
import { operationName } from './operation-cost.ts';
import { type Elapsed, Stopwatch } from './stopwatch.ts';
import { UNWRITTEN } from './values.ts';
import { bindAttentionOperation } from './wgsl-attention.ts';
import type { BindingContext, BoundOperation, Copies } from './wgsl-binding.ts';
import { bindProductOperation } from './wgsl-product.ts';

export interface WgslContenderOptions {
  /** `cold`: weights, or keys and values, take turns with copies of themselves, so that no cache serves them. */
  cache: 'cold' | 'warm';
  /** How activations are stored. Default f32. */
  elem?: Scalar;
  /** Wall time that one sample is made to last at least. Default 20. */
  sampleMs?: number;
  /** More than any cache of the adapter holds; also bounds what the copies take. Default 256 MiB. */
  coldBytes?: number;
}

/** Our own kernels, bound as a decoder binds them. */
export interface WgslContender extends Contender {
  /** Like `sample`, on both clocks; the device's is null on software adapters and where there is none. */
  sampleClocks(): Promise<Elapsed>;
}

/**
 * Puts an operation's inputs on the device and binds the kernels that a decoder with these choices would run.
 * Throws `compile`, `out-of-memory`, `unsupported`; nothing stays allocated then.
 */
export async function wgslContender(
  gpu: GpuDevice,
  host: Host,
  compiler: KernelCompiler,
  operation: Operation,
  data: OperationData,
  choices: KernelChoices,
  options: WgslContenderOptions,
): Promise<WgslContender> {
  const { cache, elem = 'f32', sampleMs = 20, coldBytes = 256 * 1024 * 1024 } = options;
  const scope = scoped(gpu);
  try {
    const what = operationName(operation);
    const bound = await scope.check(`Preparing ${what}`, () =>
      bindOperation({ gpu: scope, compiler, choices, elem }, operation, data, {
        copies: cache === 'warm' ? 1 : 64,
        bytes: coldBytes,
      }),
    );
    const stopwatch = new Stopwatch(scope, host, what);
    let iterations: Promise<number> | undefined;
    let hasRun = false;
    const sampleClocks = async (): Promise<Elapsed> => {
      iterations ??= stopwatch.iterationsFor(bound.runs, sampleMs, hasRun);
      const count = await iterations;
      const { wallMs, gpuMs } = await stopwatch.time(bound.runs, count);
      return { wallMs: wallMs / count, gpuMs: gpuMs === null ? null : gpuMs / count };
    };
    const [first = []] = bound.runs;
    const [kernel] = first;
    return {
      name: `wgsl ${[...new Set(first.map(({ kernel: { name } }) => name))].join(' + ')}`,
      settings: {
        ...kernel?.kernel.instance.tunables,
        activations: elem,
        dispatches: first.length,
        cache,
        copies: bound.runs.length,
      },
      async output() {
        const y = await scope.check(`Running ${what}`, () => runOnce(scope, bound));
        hasRun = true;
        return y;
      },
      sample: async () => (await sampleClocks()).wallMs,
      sampleClocks,
      dispose: async () => scope.release(),
    };
  } catch (error) {
    scope.release();
    throw error;
  }
}

function bindOperation(
  context: BindingContext,
  operation: Operation,
  data: OperationData,
  limit: Copies,
): Promise<BoundOperation> {
  if (operation.kind === 'product') {
    invariant(data.kind === 'product', 'inputs of another kind than the operation');
    return bindProductOperation(context, operation, data, limit);
  }
  invariant(data.kind === 'attention', 'inputs of another kind than the operation');
  return bindAttentionOperation(context, operation, data, limit);
}

/** One run into an output of NaN, so that what a kernel leaves out shows. */
async function runOnce(gpu: GpuDevice, { runs, y }: BoundOperation): Promise<Float32Array> {
  const { queue } = gpu.device;
  queue.writeBuffer(y.buffer, 0, new Uint32Array(y.buffer.size / 4).fill(UNWRITTEN));
  const encoder = gpu.device.createCommandEncoder();
  encodePass(encoder, runs[0] ?? []);
  queue.submit([encoder.finish()]);
  const bytes = (await gpu.read(y.buffer, 0, y.buffer.size)).slice();
  const values =
    y.scalar === 'f16'
      ? fromFloat16Array(new Uint16Array(bytes.buffer))
      : new Float32Array(bytes.buffer);
  const out = new Float32Array(y.rows * y.width);
  for (let row = 0; row < y.rows; row++) {
    out.set(values.subarray(row * y.stride, row * y.stride + y.width), row * y.width);
  }
  return out;
}

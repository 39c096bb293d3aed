import { mmaModules } from '../../kernels/modules.ts';
import { invariant } from '../../src/core/errors.ts';
import type { Host } from '../../src/core/host.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { type Dispatch, encodePass, type KernelCompiler } from '../../src/gpu/program.ts';
import { scoped } from '../../src/gpu/scope.ts';
import { type Elapsed, Stopwatch } from '../../src/gpu/stopwatch.ts';
import type { KernelChoices } from '../../src/model/decoder/kernel-choice.ts';
import { fromFloat16Array } from '../../src/model/float16.ts';
import type { Scalar } from './expectation.ts';
import type { Contender, Operation, OperationData } from './operation.ts';
import { operationName } from './operation-cost.ts';
import { HALF_PRODUCTS } from './own-tolerance.ts';
import { UNWRITTEN } from './values.ts';
import { uploadAttention } from './wgsl-attention.ts';
import type { Copies, UploadContext, UploadedOperation } from './wgsl-binding.ts';
import { uploadProduct } from './wgsl-product.ts';

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

/** Copies at most, however small the operation: bind groups each. */
const MOST_COPIES = 64;

/** Our own kernels, bound as a decoder binds them. */
export interface WgslContender extends Contender {
  /** Like `sample`, on both clocks; the device's is null on software adapters and where there is none. */
  sampleClocks(): Promise<Elapsed>;
}

/** An operation's inputs on the device, for one choice of kernels after another. */
export interface PreparedOperation {
  /** Compiles and binds what a decoder with these choices would run. Throws `compile`, `unsupported`. */
  contender(choices: KernelChoices): Promise<WgslContender>;
  /** Frees the inputs, which all contenders share. */
  dispose(): void;
}

/** Puts an operation's inputs on the device. Throws `out-of-memory`; nothing stays allocated then. */
export async function prepareOperation(
  gpu: GpuDevice,
  host: Host,
  compiler: KernelCompiler,
  operation: Operation,
  data: OperationData,
  options: WgslContenderOptions,
): Promise<PreparedOperation> {
  const { cache, elem = 'f32', sampleMs = 20, coldBytes = 256 * 1024 * 1024 } = options;
  const limit = { copies: cache === 'warm' ? 1 : MOST_COPIES, bytes: coldBytes };
  const what = operationName(operation);
  const scope = scoped(gpu);
  const context = { gpu: scope, compiler, elem };
  try {
    const uploaded = await scope.check(`Preparing ${what}`, () =>
      upload(context, operation, data, limit),
    );
    const stopwatch = new Stopwatch(scope, host, what);
    return {
      async contender(choices) {
        const runs = await scope.check(`Binding ${what}`, () => uploaded.bind(choices));
        return makeContender(scope, stopwatch, what, uploaded, runs, { cache, elem, sampleMs });
      },
      dispose: () => scope.release(),
    };
  } catch (error) {
    scope.release();
    throw error;
  }
}

/** The one contender of an operation: prepareOperation and a choice; disposing of it frees the inputs. */
export async function wgslContender(
  gpu: GpuDevice,
  host: Host,
  compiler: KernelCompiler,
  operation: Operation,
  data: OperationData,
  choices: KernelChoices,
  options: WgslContenderOptions,
): Promise<WgslContender> {
  const prepared = await prepareOperation(gpu, host, compiler, operation, data, options);
  try {
    const contender = await prepared.contender(choices);
    return { ...contender, dispose: async () => prepared.dispose() };
  } catch (error) {
    prepared.dispose();
    throw error;
  }
}

function makeContender(
  gpu: GpuDevice,
  stopwatch: Stopwatch,
  what: string,
  uploaded: UploadedOperation,
  runs: Dispatch[][],
  { cache, elem, sampleMs }: { cache: 'cold' | 'warm'; elem: Scalar; sampleMs: number },
): WgslContender {
  let iterations: Promise<number> | undefined;
  let hasRun = false;
  const sampleClocks = async (): Promise<Elapsed> => {
    iterations ??= stopwatch.iterationsFor(runs, sampleMs, hasRun);
    const count = await iterations;
    const { wallMs, gpuMs } = await stopwatch.time(runs, count);
    return { wallMs: wallMs / count, gpuMs: gpuMs === null ? null : gpuMs / count };
  };
  const [first = []] = runs;
  const isHalf = first.some(({ kernel }) => kernel.instance.modules.mma === mmaModules.f16);
  return {
    name: `wgsl ${[...new Set(first.map(({ kernel: { name } }) => name))].join(' + ')}`,
    settings: {
      ...first[0]?.kernel.instance.tunables,
      activations: elem,
      ...(isHalf ? { products: HALF_PRODUCTS } : {}),
      dispatches: first.length,
      cache,
      copies: runs.length,
    },
    async output() {
      const y = await gpu.check(`Running ${what}`, () => runOnce(gpu, uploaded, first));
      hasRun = true;
      return y;
    },
    sample: async () => (await sampleClocks()).wallMs,
    sampleClocks,
    dispose: async () => {},
  };
}

function upload(
  context: UploadContext,
  operation: Operation,
  data: OperationData,
  limit: Copies,
): Promise<UploadedOperation> {
  if (operation.kind === 'product') {
    invariant(data.kind === 'product', 'inputs of another kind than the operation');
    return uploadProduct(context, operation, data, limit);
  }
  invariant(data.kind === 'attention', 'inputs of another kind than the operation');
  return uploadAttention(context, operation, data, limit);
}

/** One run into an output of NaN, so that what a kernel leaves out shows. */
async function runOnce(
  gpu: GpuDevice,
  { y }: UploadedOperation,
  dispatches: readonly Dispatch[],
): Promise<Float32Array> {
  const { queue } = gpu.device;
  queue.writeBuffer(y.buffer, 0, new Uint32Array(y.buffer.size / 4).fill(UNWRITTEN));
  const encoder = gpu.device.createCommandEncoder();
  encodePass(encoder, dispatches);
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

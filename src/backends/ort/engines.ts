import type { BackendName, Variant, VariantRequest } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { DecoderOptions } from '../../model/onnx/decoder.ts';
import type { FloatType } from '../../model/onnx/weight-data.ts';

export type OrtBackendName = Extract<BackendName, `ort-${string}`>;

/**
 * Where the KV cache lives between runs.
 * `device`: buffers of the provider, read and written in place.
 * `host`: arrays of ours, of full length, read and written in place.
 * `copied`: arrays of ours that grow; the provider gets a copy and returns one in each run.
 */
export type KvPlacement = 'device' | 'host' | 'copied';

/** What sets one execution provider apart. */
export interface Engine {
  backend: OrtBackendName;
  /** Its name in onnxruntime-node. */
  provider: string;
  /** Activation types its GroupQueryAttention takes, best first. */
  floats: readonly FloatType[];
  kv: KvPlacement;
  /** Options of the provider itself. */
  options: Record<string, string | boolean>;
  /**
   * Threads of the session on the processor; 0: one per core, as ONNX Runtime does by default. Where a GPU
   * computes, idle threads that spin would only take time from its driver.
   */
  threads: number;
  /** What to do where this build or machine lacks it. */
  remedy: string;
}

const engines: Record<OrtBackendName, Engine> = {
  'ort-cpu': {
    backend: 'ort-cpu',
    provider: 'cpu',
    threads: 0,
    floats: ['float32'],
    kv: 'host',
    options: {},
    remedy: 'Run `npm ci` again.',
  },
  'ort-webgpu': {
    backend: 'ort-webgpu',
    provider: 'webgpu',
    threads: 1,
    floats: ['float16', 'float32'],
    kv: 'device',
    options: { validationMode: 'disabled' },
    remedy: 'onnxruntime-node brings it on Linux x64, Windows and macOS; use ort-cpu elsewhere.',
  },
  'ort-cuda': {
    backend: 'ort-cuda',
    provider: 'cuda',
    threads: 1,
    floats: ['float16'],
    kv: 'copied',
    options: {},
    remedy:
      'On Linux x64 run `node node_modules/onnxruntime-node/script/install.js ' +
      '--onnxruntime-node-install=cuda12` and install CUDA 12 with cuDNN 9.',
  },
  'ort-dml': {
    backend: 'ort-dml',
    provider: 'dml',
    threads: 1,
    floats: ['float16', 'float32'],
    kv: 'copied',
    options: {},
    remedy: 'DirectML exists on Windows only; use ort-webgpu elsewhere.',
  },
  'ort-coreml': {
    backend: 'ort-coreml',
    provider: 'coreml',
    threads: 0,
    floats: ['float32'],
    kv: 'copied',
    options: {},
    remedy: 'Core ML exists on macOS only; use ort-webgpu elsewhere.',
  },
};

export function engineOf(backend: OrtBackendName): Engine {
  return engines[backend];
}

const formats = { float32: 'f32', float16: 'f16' } as const;

/**
 * The formats that run. GroupQueryAttention has one type for activations and KV cache, so one decides the
 * other. `auto` takes f16 where `fastFloat16` says that the device computes in it natively.
 * Throws `unsupported`.
 */
export function resolveVariant(
  engine: Engine,
  request: VariantRequest,
  fastFloat16: boolean,
): { variant: Variant; float: FloatType } {
  const { weights, kv, activations } = request;
  const { backend } = engine;
  if (kv === 'int8') {
    throw new BenchError(
      'unsupported',
      `${backend} keeps no int8 KV cache: its graph stores keys and values as they are computed`,
      { hint: 'Ask for f16 or f32, or use --backend wgsl.' },
    );
  }
  if (activations === 'int8') {
    throw new BenchError(
      'unsupported',
      `${backend} rounds activations in blocks of its own choosing: another function than these int8`,
      { hint: 'Ask for f16 or f32, or use --backend wgsl.' },
    );
  }
  if (kv !== 'auto' && activations !== 'auto' && kv !== activations) {
    throw new BenchError(
      'unsupported',
      `${backend} stores activations and KV cache in one type, not in ${activations} and ${kv}`,
      { hint: 'Ask for the same format twice, or leave one of them to `auto`.' },
    );
  }
  const asked = activations === 'auto' ? kv : activations;
  // Weights of 32 bits would be rounded to the type of the activations.
  const possible = engine.floats.filter((float) => weights !== 'f32' || float === 'float32');
  const preferred = possible.filter((float) => float === 'float32' || fastFloat16);
  const float =
    asked === 'auto'
      ? (preferred[0] ?? possible[0])
      : possible.find((candidate) => formats[candidate] === asked);
  if (float === undefined) {
    const what =
      asked === 'auto' ? `${weights} weights` : `${asked} activations with ${weights} weights`;
    const names = engine.floats.map((candidate) => formats[candidate]).join(' and ');
    throw new BenchError('unsupported', `${backend} cannot run ${what}: it computes in ${names}`, {
      hint: 'Leave activations and KV cache to `auto`, or choose another weight format.',
    });
  }
  const format = formats[float];
  return { variant: { weights, kv: format, activations: format }, float };
}

/** How the graph is written for an engine, chosen by measurement (see ARCHITECTURE.md). */
export function graphChoices(
  engine: Engine,
  weights: Variant['weights'],
  config: ModelConfig,
  batch: number,
  isGpu: boolean,
): Pick<DecoderOptions, 'packQkv' | 'groupArgMax' | 'expandInt8'> {
  const webgpu = engine.provider === 'webgpu';
  // The WebGPU provider fuses norm and three 4-bit projections without bias into one dispatch of its own.
  const fusedByProvider = webgpu && weights === 'int4' && !config.qkvBias;
  return {
    packQkv: batch === 1 && !config.qkNorm && !fusedByProvider,
    // Its ArgMax gives a row to a single thread: slow on a GPU, best on a processor that poses as one.
    groupArgMax: webgpu && isGpu,
    // The CPU provider's 8-bit kernel for f32 activations expands the whole matrix in every run.
    expandInt8: engine.provider === 'cpu' || engine.provider === 'coreml',
  };
}

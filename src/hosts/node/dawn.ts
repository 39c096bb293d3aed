import { BenchError } from '../../core/errors.ts';

/**
 * How much checking the GPU does. `safe` is what a browser gives: validated calls, clamped indices.
 * `native` drops both, as ONNX Runtime's native WebGPU provider does by default, so that a comparison
 * with it is like with like.
 */
export type Safety = 'safe' | 'native';

export interface DawnOptions {
  safety?: Safety;
  /** Part of an adapter's name; default: the environment's MTOK_ADAPTER, else the first adapter. */
  adapter?: string;
  /** `null` computes nothing but has every feature, so it validates texts that no adapter here could run. */
  backend?: 'null';
}

/** An instance of Dawn and the choices it was made with, for the record. */
export interface Dawn {
  gpu: GPU;
  details: Record<string, string>;
  /** Lets the instance go. Devices must have been destroyed before. */
  dispose(): void;
}

/** Experimental features, f16 on NVIDIA's driver, and what subgroup matrices need. */
const INSTANCE_TOGGLES = [
  'allow_unsafe_apis',
  'vulkan_enable_f16_on_nvidia',
  'use_vulkan_memory_model',
  'decompose_uniform_buffers',
];
const NATIVE_TOGGLES = ['skip_validation', 'disable_robustness', 'd3d_disable_ieee_strictness'];
/** Timestamps in whole nanoseconds, not in steps of 65 µs. */
const DISABLED_TOGGLES = ['timestamp_quantization'];

/** Garbage collection of an instance frees its devices under the caller, so each is held until disposed of. */
const held = new Set<GPU>();

/** Loads Dawn (the one place that does) and defines WebGPU's globals, as on a page. */
export async function createDawn(options: DawnOptions = {}): Promise<Dawn> {
  const safety = options.safety ?? 'native';
  const adapter = options.adapter ?? process.env.MTOK_ADAPTER ?? '';
  const enabled = safety === 'native' ? [...INSTANCE_TOGGLES, ...NATIVE_TOGGLES] : INSTANCE_TOGGLES;
  const flags = [
    `enable-dawn-features=${enabled.join(',')}`,
    `disable-dawn-features=${DISABLED_TOGGLES.join(',')}`,
    ...(options.backend ? [`backend=${options.backend}`] : []),
    ...(adapter === '' || options.backend ? [] : [`adapter=${adapter}`]),
  ];
  const { create, globals } = await loadDawn();
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value });
  }
  const gpu = create(flags);
  held.add(gpu);
  return {
    gpu,
    details: {
      safety,
      toggles: enabled.join(' '),
      disabledToggles: DISABLED_TOGGLES.join(' '),
    },
    dispose: () => void held.delete(gpu),
  };
}

async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (cause) {
    throw new BenchError(
      'unsupported',
      `Dawn does not load on ${process.platform}-${process.arch}: ${String(cause)}`,
      { hint: 'Run `npm ci` on the machine that runs mtok; see `mtok doctor`.', cause },
    );
  }
}

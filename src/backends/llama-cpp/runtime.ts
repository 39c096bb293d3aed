import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';

/** What llama.cpp computes on; `cpu` is its build for the processor alone. */
export const LLAMA_DEVICES = ['cuda', 'vulkan', 'cpu'] as const;
export type LlamaDevice = (typeof LLAMA_DEVICES)[number];

/** A loaded build of llama.cpp, as far as it is used here. */
export interface Llama {
  llamaCppRelease: { release: string };
  getGpuDeviceNames(): Promise<string[]>;
  dispose(): Promise<void>;
}

interface LlamaOptions {
  gpu: 'cuda' | 'vulkan' | false;
  /** Only builds that came with the package: nothing is compiled or fetched here. */
  build: 'never';
  skipDownload: true;
  progressLogs: false;
  logLevel: 'disabled';
}

const moduleSchema = z.object({
  getLlama: z.custom<(options: LlamaOptions) => Promise<Llama>>(
    (value) => typeof value === 'function',
  ),
});
type LlamaCpp = z.infer<typeof moduleSchema>;

/** No dependency of the project, for its size: installed beside it, or unpacked over an offline bundle. */
const PACKAGE = 'node-llama-cpp';
const CARRIED = `../../../llama-cpp/node_modules/${PACKAGE}/dist/index.js`;

let loading: Promise<LlamaCpp> | undefined;

/** Loads node-llama-cpp (the one place that does) when it is first needed. Throws `unsupported`. */
export function loadLlamaCpp(): Promise<LlamaCpp> {
  loading ??= load();
  return loading;
}

async function load(): Promise<LlamaCpp> {
  const failures: unknown[] = [];
  for (const location of [new URL(CARRIED, import.meta.url).href, PACKAGE]) {
    try {
      return moduleSchema.parse(await import(location));
    } catch (error) {
      failures.push(error);
    }
  }
  const isMissing = failures.every((failure) => codeOf(failure) === 'ERR_MODULE_NOT_FOUND');
  const cause = failures.find((failure) => codeOf(failure) !== 'ERR_MODULE_NOT_FOUND');
  throw new BenchError(
    'unsupported',
    isMissing ? `${PACKAGE} is not installed` : `${PACKAGE} does not load: ${String(cause)}`,
    {
      hint:
        `In a clone: npm install --no-save --ignore-scripts ${PACKAGE}. ` +
        'With an offline bundle: unpack its llama-cpp archive over it.',
      cause,
    },
  );
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

/** Loads the build of llama.cpp for one kind of device. Throws `unsupported` when it does not load here. */
export async function loadLlama(device: LlamaDevice): Promise<Llama> {
  const { getLlama } = await loadLlamaCpp();
  try {
    return await getLlama({
      gpu: device === 'cpu' ? false : device,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: 'disabled',
    });
  } catch (cause) {
    const reason = String(cause).replace(/^Error: /, '');
    throw new BenchError('unsupported', `llama.cpp's ${device} build does not load: ${reason}`, {
      hint: hints[device],
      cause,
    });
  }
}

const hints: Record<LlamaDevice, string> = {
  cuda: 'It needs an NVIDIA driver, libcudart.so.13 and libcublas.so.13.',
  vulkan: 'It needs libvulkan.so.1 and a Vulkan driver.',
  cpu: 'It needs a newer C++ library.',
};

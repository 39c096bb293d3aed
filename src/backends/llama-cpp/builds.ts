import { toBenchError } from '../../core/errors.ts';
import { LLAMA_DEVICES, type LlamaDevice, loadLlama, loadLlamaCpp } from './runtime.ts';

/** Whether one build of llama.cpp loads on this machine. */
export interface LlamaBuild {
  device: LlamaDevice;
  /** llama.cpp's release; null when it does not load. */
  release: string | null;
  /** GPUs that it sees. */
  gpus: string[];
  /** Why it does not load, or null. */
  problem: string | null;
}

/** Tries every build of llama.cpp. Throws `unsupported` when node-llama-cpp itself does not load. */
export async function listLlamaBuilds(): Promise<LlamaBuild[]> {
  await loadLlamaCpp();
  const builds: LlamaBuild[] = [];
  for (const device of LLAMA_DEVICES) {
    try {
      const llama = await loadLlama(device);
      const gpus = await llama.getGpuDeviceNames();
      builds.push({ device, release: llama.llamaCppRelease.release, gpus, problem: null });
      await llama.dispose();
    } catch (error) {
      const { message, hint } = toBenchError(error);
      const problem = hint === undefined ? message : `${message}. ${hint}`;
      builds.push({ device, release: null, gpus: [], problem });
    }
  }
  return builds;
}

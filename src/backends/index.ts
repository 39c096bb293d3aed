import type { BackendName } from '../core/cell.ts';
import { BenchError } from '../core/errors.ts';
import type { Backend, BackendEnvironment, CreateBackend } from './backend.ts';

/** Backend's name → its module, loaded only when it is used: an engine's package may be large, or absent. */
const modules: Record<BackendName, () => Promise<CreateBackend>> = {
  wgsl: async () => (await import('./wgsl.ts')).createBackend,
  reference: async () => (await import('./reference.ts')).createBackend,
  'ort-cpu': async () => (await import('./ort-cpu.ts')).createBackend,
  'ort-webgpu': async () => (await import('./ort-webgpu.ts')).createBackend,
  'ort-cuda': async () => (await import('./ort-cuda.ts')).createBackend,
  'ort-dml': async () => (await import('./ort-dml.ts')).createBackend,
  'ort-coreml': async () => (await import('./ort-coreml.ts')).createBackend,
};

/** Throws `unsupported` when the engine does not run on this host or its package cannot be loaded here. */
export async function loadBackend(
  name: BackendName,
  environment: BackendEnvironment,
): Promise<Backend> {
  if (name.startsWith('ort-') && environment.host.name !== 'node') {
    throw new BenchError('unsupported', `${name} does not run in a browser`, {
      hint: 'Use --host node for it.',
    });
  }
  return (await modules[name]())(environment);
}

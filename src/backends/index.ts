import type { BackendName } from '../core/cell.ts';
import { BenchError } from '../core/errors.ts';
import type { Backend, BackendEnvironment, CreateBackend } from './backend.ts';

/** Backend's name → its module, loaded only when it is used: an engine's package may be large, or absent. */
const modules: Partial<Record<BackendName, () => Promise<CreateBackend>>> = {
  wgsl: async () => (await import('./wgsl.ts')).createBackend,
  reference: async () => (await import('./reference.ts')).createBackend,
};

/** Throws `unsupported` when the engine's package cannot be loaded on this machine. */
export async function loadBackend(
  name: BackendName,
  environment: BackendEnvironment,
): Promise<Backend> {
  const load = modules[name];
  if (load === undefined) throw new BenchError('unsupported', `${name} is not in this build`);
  return (await load())(environment);
}

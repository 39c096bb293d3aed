import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { chooseAdapter, realSurroundings } from '../hosts/node/choose-adapter.ts';
import type { SessionTaskInput } from '../hosts/tasks.ts';
import type { SessionChoice } from './session-options.ts';

/** What the process of a session needs: its part of the task, and the environment it starts in. */
export async function prepareSession(
  choice: SessionChoice,
): Promise<{ input: SessionTaskInput; env: Record<string, string> }> {
  const { model, backend, host, adapter, variant } = choice;
  const cacheDir = defaultCacheDir();
  const needsGpu = host === 'node' && (backend === 'wgsl' || backend === 'ort-webgpu');
  const env = needsGpu
    ? (await chooseAdapter(choice.adapter ?? 'auto', realSurroundings(cacheDir))).env
    : {};
  return { input: { model, backend, host, adapter, variant, cacheDir }, env };
}

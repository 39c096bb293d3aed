import { listLlamaBuilds } from '../../../backends/llama-cpp/builds.ts';
import type { TaskHandler } from '../../tasks.ts';

/** In a process of its own: it loads drivers, and what loads them may crash. */
export const llamaBuilds: TaskHandler<'llamaBuilds'> = async () => ({
  builds: await listLlamaBuilds(),
});

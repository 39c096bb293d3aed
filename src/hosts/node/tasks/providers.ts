import { listOrtProviders } from '../../../backends/ort/providers.ts';
import type { TaskHandler } from '../../tasks.ts';

/** In a process of its own: the library is large and may not load. */
export const providers: TaskHandler<'providers'> = async () => ({
  providers: await listOrtProviders(),
});

import type { Backend } from '../../../backends/backend.ts';
import { loadBackend } from '../../../backends/index.ts';
import type { PackedModel } from '../../../model/packed.ts';
import type { SessionTaskInput } from '../../tasks.ts';
import { createNodeEnvironment } from '../environment.ts';
import { openModel } from '../packed-cache.ts';

/** Opens the backend and the packed model of a task, and closes both whatever happens. */
export async function withModel<T>(
  input: SessionTaskInput,
  use: (backend: Backend, model: PackedModel) => Promise<T>,
): Promise<T> {
  const { cacheDir } = input;
  const environment = createNodeEnvironment({ cacheDir });
  try {
    const backend = await loadBackend(input.backend, environment);
    const { model } = await openModel(input.model, input.variant.weights, { cacheDir });
    try {
      return await use(backend, model);
    } finally {
      await model.close();
    }
  } finally {
    await environment.dispose();
  }
}

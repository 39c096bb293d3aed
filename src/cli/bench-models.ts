import type { Cell } from '../core/cell.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import { openSource } from '../hosts/node/model-source.ts';
import { assertFitsContext } from '../measure/measure-launch.ts';
import type { ModelConfig } from '../model/config.ts';

/** A model as far as a plan needs it, or why it cannot be used. */
export type InspectedModel =
  | { name: string; sha256: string; config: ModelConfig }
  | { problem: BenchError };

/** Identifies every model of a plan; hashes of files that did not change are remembered in `cacheDir`. */
export async function inspectModels(
  cells: readonly Cell[],
  cacheDir: string,
): Promise<Map<string, InspectedModel>> {
  const models = new Map<string, InspectedModel>();
  for (const spec of new Set(cells.map(({ model }) => model))) {
    models.set(spec, await inspectModel(spec, cacheDir));
  }
  return models;
}

async function inspectModel(spec: string, cacheDir: string): Promise<InspectedModel> {
  try {
    const source = await openSource(spec, cacheDir);
    await source.close();
    return { name: source.name, sha256: source.sha256, config: source.config };
  } catch (error) {
    return { problem: toBenchError(error) };
  }
}

/** Why this model cannot be given this workload, or null. */
export function workloadProblem(cell: Cell, model: InspectedModel | undefined): BenchError | null {
  if (model === undefined) return null;
  if ('problem' in model) return model.problem;
  try {
    assertFitsContext(cell.workload, model);
    return null;
  } catch (error) {
    if (error instanceof BenchError) return error;
    throw error;
  }
}

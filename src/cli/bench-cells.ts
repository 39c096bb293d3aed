import { createHash } from 'node:crypto';
import type { BackendName, Cell } from '../core/cell.ts';
import { cellIdentity } from '../core/cell-name.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import { type AdapterChoice, chooseAdapter } from '../hosts/node/choose-adapter.ts';
import { systemMemoryBytes } from '../hosts/node/system-memory.ts';
import { assertFitsMemory } from '../measure/preflight.ts';
import type { RunProtocol } from '../measure/protocol.ts';
import type { PlannedCell } from '../measure/run-plan.ts';
import { type InspectedModel, workloadProblem } from './bench-models.ts';
import { packageVersion } from './version.ts';

/** Engines that compute on a WebGPU adapter, which is chosen before their process starts. */
const WEBGPU_BACKENDS: readonly BackendName[] = ['wgsl', 'ort-webgpu'];
const PROCESSOR_BACKENDS: readonly BackendName[] = ['reference', 'ort-cpu'];

/** Whether this cell needs the adapter that `--adapter` names, in a process of ours. */
export function needsAdapter({ backend, host }: Pick<Cell, 'backend' | 'host'>): boolean {
  return host === 'node' && WEBGPU_BACKENDS.includes(backend);
}

/** The adapter for the cells that need one, or why there is none; null when no cell does. */
export async function adapterFor(
  cells: readonly Cell[],
  wanted: string | null,
): Promise<AdapterChoice | BenchError | null> {
  if (!cells.some(needsAdapter)) return null;
  try {
    return await chooseAdapter(wanted ?? 'auto');
  } catch (error) {
    return toBenchError(error);
  }
}

export interface PlanContext {
  models: ReadonlyMap<string, InspectedModel>;
  adapter: AdapterChoice | BenchError | null;
  /** `--adapter`, which a browser follows by itself. */
  wanted: string | null;
  protocol: RunProtocol;
  seed: number;
}

/** Gives each cell its key, and finds what is wrong with it before anything runs. */
export function prepareCells(cells: readonly Cell[], context: PlanContext): PlannedCell[] {
  return cells.map((cell, index) => {
    const model = context.models.get(cell.model);
    const modelSha256 = model !== undefined && 'sha256' in model ? model.sha256 : null;
    const identity = cellIdentity(cell, modelSha256, protocolIdentity(cell, context));
    const key = createHash('sha256').update(identity).digest('hex');
    return { index, cell, key, modelSha256, blocked: cellProblem(cell, model, context) };
  });
}

/** What else makes a stored result that of the same measurement; the price is not part of it. */
function protocolIdentity(cell: Cell, { protocol, seed, adapter, wanted }: PlanContext) {
  const isChosen = needsAdapter(cell) && adapter !== null && !(adapter instanceof BenchError);
  const isBrowsers = cell.host !== 'node' && wanted !== null;
  return {
    mtok: packageVersion(),
    seed,
    launches: protocol.launches,
    launchesMax: protocol.launchesMax,
    halfWidthTarget: protocol.halfWidthTarget,
    cellBudgetMs: protocol.cellBudgetMs,
    ...protocol.launch,
    ...(isChosen ? { adapter: adapter.label } : isBrowsers ? { adapter: wanted } : {}),
  };
}

function cellProblem(
  cell: Cell,
  model: InspectedModel | undefined,
  { adapter }: PlanContext,
): BenchError | null {
  const problem = workloadProblem(cell, model);
  if (problem !== null) return problem;
  if (needsAdapter(cell) && adapter instanceof BenchError) return adapter;
  if (model === undefined || 'problem' in model || !usesSystemMemory(cell, adapter)) return null;
  try {
    assertFitsMemory(cell, model.config, systemMemoryBytes());
    return null;
  } catch (error) {
    return toBenchError(error);
  }
}

/** A GPU's own memory is not known before it is used; its driver says when it is full. */
function usesSystemMemory(cell: Cell, adapter: PlanContext['adapter']): boolean {
  if (PROCESSOR_BACKENDS.includes(cell.backend)) return true;
  return needsAdapter(cell) && adapter !== null && 'kind' in adapter && adapter.kind === 'software';
}

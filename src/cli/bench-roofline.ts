import { z } from 'zod';
import type { Cell } from '../core/cell.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import { peaksSchema } from '../core/kernel-peaks.ts';
import type { AdapterChoice } from '../hosts/node/choose-adapter.ts';
import { runTask } from '../hosts/node/spawn.ts';
import type { PlaceCell } from '../measure/build-record.ts';
import { type AdapterPeaks, placeOnRoofline } from '../measure/roofline.ts';
import type { PlannedCell } from '../measure/run-plan.ts';
import { needsAdapter } from './bench-cells.ts';
import type { InspectedModel } from './bench-models.ts';

const TIMEOUT_MS = 180_000;
const resultSchema = z.object({ adapter: z.string().max(500), peaks: peaksSchema });

/**
 * Measures the adapter's peaks in a process of its own, once for all cells that compute on it. What keeps it
 * from that is a reason on those cells' records, not a failure of them.
 */
export async function measureAdapterPeaks(
  planned: readonly PlannedCell[],
  adapter: AdapterChoice | BenchError | null,
  isWanted: boolean,
  signal: AbortSignal | undefined,
): Promise<AdapterPeaks> {
  if (!isWanted) return { reason: 'Peaks were not measured.', hint: 'Leave out --no-roofline.' };
  const isNeeded = planned.some(({ cell, blocked }) => blocked === null && needsAdapter(cell));
  if (!isNeeded || adapter === null || adapter instanceof BenchError) {
    return { reason: 'No cell needed an adapter.' };
  }
  try {
    const options = { env: adapter.env, timeoutMs: TIMEOUT_MS, signal };
    return resultSchema.parse(await runTask({ type: 'peaks', input: {} }, options));
  } catch (error) {
    return { reason: `Peaks could not be measured: ${toBenchError(error).message.slice(0, 300)}` };
  }
}

/** Holds cells against those peaks; cells that computed elsewhere get a reason. */
export function cellPlacer(
  models: ReadonlyMap<string, InspectedModel>,
  peaks: AdapterPeaks,
): PlaceCell {
  return (measured, planned) => {
    const model = models.get(planned.model);
    // A cell without a model has no measurement to place.
    if (model === undefined || 'problem' in model) return { roofline: null, flags: [] };
    const elsewhere = elsewhereReason(planned);
    return placeOnRoofline(
      measured,
      model.config,
      elsewhere === null ? peaks : { reason: elsewhere },
    );
  };
}

function elsewhereReason(cell: Cell): string | null {
  if (needsAdapter(cell)) return null;
  if (cell.host !== 'node') return 'Peaks are measured in Node, not on a page.';
  if (cell.backend === 'reference' || cell.backend === 'ort-cpu') {
    return 'Peaks of processors are not measured.';
  }
  return `Peaks are measured through WebGPU; which device ${cell.backend} took is not known to be that one.`;
}

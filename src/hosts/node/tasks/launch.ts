import { loadBackend } from '../../../backends/index.ts';
import { Rng } from '../../../core/rng.ts';
import type { LaunchResult } from '../../../measure/launch.ts';
import { measureLaunch } from '../../../measure/measure-launch.ts';
import type { LaunchTaskInput, TaskHandler } from '../../tasks.ts';
import { createNodeEnvironment } from '../environment.ts';
import { GcWatch } from '../gc-pauses.ts';
import { openModel } from '../packed-cache.ts';
import { peakRssBytes } from '../peak-rss.ts';

/**
 * Measures one launch in this process, which does nothing else: its peak memory is the cell's own. The first
 * launch of a variant packs the model, later ones find it in the cache.
 */
export const launch: TaskHandler<'launch'> = async (input, send) => {
  const startedAt = new Date().toISOString();
  const { cell, cacheDir } = input;
  const gc = new GcWatch();
  const environment = createNodeEnvironment({ cacheDir });
  try {
    const backend = await loadBackend(cell.backend, environment);
    send('model');
    const opened = await openModel(cell.model, cell.variant.weights, { cacheDir });
    try {
      const result = await measureLaunch({
        backend,
        model: opened.model,
        variant: cell.variant,
        workload: cell.workload,
        protocol: input.protocol,
        isProfiled: input.protocol.profile && input.launch === 0,
        rng: launchRng(input),
        now: environment.host.now,
        clockZeroMs: performance.timeOrigin,
        startedAt,
        modelLoad: { readMs: opened.readMs, packMs: opened.packMs },
        onPhase: (phase) => {
          if (phase === 'measure') gc.startTimed();
          else gc.endTimed();
          send(phase);
        },
      });
      gc.endTimed();
      return await withProcessFacts(result, gc);
    } finally {
      await opened.model.close();
    }
  } finally {
    await environment.dispose();
  }
};

/** Depends on the launch only: every engine gets the same prompts. */
function launchRng({ seed, launch }: LaunchTaskInput): Rng {
  return new Rng('launch', seed, launch);
}

/** What only the process knows: its peak memory and the pauses of its garbage collector. */
async function withProcessFacts(result: LaunchResult, gc: GcWatch): Promise<LaunchResult> {
  const gcPauses = await gc.stop();
  const memory = { ...result.launch.memory, peakRssBytes: await peakRssBytes() };
  return { ...result, launch: { ...result.launch, memory, gcPauses } };
}

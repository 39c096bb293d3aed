import type { Cell } from '../core/cell.ts';
import { BenchError } from '../core/errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { footprint } from '../model/footprint.ts';
import { contextTokens } from './measure-launch.ts';

const GIB = 2 ** 30;

/**
 * Throws `out-of-memory` when the least that a cell can do with (see footprint.ts) exceeds the memory there
 * is, before a process is started for it. An `auto` KV cache is taken as f16.
 */
export function assertFitsMemory(cell: Cell, config: ModelConfig, memoryBytes: number): void {
  const { workload, variant } = cell;
  const needed = (batch: number) =>
    footprint({
      config,
      weights: variant.weights,
      kv: variant.kv === 'auto' ? 'f16' : variant.kv,
      batch,
      contextTokens: contextTokens(workload),
      prefillTokens: 1,
    });
  const { totalBytes, weightsBytes, kvCacheBytes } = needed(workload.batch);
  if (totalBytes <= memoryBytes) return;
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
  const perSequence = needed(1).totalBytes - weightsBytes;
  const fittingBatch = Math.floor((memoryBytes - weightsBytes) / perSequence);
  throw new BenchError(
    'out-of-memory',
    `${cell.model} at ${variant.weights} with ${workload.batch} sequences of ` +
      `${contextTokens(workload)} tokens needs at least ${gib(totalBytes)} (weights ` +
      `${gib(weightsBytes)}, KV cache ${gib(kvCacheBytes)}); this machine has ${gib(memoryBytes)}`,
    {
      hint:
        fittingBatch >= 1
          ? `At most -b ${fittingBatch} can fit; a shorter prompt or depth needs less too.`
          : 'Use a smaller model, or --variant int4.',
    },
  );
}

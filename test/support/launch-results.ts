import type { Cell } from '../../src/core/cell.ts';
import type { LaunchResult } from '../../src/measure/launch.ts';

export const fakeCell: Cell = {
  model: 'tiny',
  variant: { weights: 'int4', kv: 'auto', activations: 'f32' },
  backend: 'wgsl',
  host: 'node',
  workload: { promptTokens: 100, generatedTokens: 4, depth: 0, batch: 2 },
};

/** A launch whose repetitions took these times: prefill, steps, and all of them with run-ahead, in ms. */
export function fakeLaunch(
  repetitions: [prefillMs: number | null, stepMs: number[], runAheadMs?: number][],
  change: Partial<LaunchResult> = {},
): LaunchResult {
  return {
    launch: {
      startedAt: '2026-01-02T03:04:05.000Z',
      load: { readMs: 1, packMs: 0, compileMs: 2, uploadMs: 3, firstRunMs: 4 },
      warmup: [],
      repetitions: repetitions.map(([prefillMs, stepMs, runAheadMs = null]) => ({
        prefillMs,
        stepMs,
        runAheadMs,
      })),
      memory: {
        weightsBytes: 1000,
        kvCacheBytes: 100,
        activationBytes: 10,
        stagingBytes: 1,
        peakGpuBytes: 1111,
        peakRssBytes: 5000,
      },
      environment: null,
      gcPauses: null,
    },
    modelSha256: 'a'.repeat(64),
    backend: 'wgsl',
    variant: { weights: 'int4', kv: 'f16', activations: 'f32' },
    device: { name: 'NVIDIA H200', vendor: 'nvidia', kind: 'gpu', details: {} },
    settings: { subgroups: true },
    provenance: {},
    warmupConverged: true,
    runAheadSteps: 1,
    profile: null,
    clockQuantumMs: 0.001,
    ...change,
  };
}

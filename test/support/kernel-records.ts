import type { Peaks } from '../../src/core/kernel-peaks.ts';
import type {
  KernelContender,
  KernelMeasurementRecord,
  KernelValidationRecord,
} from '../../src/core/kernel-record.ts';

export const samplePeaks: Peaks = {
  readGbPerSecond: 100,
  copyGbPerSecond: 80,
  f32GflopPerSecond: 1000,
  f16GflopPerSecond: 2000,
  dispatchUs: 5,
  encodeUs: 1.5,
  bufferBytes: 2 ** 26,
  clock: 'wall',
};

const envelope = {
  schema: 1,
  id: 'id',
  run: 'run',
  createdAt: '2026-11-21T00:00:00.000Z',
  device: { name: 'Some GPU', vendor: 'some', kind: 'gpu', details: {} },
  provenance: { command: 'mtok kernels' },
  seed: 42,
} as const;

/** A contender that took 2 ms for 100 MB and 200 MFLOP: half of the bandwidth. */
export function contenderRecord(
  role: KernelContender['role'],
  change: Partial<KernelContender> = {},
): KernelContender {
  return {
    role,
    name: role === 'peer' ? 'ort-webgpu MatMulNBits' : 'wgsl matvec',
    settings: role === 'peer' ? { accuracyLevel: 1 } : { wg: 64, cache: role, copies: 3 },
    outcome: { status: 'ok' },
    accuracy: { nmse: 3e-14, allowedNmse: 5e-11 },
    samplesMs: [2, 2, 2],
    figures: {
      ms: { median: 2, low: 1.9, high: 2.1 },
      gbPerSecond: 50,
      gflopPerSecond: 100,
      peakShare: 0.5,
      bound: 'bandwidth',
    },
    ...change,
  };
}

export function measurementRecord(
  change: Partial<KernelMeasurementRecord> = {},
): KernelMeasurementRecord {
  return {
    kind: 'kernel',
    ...envelope,
    name: 'int4 1×2048→3072',
    uses: ['llama-3.2-1b qkv'],
    operation: { kind: 'product', format: 'int4', rows: 1, k: 2048, n: 3072 },
    bytes: 100e6,
    flops: 200e6,
    outcome: { status: 'ok' },
    contenders: [contenderRecord('cold'), contenderRecord('warm'), contenderRecord('peer')],
    ratio: { median: 1.5, low: 1.4, high: 1.62 },
    peaks: samplePeaks,
    ...change,
  };
}

export function validationRecord(
  configuration: string,
  kernels: KernelValidationRecord['kernels'],
): KernelValidationRecord {
  return { kind: 'kernel-validation', ...envelope, configuration, kernels };
}

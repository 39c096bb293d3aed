import type { Variant, Workload } from '../core/cell.ts';
import type { Estimate } from '../core/estimate.ts';
import type { Peaks } from '../core/kernel-peaks.ts';
import type { BenchRecord, Flag } from '../core/record.ts';
import type { PhaseRoofline, Roofline } from '../core/roofline.ts';
import type { ModelConfig } from '../model/config.ts';
import { decodeStepWork, prefillWork, type Work } from '../model/work.ts';
import type { Decode, Prefill } from './summarise.ts';

/** A measured cell, as far as its roofline depends on it. */
export interface MeasuredCell {
  variant: Variant;
  workload: Workload;
  /** Name of the adapter that ran it. */
  device: string;
  settings: BenchRecord['settings'];
  prefill: Prefill | null;
  decode: Decode | null;
}

/** Peaks of an adapter, or why there are none. */
export type AdapterPeaks = { adapter: string; peaks: Peaks } | { reason: string; hint?: string };

/**
 * Shares of the adapter's peaks. `mbu = bytes · passes a second / peak bandwidth`, `mfu` likewise with operations;
 * the interval is that of the throughput. A phase that was not measured is null, all of it with a flag where
 * peaks are unknown or of another adapter.
 */
export function placeOnRoofline(
  cell: MeasuredCell,
  config: ModelConfig,
  found: AdapterPeaks,
): { roofline: Roofline | null; flags: Flag[] } {
  if ('reason' in found) return unknown(found.reason, found.hint);
  if (found.adapter !== cell.device) {
    return unknown(`Peaks were measured on ${found.adapter}, the cell ran on ${cell.device}.`);
  }
  const { workload, variant } = cell;
  const request = { config, workload, weights: variant.weights, kv: variant.kv };
  const work = { prefill: prefillWork(request), decode: decodeStepWork(request) };
  return { roofline: rooflineOf(cell, work, found), flags: [] };
}

/** The same from the work of a prefill and of a decode step; null counts leave their phase out. */
export function rooflineOf(
  { prefill, decode, workload, variant, settings }: MeasuredCell,
  work: { prefill: Work | null; decode: Work | null },
  { adapter, peaks }: { adapter: string; peaks: Peaks },
): Roofline {
  const peakGbPerSecond = Math.max(peaks.readGbPerSecond, peaks.copyGbPerSecond);
  const isHalf = variant.activations === 'f16';
  const usesMatrixUnits = String(settings.products ?? '').startsWith('f16');
  const phase = (
    { bytes, flops }: Work,
    passesPerSecond: Estimate,
    wantsHalf: boolean,
  ): PhaseRoofline => {
    const half = wantsHalf ? peaks.f16GflopPerSecond : null;
    const gflops = half ?? peaks.f32GflopPerSecond;
    return {
      bytes,
      flops,
      arithmetic: half === null ? 'f32' : 'f16',
      mbu: scaled(passesPerSecond, bytes / (1e9 * peakGbPerSecond)),
      mfu: scaled(passesPerSecond, flops / (1e9 * gflops)),
    };
  };
  const tokens = workload.batch * workload.promptTokens;
  return {
    peaks,
    adapter,
    peakGbPerSecond,
    prefill:
      prefill &&
      work.prefill &&
      phase(work.prefill, scaled(prefill.tokensPerSecond, 1 / tokens), isHalf || usesMatrixUnits),
    decode:
      decode &&
      work.decode &&
      phase(work.decode, scaled(decode.tokensPerSecond, 1 / workload.batch), isHalf),
  };
}

function scaled({ median, low, high }: Estimate, factor: number): Estimate {
  return {
    median: median * factor,
    low: low === null ? null : low * factor,
    high: high === null ? null : high * factor,
  };
}

function unknown(message: string, hint?: string): { roofline: null; flags: Flag[] } {
  const flag = { code: 'roofline-unknown', field: 'roofline', message };
  return { roofline: null, flags: [hint === undefined ? flag : { ...flag, hint }] };
}

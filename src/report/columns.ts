import { workloadName } from '../core/cell-name.ts';
import type { BenchRecord } from '../core/record.ts';
import { formatEstimate, formatMegabytes, formatNumber } from './format.ts';

/** One figure or name of a result row. */
export interface Column {
  /** First and second line of the heading. */
  title: string;
  unit: string;
  align: 'left' | 'right';
  /** The tokens of a workload without which there is no such figure. */
  phase?: 'promptTokens' | 'generatedTokens';
  /** Left out where no record of a table has such a figure. */
  isOptional?: boolean;
  /** Null where the record has no such figure. */
  text(record: BenchRecord): string | null;
}

export const nameColumns: readonly Column[] = [
  { title: 'weights', unit: 'KV act', align: 'left', text: formatsName },
  { title: 'backend', unit: '', align: 'left', text: backendName },
  { title: 'test', unit: '', align: 'left', text: (record) => workloadName(record.cell.workload) },
];

export const resultColumns: readonly Column[] = [
  {
    ...right(
      'prefill',
      'tok/s',
      ({ prefill }) => prefill && formatEstimate(prefill.tokensPerSecond),
    ),
    phase: 'promptTokens',
  },
  {
    ...right('decode', 'tok/s', ({ decode }) => decode && formatEstimate(decode.tokensPerSecond)),
    phase: 'generatedTokens',
  },
  {
    ...right('ahead', 'tok/s', ({ decode }) =>
      decode?.runAhead ? formatNumber(decode.runAhead.tokensPerSecond.median) : null,
    ),
    phase: 'generatedTokens',
    isOptional: true,
  },
  {
    ...right('TTFT', 'ms', ({ prefill }) => prefill && formatNumber(prefill.ttftMs.median)),
    phase: 'promptTokens',
  },
  {
    ...right('TPOT', 'p50 ms', ({ decode }) =>
      decode === null || decode.tpotMs.p50 === null ? null : formatNumber(decode.tpotMs.p50),
    ),
    phase: 'generatedTokens',
  },
  right('weights', 'MB', ({ memory }) => megabytes(memory.weightsBytes)),
  right('KV', 'MB', ({ memory }) => megabytes(memory.kvCacheBytes)),
  right('GPU', 'peak MB', ({ memory }) => gpuPeak(memory)),
  right('RSS', 'peak MB', ({ memory }) => megabytes(memory.peakRssBytes)),
  {
    ...right('input', '$/Mtok', ({ cost }) => usd(cost?.inputUsdPerMtok?.median)),
    phase: 'promptTokens',
  },
  {
    ...right('output', '$/Mtok', ({ cost }) => usd(cost?.outputUsdPerMtok?.median)),
    phase: 'generatedTokens',
  },
];

/** `int4 f16 f32`: weights, KV cache and activations as they ran. */
export function formatsName(record: BenchRecord): string {
  const { weights, kv, activations } = record.cell.variant;
  return `${weights} ${kv} ${activations}`;
}

/** `wgsl`, or `wgsl in chromium` where the host is not Node. */
export function backendName(record: BenchRecord): string {
  const { backend, host } = record.cell;
  return host === 'node' ? backend : `${backend} in ${host}`;
}

function right(title: string, unit: string, text: (record: BenchRecord) => string | null): Column {
  return { title, unit, align: 'right', text };
}

function megabytes(bytes: number | null): string | null {
  return bytes === null ? null : formatMegabytes(bytes);
}

/** An engine that hides its peak holds its weights and cache at least: `≥1.34`. */
function gpuPeak({
  peakGpuBytes,
  weightsBytes,
  kvCacheBytes,
}: BenchRecord['memory']): string | null {
  if (peakGpuBytes !== null) return formatMegabytes(peakGpuBytes);
  if (weightsBytes === null || kvCacheBytes === null) return null;
  return `≥${formatMegabytes(weightsBytes + kvCacheBytes)}`;
}

function usd(value: number | undefined): string | null {
  return value === undefined ? null : formatNumber(value);
}

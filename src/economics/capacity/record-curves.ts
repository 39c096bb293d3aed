import { cellName } from '../../core/cell-name.ts';
import { BenchError } from '../../core/errors.ts';
import { upperPercentile } from '../../core/quantile.ts';
import type { BenchRecord } from '../../core/record.ts';
import { propagate } from '../propagate.ts';
import { exact, type Known, type Quantity, unknown } from '../quantity.ts';
import { recordRates } from '../tokens/record-rates.ts';
import {
  type RequestsPerSecond,
  type TokensPerSecond,
  type UsdPerHour,
  usdPerHour,
} from '../units.ts';
import type { LatencyName } from './latency.ts';
import type { LoadCurve, LoadPoint } from './load-curve.ts';

/**
 * Closed-loop curves from records: cells that differ in nothing but their batch are one deployment at several numbers
 * of concurrent requests. Of a batch that was measured again the last record counts. Groups of one batch are no curve
 * and are left out. Throws `usage` where none is left, and for records of one curve with different prices.
 */
export function recordCurves(records: readonly BenchRecord[], given: Known | null): LoadCurve[] {
  const groups = new Map<string, Map<number, BenchRecord>>();
  for (const record of records) {
    if (!servesRequests(record)) continue;
    const name = curveName(record);
    const byBatch = groups.get(name) ?? new Map<number, BenchRecord>();
    byBatch.set(record.cell.workload.batch, record);
    groups.set(name, byBatch);
  }
  const curves = [...groups]
    .filter(([, byBatch]) => byBatch.size > 1)
    .map(([name, byBatch]) => curveOf(name, [...byBatch.values()], given));
  if (curves.length === 0) {
    throw new BenchError(
      'usage',
      `No cell of ${records.length} records was measured at several batch sizes`,
      {
        hint: 'Measure some: mtok bench --batch 1,2,4,8.',
      },
    );
  }
  return curves;
}

/** Whether both phases of its requests were measured. */
function servesRequests({ cell, prefill, decode }: BenchRecord): boolean {
  const { promptTokens, generatedTokens } = cell.workload;
  return decode !== null && generatedTokens > 0 && (prefill !== null || promptTokens === 0);
}

/** The cell at batch 1 and its device: what the records of one curve share. */
function curveName({ cell, device }: BenchRecord): string {
  const name = cellName({ ...cell, workload: { ...cell.workload, batch: 1 } });
  return `${name} on ${device?.name ?? 'an unknown device'}`;
}

function curveOf(name: string, records: readonly BenchRecord[], given: Known | null): LoadCurve {
  const points = records.map(pointOf).sort((a, b) => a.load - b.load);
  return {
    name,
    label: null,
    loadUnit: 'concurrent',
    gpus: 1,
    ...priceOf(name, records, given),
    points,
    notes: [
      'Closed loop: so many requests at any time. Output tok/s counts the time of the prefills, and so does the cost.',
      ...softwareNotes(records),
    ],
  };
}

function softwareNotes(records: readonly BenchRecord[]): string[] {
  const flags = records.flatMap((record) => record.flags);
  const flag = flags.find(({ code }) => code === 'software-adapter');
  return flag === undefined ? [] : [flag.message];
}

function priceOf(
  name: string,
  records: readonly BenchRecord[],
  given: Known | null,
): { usdPerHour: Quantity<UsdPerHour>; priceSource: string } {
  if (given !== null) return { usdPerHour: given as Known<UsdPerHour>, priceSource: '--gpu-price' };
  const prices = [...new Set(records.map(({ cost }) => cost?.usdPerHour ?? null))];
  const [price = null] = prices;
  if (prices.length > 1) {
    const shown = prices.map((one) => one ?? 'none').join(', ');
    throw new BenchError('usage', `Records of ${name} have different prices: ${shown}`, {
      hint: 'Give one with --gpu-price.',
    });
  }
  if (price === null) {
    const reason = `the records of ${name} have no price; give one with --gpu-price`;
    return { usdPerHour: unknown(reason), priceSource: 'unknown' };
  }
  const { gpu, source, standIn } = records[0]?.cost?.price ?? {
    gpu: '',
    source: '',
    standIn: false,
  };
  const stand = standIn ? ', standing in for a machine without a GPU' : '';
  return { usdPerHour: exact(usdPerHour(price)), priceSource: `${gpu}: ${source}${stand}` };
}

/**
 * A batch as a closed loop: of N tokens in and M out each, requests take N/P + M/D seconds of the device, so that
 * 1 / (N/P + M/D) are served a second, with P and D the rates of the whole batch.
 */
function pointOf(record: BenchRecord): LoadPoint {
  const { promptTokens, generatedTokens, batch } = record.cell.workload;
  const { prefill, decode } = recordRates(record);
  const hasPrompt = promptTokens > 0;
  const rates = propagate(
    { prefill: hasPrompt ? prefill : exact(1), decode },
    (tps) => {
      const requests = 1 / (promptTokens / tps.prefill + generatedTokens / tps.decode);
      return { requests, output: generatedTokens * requests, input: promptTokens * requests };
    },
    { seed: record.seed },
  );
  return {
    load: batch,
    runs: 1,
    requestsPerSecond: rates.requests as Quantity<RequestsPerSecond>,
    outputTps: rates.output as Known<TokensPerSecond>,
    inputTps: rates.input as Quantity<TokensPerSecond>,
    latencyMs: latenciesOf(record),
    errorShare: unknown('records hold no failed requests'),
  };
}

function latenciesOf(record: BenchRecord): Map<LatencyName, Quantity> {
  const { prefill, decode } = record;
  const latencies = new Map<LatencyName, Quantity>();
  const set = (name: LatencyName, value: number | null | undefined) => {
    if (value !== null && value !== undefined) latencies.set(name, exact(value));
  };
  const prefills = record.launches.flatMap(({ repetitions }) =>
    repetitions.flatMap(({ prefillMs }) => prefillMs ?? []),
  );
  if (prefill !== null) {
    const { median: value, low, high } = prefill.ttftMs;
    latencies.set('ttft-p50', { value, low, high });
  }
  set('ttft-p95', upperPercentile(prefills, 0.95));
  set('ttft-p99', upperPercentile(prefills, 0.99));
  set('tpot-p50', decode?.tpotMs.p50);
  set('tpot-p95', decode?.tpotMs.p95);
  set('tpot-p99', decode?.tpotMs.p99);
  return latencies;
}

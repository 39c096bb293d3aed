import { BenchError } from '../../core/errors.ts';
import type { CsvTable } from '../files/csv-table.ts';
import { shownValue } from '../files/problem-text.ts';
import { type LatencyName, latencyColumn } from './latency.ts';

/** Columns of a load curve by other names that load tests give them, lower case, words joined by `_`. */
const ALIASES = {
  config: ['config', 'configuration', 'label', 'deployment', 'setup'],
  load: [
    ...['offered_load', 'offered_rps', 'offered_load_rps', 'offered_requests_per_second', 'rps'],
    ...['request_rate', 'arrival_rate', 'qps', 'load', 'lambda'],
  ],
  concurrency: ['concurrency', 'max_concurrency', 'concurrent_requests', 'batch'],
  served: [
    ...['achieved_rps', 'request_throughput', 'achieved_request_throughput', 'served_rps'],
    ...['completed_rps', 'requests_per_second', 'achieved_requests_per_second'],
  ],
  outputTps: [
    ...['output_tps', 'tps_output', 'output_throughput', 'output_token_throughput'],
    ...['output_tokens_per_second', 'output_tok_s', 'generation_throughput'],
  ],
  inputTps: [
    ...['input_tps', 'tps_input', 'input_throughput', 'input_token_throughput', 'input_tok_s'],
    ...['input_tokens_per_second', 'prompt_throughput'],
  ],
  totalTps: ['total_tps', 'tps_total', 'total_token_throughput', 'total_tokens_per_second'],
  errorShare: ['error_rate', 'error_share', 'failure_rate'],
  errorPercent: ['error_rate_pct', 'error_rate_percent', 'error_pct'],
  gpus: ['gpus', 'num_gpus', 'gpu_count', 'n_gpus'],
  usdPerGpuHour: [
    ...['usd_per_gpu_hour', 'price_per_gpu_hour', 'gpu_price', 'gpu_hour_usd'],
    'cost_per_gpu_hour',
  ],
  usdPerHour: ['usd_per_hour_total', 'total_usd_per_hour', 'deployment_usd_per_hour'],
  /** Of one GPU or of all: the name does not say. */
  price: [
    ...['gpu_cost_hr', 'price_per_hour', 'cost_per_hour', 'usd_per_hour', 'hourly_cost'],
    ...['hourly_price', 'price', 'gpu_price_hr'],
  ],
  statedUsdPerMtok: ['c_eff_per_mtok', 'usd_per_mtok_output', 'usd_per_mtok', 'cost_per_mtok'],
} as const satisfies Record<string, readonly string[]>;

export type CurveField = keyof typeof ALIASES;

/** Columns that say what was measured; one value in a configuration. */
const FACTS = ['engine', 'model', 'precision', 'hardware'] as const;

export interface CurveColumns {
  /** The file's name of each field that it has. */
  fields: Readonly<Partial<Record<CurveField, string>>>;
  latencies: ReadonlyMap<LatencyName, { column: string; msPerUnit: number }>;
  facts: readonly string[];
  /** What `nvidia-smi` calls utilisation: never used. */
  gpuUtilization: string | null;
  dialect: 'vllm-cost-meter' | null;
}

/** Finds the columns of a curve. Throws `usage` for two columns of one meaning and for curves without load or tokens. */
export function curveColumns({ file, columns }: CsvTable): CurveColumns {
  const fields: Partial<Record<CurveField, string>> = {};
  for (const field of Object.keys(ALIASES) as CurveField[]) {
    const known: readonly string[] = ALIASES[field];
    const named = columns.filter((column) => known.includes(plainName(column)));
    if (named.length > 1) throw ambiguous(file, named);
    if (named[0] !== undefined) fields[field] = named[0];
  }
  if (fields.load !== undefined && fields.concurrency !== undefined) {
    // An offered rate with a cap on concurrency is still an offered rate.
    delete fields.concurrency;
  }
  if (fields.load === undefined && fields.concurrency === undefined) {
    throw missing(file, 'loads', [...ALIASES.load, 'concurrency'], columns);
  }
  if (fields.outputTps === undefined) {
    throw missing(file, 'output tokens per second', ALIASES.outputTps, columns);
  }
  const utilization = columns.find((column) => /^gpu_util/.test(plainName(column)));
  return {
    fields,
    latencies: latencyColumns(file, columns),
    facts: columns.filter((column) => FACTS.some((fact) => fact === plainName(column))),
    gpuUtilization: utilization ?? null,
    dialect: isCostMeter(columns) ? 'vllm-cost-meter' : null,
  };
}

/** The result tables of vllm-cost-meter have these columns together. */
function isCostMeter(columns: readonly string[]): boolean {
  return ['rps', 'tps_output', 'gpus', 'gpu_cost_hr', 'c_eff_per_mtok'].every((name) =>
    columns.includes(name),
  );
}

function latencyColumns(file: string, columns: readonly string[]): CurveColumns['latencies'] {
  const found = new Map<LatencyName, { column: string; msPerUnit: number }>();
  for (const column of columns) {
    const latency = latencyColumn(column);
    if (latency === null) continue;
    const earlier = found.get(latency.name);
    if (earlier !== undefined) throw ambiguous(file, [earlier.column, column]);
    found.set(latency.name, { column, msPerUnit: latency.msPerUnit });
  }
  return found;
}

function plainName(column: string): string {
  return column
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

function ambiguous(file: string, columns: readonly string[]): BenchError {
  const shown = columns.map((column) => shownValue(column)).join(' and ');
  return new BenchError('usage', `${file}:1: the columns ${shown} mean the same`, {
    hint: 'Rename or remove one of them.',
  });
}

function missing(
  file: string,
  what: string,
  names: readonly string[],
  columns: readonly string[],
): BenchError {
  return new BenchError('usage', `${file}:1: no column of ${what}`, {
    hint: `Name it ${names.slice(0, 4).join(', ')}; the file has ${shownValue(columns.join(', '))}.`,
  });
}

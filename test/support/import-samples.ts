import type { ImportedMetric, ImportedRun } from '../../src/core/import-record.ts';

/** A row of llama-bench: prefills of 64 tokens in 2, 4 and 5 ms. Its figures were computed apart from mtok. */
export const llamaBenchRow = {
  build_commit: 'abc1234',
  build_number: 42,
  cpu_info: 'Some CPU',
  gpu_info: 'NVIDIA H100',
  backends: 'CUDA',
  model_filename: 'models/tiny.gguf',
  model_type: 'llama 1B Q4_0',
  n_batch: 2048,
  type_k: 'f16',
  flash_attn: -1,
  embeddings: false,
  n_prompt: 64,
  n_gen: 0,
  n_depth: 0,
  test_time: '2026-01-02T03:04:05Z',
  avg_ns: 3666666,
  stddev_ns: 1527527, // in whole numbers; the true one is 1527525
  avg_ts: 20266.666667,
  stddev_ts: 10286.560812,
  samples_ns: [2000000, 4000000, 5000000],
  samples_ts: [32000, 16000, 12800],
};

/** A result of vLLM's bench serve in ms, with the times of three requests and one that failed. */
export const vllmResult = {
  date: '20260102-030405',
  backend: 'vllm',
  model_id: 'org/model',
  tokenizer_id: 'org/model',
  num_prompts: 4,
  request_rate: 'inf',
  burstiness: 1,
  max_concurrency: 4,
  duration: 2,
  completed: 3,
  failed: 1,
  total_input_tokens: 60,
  total_output_tokens: 9,
  request_throughput: 1.5,
  'request_goodput:': null,
  output_throughput: 4.5,
  total_token_throughput: 34.5,
  input_lens: [10, 20, 30, 40],
  output_lens: [3, 5, 1, 0],
  ttfts: [0.1, 0.2, 0.3, 0],
  itls: [[0.02, 0.04], [0.01, 0.01, 0.01, 0.05], [], []],
  generated_texts: ['\u001b[31m', '', '', ''],
  errors: ['', '', '', 'refused'],
  mean_ttft_ms: 200.00000000000003,
  median_ttft_ms: 200,
  std_ttft_ms: 81.6496580927726,
  p99_ttft_ms: 298,
  mean_tpot_ms: 25,
  median_tpot_ms: 25,
  std_tpot_ms: 4.999999999999997,
  'p99.9_tpot_ms': 29.99,
  mean_itl_ms: 23.333333333333332,
  median_itl_ms: 15,
  std_itl_ms: 15.986105077709066,
  p99_itl_ms: 49.5,
  mean_e2el_ms: 246.66666666666669,
  median_e2el_ms: 280,
};

const tokens = (value: number) => ({ value, unit: 'tokens' });
const ms = <T>(value: T) => ({ value, unit: 'ms' });

/** Three requests of AIPerf, one that warmed up and one that failed. */
export const aiperfRequests = [
  aiperfRequest(0, 0.25, { phase: 'warmup', ttft: 9, latency: 250, output: 2, gap: 1 }),
  aiperfRequest(1, 1.5, { phase: 'profiling', ttft: 100, latency: 500, output: 5, gap: 100 }),
  aiperfRequest(1.5, 2.5, { phase: 'profiling', ttft: 200, latency: 1000, output: 11, gap: 80 }),
  aiperfRequest(2, 3.6, { phase: 'profiling', ttft: 400, latency: 1600, output: 13, gap: 100 }),
  {
    metadata: { request_start_ns: 2e9, request_end_ns: 9e9, benchmark_phase: 'profiling' },
    metrics: null,
    error: { code: 499, type: 'RequestCancellationError', message: 'gone' },
  },
];

function aiperfRequest(
  startSeconds: number,
  endSeconds: number,
  times: { phase: string; ttft: number; latency: number; output: number; gap: number },
) {
  return {
    metadata: {
      session_num: 1,
      request_start_ns: startSeconds * 1e9,
      request_end_ns: endSeconds * 1e9,
      benchmark_phase: times.phase,
      was_cancelled: false,
    },
    metrics: {
      input_sequence_length: tokens(20),
      output_sequence_length: tokens(times.output),
      time_to_first_token: ms(times.ttft),
      request_latency: ms(times.latency),
      inter_token_latency: ms(times.gap),
      inter_chunk_latency: ms([times.gap, times.gap]),
      output_token_throughput_per_user: { value: 1000 / times.gap, unit: 'tokens/sec/user' },
    },
    error: null,
  };
}

const total = (unit: string, avg: number) => ({ unit, avg });

/** AIPerf's summary of those requests, as schema 1.x writes it. */
export const aiperfSummary = {
  schema_version: '1.5',
  aiperf_version: '0.9.0',
  was_cancelled: false,
  start_time: '2026-01-02T03:04:05',
  input_config: {
    endpoint: { model_names: ['org/model'], type: 'chat' },
    loadgen: { concurrency: 1 },
    cli_command: 'aiperf profile --api-key secret',
  },
  telemetry_data: {
    endpoints: { host: { gpus: { gpu_0: { gpu_name: 'NVIDIA H100' } } } },
  },
  request_count: total('requests', 3),
  error_request_count: total('requests', 1),
  benchmark_duration: total('sec', 2.6),
  total_isl: total('tokens', 60),
  total_osl: total('tokens', 29),
  request_throughput: total('requests/sec', 1.1538461538461537),
  output_token_throughput: total('tokens/sec', 11.153846153846153),
  input_sequence_length: { unit: 'tokens', avg: 20, p50: 20, count: 3 },
  output_sequence_length: { unit: 'tokens', avg: 9.666666666666666, p50: 11, count: 3 },
  request_latency: {
    unit: 'ms',
    avg: 1033.3333333333333,
    min: 500,
    max: 1600,
    p1: 510,
    p50: 1000,
    p90: 1480,
    p99: 1588,
    std: 550.7570547286102,
    count: 3,
  },
  time_to_first_token: {
    unit: 'ms',
    avg: 233.33333333333334,
    p50: 200,
    p99: 396,
    std: 124.72191289246472, // this one divided by n
    count: 3,
  },
  inter_token_latency: { unit: 'ms', avg: 93.33333333333333, p50: 100, p1: 80.4, count: 3 },
};

/**
 * AIPerf's figures over five runs, by the list of fields in its tutorial on multi-run confidence (Apache-2.0), with
 * values of our own: throughputs 98, 101, 100, 103 and 108; t of 4 degrees of freedom as SciPy prints it.
 */
export const aiperfConfidence = {
  metadata: {
    aggregation_type: 'confidence',
    num_profile_runs: 6,
    num_successful_runs: 5,
    failed_runs: [{ label: 'run_0003', error: 'Connection timeout' }],
    confidence_level: 0.95,
    cooldown_seconds: 10,
    run_labels: ['run_0001', 'run_0002', 'run_0004', 'run_0005', 'run_0006'],
  },
  metrics: {
    output_token_throughput_avg: {
      mean: 102,
      std: 3.8078865529319543,
      min: 98,
      max: 108,
      cv: 0.037332221107176024,
      se: 1.7029386365926402,
      ci_low: 97.27188435798016,
      ci_high: 106.72811564201984,
      t_critical: 2.7764451051977987,
      unit: 'tokens/sec',
    },
    time_to_first_token_p99: {
      mean: 0.2,
      std: 0,
      min: 0.2,
      max: 0.2,
      cv: 0,
      se: 0,
      ci_low: 0.2,
      ci_high: 0.2,
      t_critical: 2.7764451051977987,
      unit: 'sec',
    },
    request_count_avg: { mean: 50, std: 0, unit: 'requests' },
    input_sequence_length_avg: { mean: 512.5, std: 0.5, unit: 'tokens' },
  },
};

export const jsonLines = (values: readonly unknown[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** The metric of that name; throws where there is none. */
export function metricNamed(run: ImportedRun | undefined, name: string): ImportedMetric {
  const metric = run?.metrics.find((one) => one.name === name);
  if (metric === undefined) throw new Error(`no metric ${name}`);
  return metric;
}

/** Figures that were computed again and differ. */
export function differing(run: ImportedRun | undefined): string[] {
  return (run?.checks ?? []).filter(({ isEqual }) => !isEqual).map(({ figure }) => figure);
}

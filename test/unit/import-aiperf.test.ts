import { describe, expect, it } from 'vitest';
import { checkSummary } from '../../src/imports/aiperf-checks.ts';
import { importText } from '../../src/imports/import-text.ts';
import {
  aiperfConfidence,
  aiperfRequests,
  aiperfSummary,
  differing,
  jsonLines,
  metricNamed,
} from '../support/import-samples.ts';

const summaryOf = (changes: object = {}) =>
  importText(JSON.stringify({ ...aiperfSummary, ...changes }), 'file')[0];
const requestsOf = (lines: readonly unknown[] = aiperfRequests) =>
  importText(jsonLines(lines), 'file')[0];

describe('a summary of AIPerf', () => {
  it('tells version, model, device and load, and no command line that may hold a key', () => {
    const run = summaryOf();
    expect(run).toMatchObject({
      format: 'aiperf-aggregate',
      tool: { name: 'AIPerf', version: '0.9.0' },
      model: 'org/model',
      device: 'NVIDIA H100',
      workload: {
        promptTokens: 20,
        generatedTokens: 9.666666666666666,
        concurrency: 1,
        requests: 3,
        failedRequests: 1,
      },
    });
    expect(JSON.stringify(run)).not.toContain('secret');
  });

  it('computes totals and rates again', () => {
    expect(summaryOf()?.checks.map(({ figure }) => figure)).toEqual([
      'request_throughput',
      'output_token_throughput',
      'total_isl',
      'total_osl',
    ]);
    expect(differing(summaryOf())).toEqual([]);
    const wrong = { output_token_throughput: { unit: 'tokens/sec', avg: 11.16 } };
    expect(differing(summaryOf(wrong))).toEqual(['output_token_throughput']);
  });

  it('calls a mean TPOT of each request inter-token latency', () => {
    const alone = metricNamed(summaryOf(), 'inter_token_latency');
    expect(alone).toMatchObject({ unit: 'ms', value: 100, statistic: 'median' });
    expect(alone.comparability.status).toBe('convertible');
    const loaded = summaryOf({ input_config: { loadgen: { concurrency: 100 } } });
    expect(metricNamed(loaded, 'inter_token_latency').comparability).toMatchObject({
      status: 'not comparable',
      why: expect.stringContaining('several requests at once'),
    });
  });

  it('marks lengths comparable and unheard-of metrics not', () => {
    const run = summaryOf({ novel_metric: { unit: 'sec', avg: 2 } });
    expect(metricNamed(run, 'output_sequence_length').comparability.status).toBe('comparable');
    expect(metricNamed(run, 'novel_metric')).toMatchObject({
      unit: 'ms',
      value: 2000,
      comparability: { status: 'not comparable' },
    });
  });

  it('of the early schema has its metrics under records', () => {
    const { input_config, ...metrics } = aiperfSummary;
    const early = {
      records: {
        request_count: metrics.request_count,
        ttft: { tag: 'ttft', ...metrics.time_to_first_token, p5: null },
      },
      input_config,
    };
    const [run] = importText(JSON.stringify(early), 'file');
    expect(metricNamed(run, 'ttft')).toMatchObject({
      value: 200,
      sampleCount: 3,
      others: { mean: 233.33333333333334, p99: 396 },
      spread: { kind: 'sd', value: 124.72191289246472 },
    });
  });

  it('names several GPUs with their number', () => {
    const gpus = { a: { gpu_name: 'NVIDIA H100' }, b: { gpu_name: 'NVIDIA H100' } };
    const run = summaryOf({ telemetry_data: { endpoints: { host: { gpus } } } });
    expect(run?.device).toBe('2 x NVIDIA H100');
  });
});

describe('requests of AIPerf', () => {
  it('come to means, percentiles and rates of those that were timed and succeeded', () => {
    const run = requestsOf();
    expect(run?.workload).toMatchObject({ requests: 3, failedRequests: 1, promptTokens: 20 });
    expect(metricNamed(run, 'request_latency')).toMatchObject({
      value: 1000,
      samples: [500, 1000, 1600],
      isComputed: true,
    });
    expect(metricNamed(run, 'request_latency').others.p90).toBeCloseTo(1480, 9);
    expect(metricNamed(run, 'request_latency').spread?.value).toBeCloseTo(550.7570547286102, 9);
    expect(metricNamed(run, 'inter_chunk_latency').sampleCount).toBe(6);
    // From the first start at 1 s to the last end at 3.6 s.
    expect(metricNamed(run, 'request_throughput').value).toBeCloseTo(3 / 2.6, 9);
    expect(metricNamed(run, 'output_token_throughput').value).toBeCloseTo(29 / 2.6, 9);
  });

  it('each follow from their own times', () => {
    expect(requestsOf()?.checks.map(({ figure }) => figure)).toEqual([
      'inter_token_latency, the worst of its requests',
      'output_token_throughput_per_user, the worst of its requests',
    ]);
    expect(differing(requestsOf())).toEqual([]);
    const lines = structuredClone(aiperfRequests);
    const metrics = lines[2]?.metrics;
    if (metrics && 'inter_token_latency' in metrics) metrics.inter_token_latency.value = 81;
    expect(differing(requestsOf(lines))).toHaveLength(2);
  });

  it('prove their summary', () => {
    const [summary, requests] = [summaryOf(), requestsOf()];
    if (!summary || !requests) throw new Error('no run');
    const checks = checkSummary(summary, requests);
    expect(checks.filter(({ isEqual }) => !isEqual)).toEqual([]);
    expect(checks.length).toBeGreaterThanOrEqual(18);
    const sds = checks.filter(({ figure }) => figure.endsWith(' sd')).map(({ how }) => how);
    expect(sds).toEqual(['sample sd of the requests', 'population sd of the requests']);
  });

  it('show a summary that is not theirs', () => {
    const summary = summaryOf({
      request_latency: { unit: 'ms', avg: 1033.4, p50: 1000, p99: 1600 },
    });
    const requests = requestsOf();
    if (!summary || !requests) throw new Error('no run');
    const wrong = checkSummary(summary, requests).filter(({ isEqual }) => !isEqual);
    expect(wrong.map(({ figure }) => figure)).toEqual([
      'request_latency mean',
      'request_latency p99',
    ]);
  });

  it('may fall below 0 only where no time, rate or length does', () => {
    const withMetric = (metrics: object) => {
      const line = aiperfRequests[1];
      return [{ ...line, metrics: { ...line?.metrics, ...metrics } }];
    };
    const odd = requestsOf(withMetric({ osl_mismatch_pct: { value: -3, unit: '%' } }));
    expect(metricNamed(odd, 'osl_mismatch_pct').value).toBe(-3);
    const negative = withMetric({ request_latency: { value: -1, unit: 'ms' } });
    expect(() => requestsOf(negative)).toThrow(/request_latency is -1, expected 0 or more/);
    expect(() => summaryOf({ request_latency: { unit: 'ms', avg: -1 } })).toThrow(/is -1/);
  });

  it('without one that succeeded are no result', () => {
    expect(() => requestsOf(aiperfRequests.slice(-1))).toThrow(/no request/);
  });
});

describe('figures of AIPerf over repeated runs', () => {
  const runOf = (change: (file: typeof aiperfConfidence) => void = () => {}) => {
    const file = structuredClone(aiperfConfidence);
    change(file);
    return importText(JSON.stringify(file), 'file')[0];
  };

  it('are means with the interval that the file gives', () => {
    const run = runOf();
    expect(run).toMatchObject({
      format: 'aiperf-confidence',
      workload: { promptTokens: 512.5, generatedTokens: null, concurrency: null },
      settings: { 'confidence level': 0.95, 'successful runs': 5, runs: 6, 'failed runs': 1 },
    });
    expect(run?.metrics.map(({ name }) => name)).not.toContain('request_count_avg');
    expect(metricNamed(run, 'output_token_throughput_avg')).toMatchObject({
      unit: 'tokens/s',
      value: 102,
      statistic: 'mean of 5 runs',
      spread: { kind: 'sample sd', value: 3.8078865529319543 },
      others: { ci_low: 97.27188435798016, ci_high: 106.72811564201984, se: 1.7029386365926402 },
      sampleCount: 5,
      rateOf: 'output',
      comparability: { status: 'convertible' },
    });
    expect(metricNamed(run, 'time_to_first_token_p99')).toMatchObject({
      unit: 'ms',
      value: 200,
      statistic: 'mean of p99 over 5 runs',
      comparability: { status: 'not comparable' },
    });
    expect(metricNamed(run, 'input_sequence_length_avg').comparability.status).toBe('comparable');
  });

  it('are computed again from mean, deviation and number of runs', () => {
    const run = runOf();
    expect(differing(run)).toEqual([]);
    expect(run?.checks.map(({ figure }) => figure).slice(0, 5)).toEqual(
      ['se', 'ci_low', 'ci_high', 'cv', 't_critical'].map(
        (figure) => `output_token_throughput_avg ${figure}`,
      ),
    );
    expect(run?.checks).toHaveLength(10); // no interval of lengths in the file
  });

  it.each([
    ['se', 1.71],
    ['ci_low', 97.2718],
    ['ci_high', 106.8],
    ['cv', 0.0374],
    ['t_critical', 2.571],
  ] as const)('show a %s that is wrong', (figure, value) => {
    const run = runOf(({ metrics }) => {
      metrics.output_token_throughput_avg[figure] = value;
    });
    expect(differing(run)).toContain(`output_token_throughput_avg ${figure}`);
  });

  it('may be rounded for the eye', () => {
    const rounded = runOf(({ metrics }) => {
      const own = metrics.output_token_throughput_avg;
      Object.assign(own, { std: 3.81, cv: 0.037, se: 1.7, ci_low: 97.27, ci_high: 106.73 });
      own.t_critical = 2.776;
    });
    expect(differing(rounded)).toEqual([]);
  });

  it('take t for another level as the file gives it', () => {
    const run = runOf((file) => {
      file.metadata.confidence_level = 0.99;
      for (const entry of Object.values(file.metrics)) {
        if ('t_critical' in entry) Object.assign(entry, { t_critical: 4.604094871349993 });
      }
    });
    expect(run?.checks.some(({ figure }) => figure.endsWith('t_critical'))).toBe(false);
    expect(differing(run)).toEqual([
      'output_token_throughput_avg ci_low',
      'output_token_throughput_avg ci_high',
    ]);
  });

  it.each([
    ['a single run', { num_successful_runs: 1 }, /num_successful_runs/],
    ['another aggregation', { aggregation_type: 'sweep' }, /aggregation_type/],
    ['no level', { confidence_level: 95 }, /confidence_level/],
  ])('are refused with %s', (_, metadata, message) => {
    expect(() => runOf((file) => Object.assign(file.metadata, metadata))).toThrow(message);
  });
});

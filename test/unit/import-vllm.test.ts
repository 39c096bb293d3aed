import { describe, expect, it } from 'vitest';
import type { ImportedRun } from '../../src/core/import-record.ts';
import { importText } from '../../src/imports/import-text.ts';
import { differing, jsonLines, metricNamed, vllmResult } from '../support/import-samples.ts';

function read(changes: object = {}): ImportedRun {
  const [run] = importText(JSON.stringify({ ...vllmResult, ...changes }), 'file');
  if (run === undefined) throw new Error('no run');
  return run;
}

/** The same result in the dialect of seconds. */
function inSeconds(): object {
  const entries = Object.entries(vllmResult).map(([name, value]) =>
    name.endsWith('_ms') && typeof value === 'number'
      ? [name.slice(0, -3), value / 1000]
      : [name, value],
  );
  return Object.fromEntries(entries);
}

describe('vLLM bench serve', () => {
  it('tells model, load and lengths', () => {
    expect(read()).toMatchObject({
      format: 'vllm-serve',
      tool: { name: 'vLLM bench serve', version: null },
      model: 'org/model',
      backend: 'vllm',
      device: null,
      workload: {
        promptTokens: 20,
        generatedTokens: 3,
        concurrency: 4,
        requests: 3,
        failedRequests: 1,
      },
      settings: { request_rate: 'inf', burstiness: 1, 'latencies in': 'ms (_ms keys)' },
    });
  });

  it('computes rates, means, deviations and percentiles again', () => {
    const run = read();
    expect(differing(run)).toEqual([]);
    expect(run.checks.map(({ figure }) => figure)).toEqual(
      expect.arrayContaining([
        'request_throughput',
        'output_throughput',
        'total_token_throughput',
        'total_input_tokens',
        'mean_ttft_ms',
        'std_ttft_ms',
        'p99_ttft_ms',
        'median_tpot_ms',
        'p99.9_tpot_ms',
        'median_itl_ms',
        'mean_e2el_ms',
      ]),
    );
  });

  it.each([
    ['request_throughput', 1.51],
    ['total_token_throughput', 34.4],
    ['total_input_tokens', 61],
    ['mean_ttft_ms', 200.0001],
    ['std_tpot_ms', 7.0711], // divided by n - 1
    ['p99_ttft_ms', 300], // the nearest, not interpolated
    ['mean_itl_ms', 25],
  ])('finds a wrong %s', (name, value) => {
    expect(differing(read({ [name]: value }))).toContain(name);
  });

  it('gives the same in ms, whichever unit its dialect has', () => {
    const seconds = importText(JSON.stringify(inSeconds()), 'file')[0];
    expect(seconds?.settings['latencies in']).toBe('seconds');
    expect(differing(seconds)).toEqual([]);
    for (const name of ['ttft', 'tpot', 'itl', 'e2el']) {
      const inMs = metricNamed(read(), name);
      const other = metricNamed(seconds, name);
      expect(other.unit).toBe('ms');
      expect(other.value).toBeCloseTo(inMs.value, 9);
      expect(other.spread?.value ?? 0).toBeCloseTo(inMs.spread?.value ?? 0, 9);
      expect(Object.keys(other.others)).toEqual(Object.keys(inMs.others));
    }
  });

  it('leaves failed requests out and keeps every gap', () => {
    expect(metricNamed(read(), 'ttft').samples).toEqual([100, 200, 300]);
    expect(metricNamed(read(), 'itl').sampleCount).toBe(6);
    expect(metricNamed(read(), 'tpot').sampleCount).toBe(2); // one request has a single token
  });

  it('is under load no single stream; its rates can be charged a whole bill', () => {
    const statuses = Object.fromEntries(
      read().metrics.map(({ name, comparability, rateOf }) => [
        name,
        [comparability.status, rateOf],
      ]),
    );
    expect(statuses).toEqual({
      request_throughput: ['not comparable', null],
      output_throughput: ['convertible', 'output'],
      total_token_throughput: ['convertible', 'total'],
      ttft: ['not comparable', null],
      tpot: ['not comparable', null],
      itl: ['not comparable', null],
      e2el: ['not comparable', null],
    });
  });

  it('has a TPOT that can be converted where requests came one by one', () => {
    const { comparability } = metricNamed(read({ max_concurrency: 1 }), 'tpot');
    expect(comparability).toMatchObject({
      status: 'convertible',
      how: expect.stringContaining('1000 / TPOT'),
    });
  });

  it('without lists has rates to compute again, and no samples', () => {
    const { ttfts: _ttfts, itls: _itls, output_lens: _lens, ...summary } = vllmResult;
    const [run] = importText(JSON.stringify(summary), 'file');
    expect(metricNamed(run, 'ttft').samples).toBeNull();
    expect(run?.checks.map(({ figure }) => figure)).toContain('output_throughput');
    expect(run?.checks.map(({ figure }) => figure)).not.toContain('mean_ttft_ms');
  });

  it('may be one of several in a file', () => {
    expect(importText(jsonLines([vllmResult, vllmResult]), 'file')).toHaveLength(2);
  });

  it('never keeps what a model generated', () => {
    expect(JSON.stringify(read())).not.toContain('[31m');
  });

  it.each([
    [{ mean_ttft: 0.2 }, /tells mean_ttft in ms and in seconds/],
    [{ itls: [[0.1]] }, /1 itls, but 4 ttfts/],
    [{ duration: 0 }, /duration/],
    [{ duration: '2' }, /duration/],
    [{ completed: -1 }, /completed/],
    [{ mean_ttft_ms: 'fast' }, /mean_ttft_ms/],
  ])('refuses %j', (changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });
});

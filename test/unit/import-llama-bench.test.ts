import { describe, expect, it } from 'vitest';
import { importText } from '../../src/imports/import-text.ts';
import { differing, jsonLines, llamaBenchRow, metricNamed } from '../support/import-samples.ts';

const read = (text: string) => importText(text, 'file');
const json = (changes: object = {}) => JSON.stringify([{ ...llamaBenchRow, ...changes }]);
const decode = { n_prompt: 0, n_gen: 64 };

describe('llama-bench as JSON', () => {
  it('tells tool, model, device, workload and settings', () => {
    const [run] = read(json({ n_depth: 512 }));
    expect(run).toMatchObject({
      format: 'llama-bench-json',
      tool: { name: 'llama-bench', version: 'abc1234 (42)' },
      model: 'tiny.gguf',
      backend: 'CUDA',
      device: 'NVIDIA H100',
      measuredAt: '2026-01-02T03:04:05Z',
      workload: { promptTokens: 64, generatedTokens: 0, depth: 512, concurrency: 1 },
    });
    expect(run?.settings).toEqual({
      model_type: 'llama 1B Q4_0',
      n_batch: 2048,
      type_k: 'f16',
      flash_attn: -1,
      embeddings: false,
    });
  });

  it('is a mean of rates that mtok does not compare with', () => {
    const metric = metricNamed(read(json())[0], 'avg_ts');
    expect(metric).toMatchObject({
      value: 20266.666667,
      statistic: 'mean of rates',
      rateOf: null,
      samples: [32000, 16000, 12800],
      spread: { kind: 'sample sd', value: 10286.560812 },
    });
    expect(metric.comparability).toMatchObject({
      status: 'not comparable',
      why: expect.stringContaining('mean of rates'),
    });
  });

  it('is converted by the median of its times: 64 tokens in 4 ms', () => {
    const [run] = read(json());
    expect(metricNamed(run, 'samples_ns')).toMatchObject({ unit: 'ms', value: 4, rateOf: null });
    expect(metricNamed(run, 'tokens / median time')).toMatchObject({
      value: 16000,
      isComputed: true,
      rateOf: 'prefill',
      comparability: { status: 'convertible', how: expect.stringContaining('n_prompt / time') },
    });
    const [other] = read(json(decode));
    expect(metricNamed(other, 'tokens / median time').rateOf).toBe('decode');
  });

  it('is not converted where one time covers both phases', () => {
    const [run] = read(json({ n_gen: 32 }));
    expect(metricNamed(run, 'tokens / median time').rateOf).toBeNull();
    expect(run?.metrics.map(({ comparability }) => comparability.status)).toEqual(
      Array(3).fill('not comparable'),
    );
  });

  it('computes every figure again to its printed digits', () => {
    const [run] = read(json());
    expect(run?.checks.map(({ figure, digits }) => [figure, digits])).toEqual([
      ['avg_ts', 11],
      ['stddev_ts', 11],
      ['avg_ns', 7],
      ['stddev_ns', 7],
      ['samples_ts[0], the worst of 3', 6],
    ]);
    expect(differing(run)).toEqual([]);
  });

  it.each([
    ['avg_ts', 20266.666669],
    ['stddev_ts', 10286.560814],
    ['avg_ns', 3666667],
    ['stddev_ns', 1527525],
  ])('finds a wrong last digit of %s', (name, value) => {
    expect(differing(read(json({ [name]: value }))[0])).toEqual([name]);
  });

  it('finds a wrong sample', () => {
    const [run] = read(json({ samples_ts: [32000, 16000.1, 12800] }));
    expect(differing(run)).toEqual(['samples_ts[1], the worst of 3']);
  });

  it('takes a deviation of identical samples, and one sample', () => {
    const same = { samples_ns: [3e6, 3e6, 3e6], samples_ts: null, avg_ts: 21333.333333 };
    expect(differing(read(json({ ...same, avg_ns: 3e6, stddev_ns: 0, stddev_ts: 0 }))[0])).toEqual(
      [],
    );
    const one = { samples_ns: [4e6], samples_ts: [16000], avg_ts: 16000, avg_ns: 4e6 };
    expect(differing(read(json({ ...one, stddev_ns: 0, stddev_ts: 0 }))[0])).toEqual([]);
  });

  it('of older versions lacks fields and has others', () => {
    const { n_depth: _, ...old } = llamaBenchRow;
    const [run] = read(JSON.stringify([{ ...old, flash_attn: true, use_mmap: true }]));
    expect(run?.workload.depth).toBeNull();
    expect(run?.settings).toMatchObject({ flash_attn: true, use_mmap: true });
  });

  it('may have a row a line', () => {
    const runs = read(jsonLines([llamaBenchRow, { ...llamaBenchRow, ...decode }]));
    expect(runs.map(({ format, workload }) => [format, workload.generatedTokens])).toEqual([
      ['llama-bench-jsonl', 0],
      ['llama-bench-jsonl', 64],
    ]);
    expect(read(jsonLines([llamaBenchRow]))[0]?.format).toBe('llama-bench-jsonl');
  });
});

/** The row without samples, every value quoted. */
const { samples_ns: _ns, samples_ts: _ts, ...flat } = llamaBenchRow;
const names = Object.keys(flat);

describe('llama-bench without samples', () => {
  const expectMeanTime = (text: string, format: string) => {
    const [run] = read(text);
    expect(run).toMatchObject({ format, model: 'tiny.gguf', checks: [] });
    expect(metricNamed(run, 'avg_ts')).toMatchObject({ value: 20266.666667, samples: null });
    // 64 tokens in 3.666666 ms on average: below the mean of rates.
    expect(metricNamed(run, 'tokens / mean time').value).toBeCloseTo(17454.5486, 3);
    return run;
  };

  it('as CSV', () => {
    const values = Object.values({ ...flat, cpu_info: 'A "quoted", CPU' });
    const row = values.map((value) => `"${String(value).replaceAll('"', '""')}"`).join(',');
    const run = expectMeanTime(`${names.join(',')}\n${row}\r\n`, 'llama-bench-csv');
    expect(run?.settings.n_batch).toBe('2048');
    const [cpu] = read(`${names.join(',')}\n${row.replace('"NVIDIA H100"', '""')}\n`);
    expect(cpu?.device).toBe('A "quoted", CPU');
  });

  it('as SQL, of which nothing is run', () => {
    const values = Object.values({ ...flat, gpu_info: "It's a GPU" });
    const row = values.map((value) => `'${String(value).replaceAll("'", "''")}'`).join(', ');
    const run = expectMeanTime(
      `CREATE TABLE IF NOT EXISTS llama_bench (\n  n_prompt INTEGER\n);\n\n` +
        `INSERT INTO llama_bench (${names.join(', ')}) VALUES (${row});\nDROP TABLE x;\n`,
      'llama-bench-sql',
    );
    expect(run?.device).toBe("It's a GPU");
  });

  it('as Markdown, behind what was printed before it', () => {
    const text = [
      'ggml_init: found 1 device',
      '| model | size | params | backend | threads | test | t/s |',
      '| ----- | ---: | -----: | ------- | ------: | ---: | --: |',
      '| llama 1B | 1.12 MiB | 0.29 M | CPU | 2 | pp64 | 21863.77 ± 422.87 |',
      '| llama 1B | 1.12 MiB | 0.29 M | CPU | 2 | pp512+tg128 @ d2048 | 10.50 ± 0.00 |',
      '',
      'build: de3ff81 (1)',
    ].join('\n');
    const [first, second] = read(text);
    expect(first).toMatchObject({
      model: 'llama 1B',
      tool: { version: 'de3ff81 (1)' },
      settings: { threads: '2', size: '1.12 MiB' },
      workload: { promptTokens: 64, generatedTokens: 0, depth: 0 },
    });
    expect(first?.metrics).toHaveLength(1);
    expect(first?.metrics[0]).toMatchObject({ value: 21863.77, statistic: 'mean of rates' });
    expect(first?.metrics[0]?.comparability.status).toBe('not comparable');
    expect(second?.workload).toMatchObject({
      promptTokens: 512,
      generatedTokens: 128,
      depth: 2048,
    });
  });
});

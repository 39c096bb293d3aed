import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { gpuRecord } from '../support/sample-records.ts';

let cwd: string;
const costFit = (...args: string[]) => runCli(['cost', 'fit', ...args], { cwd });
const llama70b = ['--params', '70e9', '--layers', '80', '--kv-heads', '8', '--head-dim', '128'];

/** Dimensions of Llama 3.1 8B's config.json. */
const config = {
  architectures: ['LlamaForCausalLM'],
  vocab_size: 128_256,
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 8192,
};

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  await mkdir(join(cwd, 'model'));
  await writeFile(join(cwd, 'model/config.json'), JSON.stringify(config));
  await mkdir(join(cwd, 'other'));
  await writeFile(
    join(cwd, 'other/config.json'),
    JSON.stringify({ ...config, architectures: ['MixtralForCausalLM'] }),
  );
  await writeFile(join(cwd, 'records.jsonl'), `${JSON.stringify(gpuRecord({ id: 'gpu-1' }))}\n`);
});

describe('cost fit', () => {
  it('says that 70 G f16 parameters do not fit on one GPU of 80 GB, and what is missing', async () => {
    const { code, stdout, stderr } = await costFit(
      ...[...llama70b, '--memory', '80GB', '--usable', '1', '--gpus', '1', '--context', '8192'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^f16 +f16 +8192 +140 +320 +2\.68 +2 +none +62\.7$/m);
    expect(stdout).toContain('Does not fit on 1 GPU: 2 of 4 rows');
    expect(stdout).toContain('Costs are unknown: --gpu-price was not given.');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('finds GPUs, batch, tokens and costs', async () => {
    const { stdout } = await costFit(
      ...[...llama70b, '--gpu', 'h100', '--usable', '100%', '--gpu-price', '2.85..3.50', '--pure'],
      ...['--sequence-tps', '30', '--context', '8192,131072', '--variant', 'f32,f16,int8,int4'],
      '--json',
    );
    const { rows, gpu } = JSON.parse(stdout);
    expect(gpu).toMatchObject({ memoryBytes: 80e9, bandwidthBytesPerSecond: { value: 3.35e12 } });
    expect(rows.map((row: { weightsBytes: number }) => row.weightsBytes / 1e9)).toEqual([
      ...[280, 280, 140, 140, 70, 70, 35, 35],
    ]);
    const [, , f16, f16Long] = rows;
    expect(f16).toMatchObject({ gpusNeeded: 2, gpus: 2, largestBatch: 7, kvTokens: 61_035 });
    expect(f16).toMatchObject({ kvBytesPerToken: 327_680, kvBytesPerSequence: 2.68435456e9 });
    expect(f16Long).toMatchObject({ kvBytesPerSequence: 42.94967296e9, gpusNeeded: 3 });
    expect(f16.usdPerHour).toEqual({
      value: expect.closeTo(6.35, 9),
      low: expect.closeTo(5.7, 9),
      high: expect.closeTo(7, 9),
    });
    expect(f16.outputUsdPerMtok.low).toBeCloseTo((5.7 * 1e6) / (3600 * 7 * 30), 9);
    expect(f16.leastOutputUsdPerMtok.value).toBeLessThan(f16.outputUsdPerMtok.value);
  });

  it('says where a rate is more than memory allows', async () => {
    const { stdout } = await costFit(
      ...[...llama70b, '--gpu', 'H100', '--variant', 'int4', '--sequence-tps', '900'],
    );
    expect(stdout).toContain('In 2 of 2 rows that is faster than memory allows');
  });

  it('reads models from files, exactly, up to their own context', async () => {
    const { stdout } = await costFit('--model', 'model', '--memory', '24GB', '--json');
    const { rows, model } = JSON.parse(stdout);
    expect(model.parameters).toBe(8_030_261_248);
    expect(rows.map((row: { contextTokens: number }) => row.contextTokens)).toEqual(
      new Array(4).fill(4096),
    );
    // matrices in 4.5 bits; norms in f16, as is the embedding, which is not shared here
    const embedding = 128_256 * 4096;
    const norms = 65 * 4096;
    const matrices = 8_030_261_248 - embedding - norms;
    expect(rows[3].weightsBytes).toBe((matrices * 4.5) / 8 + 2 * (embedding + norms));
    const preset = await costFit('--model', 'llama-3.1-70b', '--memory', '80GB', '--json');
    expect(JSON.parse(preset.stdout).model.parameters).toBeGreaterThan(70e9);
  });

  it('takes the bytes that a record measured', async () => {
    const { code, stdout } = await costFit(
      ...['--record', 'gpu-1', '--store', 'records.jsonl', '--memory', '8GiB', '--json'],
    );
    const { memory, cell } = gpuRecord();
    const { promptTokens, generatedTokens, depth, batch } = cell.workload;
    const tokens = batch * (depth + promptTokens + generatedTokens);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).rows[0]).toMatchObject({
      weights: cell.variant.weights,
      weightsBytes: memory.weightsBytes,
      kvBytesPerToken: (memory.kvCacheBytes ?? Number.NaN) / tokens,
    });
  });

  it('shows that a batch reads nearly all experts', async () => {
    const mixture = ['--params', '46.7e9', '--active-params', '12.9e9', '--experts', '8'];
    const shape = ['--layers', '32', '--kv-heads', '8', '--head-dim', '128'];
    const { stdout } = await costFit(
      ...[...mixture, '--active-experts', '2', ...shape, '--gpu', 'H100', '--variant', 'f16'],
    );
    expect(stdout.replaceAll('\n', ' ')).toContain(
      'reads 25 % at batch 1, 90.0 % at batch 8, 99.99 % at batch 32',
    );
    expect(stdout).toContain('all of them must fit');
  });

  it('takes memory and price of a GPU from a price book', async () => {
    const entry = {
      ...{ gpu: 'X1', provider: 'lab', kind: 'rented', usdPerGpuHour: 2, memoryBytes: 100e9 },
      ...{ source: 'a test', readOn: '2026-11-01' },
    };
    await writeFile(join(cwd, 'prices.json'), JSON.stringify({ gpus: [entry] }));
    const { stdout } = await costFit(
      ...[...llama70b, '--gpu', 'X1', '--prices', 'prices.json', '--variant', 'f16', '--json'],
    );
    const { gpu, rows } = JSON.parse(stdout);
    expect(gpu).toMatchObject({ memoryBytes: 100e9, usdPerGpuHour: { value: 2 } });
    expect(rows[0]).toMatchObject({ gpus: 2, usdPerHour: { value: 4 } });
    expect(rows[0].leastOutputUsdPerMtok.reason).toContain('give --bandwidth');
  });

  it.each([
    [[...llama70b, '--memory', '80'], '--memory got "80", expected a size with its unit'],
    [[...llama70b, '--memory', '-80GB'], '--memory got "-80GB"'],
    [llama70b, 'got no GPU'],
    [[...llama70b, '--gpu', 'A100'], 'A100'],
    [['--memory', '80GB'], 'got no model'],
    [['--params', '70e9', '--memory', '80GB'], 'all of --params, --layers'],
    [[...llama70b, '--memory', '80GB', '--usable', '0'], '--usable got "0"'],
    [[...llama70b, '--memory', '80GB', '--variant', 'fp9'], '--variant got "fp9"'],
    [[...llama70b, '--memory', '80GB', '--experts', '8'], 'both --experts and --active-experts'],
    [[...llama70b, '--memory', '80GB', '--bandwidth', '3.35TB'], '--bandwidth got "3.35TB"'],
    [['--params', '-1', ...llama70b.slice(2), '--memory', '80GB'], '--params got "-1"'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await costFit(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('of a model that cannot be run says how to give its numbers', async () => {
    const { code, stderr } = await costFit('--model', 'other', '--memory', '80GB');
    expect(code).toBe(1);
    expect(stderr).toContain('MixtralForCausalLM');
    expect(stderr).toContain('Any model can be given by --params');
  });
});

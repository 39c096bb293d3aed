import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import {
  floatBytes,
  safetensorsBytes,
  temporaryFolder,
  tinyHfConfig,
  tinyTensors,
  withHeader,
  writeModel,
} from '../support/model-directory.ts';

let cwd: string;
let model: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
  model = join(cwd, 'model');
  await mkdir(model);
});

const mtok = (...args: string[]) => runCli(args, { cwd, env: { MTOK_CACHE: join(cwd, 'cache') } });
const generate = (...args: string[]) =>
  mtok('generate', '--backend', 'reference', '-n', '2', '--model', model, ...args);
const withPrompt = () => generate('--prompt-tokens', '1,2');

/** One error for people, the exit code for scripts, nothing on stdout, no stack. */
function expectError(result: CliResult, exitCode: number, error: RegExp): void {
  const [first, ...others] = result.stderr.trimEnd().split('\n');
  expect(first).toMatch(error);
  expect(first).toMatch(/^mtok: [a-z-]+: /);
  expect(others.filter((line) => !line.startsWith('hint: '))).toEqual([]);
  expect(result.stderr).not.toMatch(/^ +at /m);
  expect(result.stdout).toBe('');
  expect(result.code).toBe(exitCode);
}

async function changeWeights(change: (tensors: ReturnType<typeof tinyTensors>) => void) {
  const tensors = tinyTensors();
  change(tensors);
  await writeModel(model, { tensors });
}

describe('a model that is none', () => {
  it('missing', async () => {
    expectError(
      await mtok(
        'generate',
        '--model',
        'no-such',
        '--prompt-tokens',
        '1',
        '--backend',
        'reference',
      ),
      1,
      /mtok: model: No model directory no-such/,
    );
  });

  it('a file', async () => {
    await writeFile(join(cwd, 'file.safetensors'), 'x');
    expectError(await mtok('models', 'file.safetensors'), 1, /mtok: model: .* is a file/);
  });

  it('a folder without config.json', async () => {
    expectError(await withPrompt(), 1, /mtok: model: .*no config\.json/);
  });

  it('config.json that is no JSON', async () => {
    await writeFile(join(model, 'config.json'), '{"model_type": ');
    expectError(await withPrompt(), 1, /mtok: model: .*config\.json: not valid JSON/);
  });

  it('another architecture: the error lists what is supported', async () => {
    const config = { ...tinyHfConfig, model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] };
    await writeModel(model, { config });
    const result = await withPrompt();
    expectError(result, 1, /mtok: model: .*gpt2/i);
    for (const name of ['llama', 'mistral', 'qwen2', 'qwen3']) {
      expect(result.stderr.toLowerCase()).toContain(name);
    }
  });

  it('no weights', async () => {
    await writeFile(join(model, 'config.json'), JSON.stringify(tinyHfConfig));
    expectError(await withPrompt(), 1, /mtok: model: .*no model\.safetensors/);
  });
});

describe('weights', () => {
  it('cut off', async () => {
    await writeModel(model);
    const path = join(model, 'model.safetensors');
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 100));
    expectError(await withPrompt(), 1, /mtok: model: .*model\.safetensors/);
  });

  it('with a header of an absurd length', async () => {
    await writeModel(model);
    const bytes = Buffer.alloc(64);
    bytes.writeBigUInt64LE(2n ** 62n);
    await writeFile(join(model, 'model.safetensors'), bytes);
    expectError(await withPrompt(), 1, /mtok: model: .*header/);
  });

  it('that overlap', async () => {
    await writeModel(model);
    const tensors = tinyTensors();
    const bytes = safetensorsBytes(tensors, (header) => {
      const [first, second] = Object.keys(header);
      const offsets = (header[first ?? ''] as { data_offsets: number[] }).data_offsets;
      const entry = header[second ?? ''] as { data_offsets: number[] };
      const length = (entry.data_offsets[1] ?? 0) - (entry.data_offsets[0] ?? 0);
      entry.data_offsets = [offsets[0] ?? 0, (offsets[0] ?? 0) + length];
    });
    await writeFile(join(model, 'model.safetensors'), bytes);
    expectError(await withPrompt(), 1, /mtok: model: .*overlap/);
  });

  it('whose header is nested without end', async () => {
    await writeModel(model);
    const depth = 100_000;
    const json = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    await writeFile(join(model, 'model.safetensors'), withHeader(json));
    expectError(await withPrompt(), 1, /mtok: model: /);
  });

  it('of another dtype', async () => {
    await changeWeights((tensors) => {
      tensors['model.norm.weight'] = { dtype: 'I64', shape: [8], data: new Uint8Array(64) };
    });
    expectError(await withPrompt(), 1, /mtok: model: .*model\.norm\.weight is I64/);
  });

  it('of another shape', async () => {
    await changeWeights((tensors) => {
      const data = floatBytes(Array(9).fill(1));
      tensors['model.norm.weight'] = { dtype: 'F32', shape: [9], data };
    });
    expectError(await withPrompt(), 1, /mtok: model: .*model\.norm\.weight is \[9\].*\[8\]/);
  });

  it('with NaN', async () => {
    await changeWeights((tensors) => {
      const data = floatBytes([1, 2, 3, Number.NaN, 5, 6, 7, 8]);
      tensors['model.norm.weight'] = { dtype: 'F32', shape: [8], data };
    });
    expectError(await withPrompt(), 1, /mtok: model: .*model\.norm\.weight holds NaN/);
    expect(await packedFiles()).toEqual([]);
  });
});

describe('what is asked of a model', () => {
  it('a token that the vocabulary does not have', async () => {
    await writeModel(model);
    expectError(await generate('--prompt-tokens', '1,11'), 2, /mtok: usage: Token 11 .*vocabulary/);
  });

  it('a prompt longer than the context', async () => {
    await writeModel(model);
    const prompt = Array(64).fill(1).join(',');
    expectError(await generate('--prompt-tokens', prompt), 2, /mtok: usage: .*context/);
  });

  it('a workload longer than the context', async () => {
    await writeModel(model);
    const result = await mtok('bench', '--backend', 'reference', '--model', model, '-p', '100');
    expectError(result, 2, /mtok: usage: .*context of 64 tokens/);
  });

  it('text, where there is no tokenizer', async () => {
    await writeModel(model);
    expectError(await generate('--prompt', 'Hello'), 1, /mtok: model: .*no tokenizer/);
  });

  it('a batch that no memory can hold', async () => {
    const result = await mtok(
      ...['bench', '--backend', 'reference', '--variant', 'int4', '--json', 'cells.json'],
      ...['--model', 'synthetic:smollm2-135m', '-b', '4096', '-d', '8000', '-p', '16', '-n', '16'],
    );
    expect(result.code).toBe(1);
    expect(result.stderr).not.toMatch(/^ +at /m);
    const [entry] = JSON.parse(await readFile(join(cwd, 'cells.json'), 'utf8'));
    expect(entry.outcome.code).toBe('out-of-memory');
    expect(entry.outcome.message).toMatch(/GB|GiB|bytes/);
  });
});

describe('a command line', () => {
  it.each([
    [['bench', '--backend', 'tensorrt'], /--backend got "tensorrt"/],
    [['bench', '--variant', 'int3'], /--variant got "int3"/],
    [['bench', '--kv', 'int4'], /--kv got "int4"/],
    [['bench', '-p', '8-'], /-p got "8-"/],
    [['bench', '-p', '0', '-n', '0'], /nothing to measure/],
    [['bench', '--model', 'synthetic:no-such'], /synthetic:no-such/],
    [['bench', '--frobnicate'], /unknown option '--frobnicate'/],
    [['bench', 'extra'], /too many arguments/],
    [['generate', '--model', 'm'], /No prompt/],
    [['accuracy'], /-m, --model/],
    [['accuracy', '-m', 'm', '--kv', 'int4'], /--kv got "int4"/],
    [['accuracy', '-m', 'm', '--baseline', 'kv'], /--baseline got "kv"/],
    [['accuracy', '-m', 'm', '--tokens', '1', '--prompt', 'x'], /only one/],
    [['accuracy', '-m', 'synthetic:test-1m', '--tokens', '1,99999'], /Token 99999/],
    [['accuracy', '-m', 'synthetic:test-1m', '-n', '99999'], /exceed the model's context/],
    [['generate', '--prompt', 'x'], /--model <model>' not specified/],
    [['logits', '--model', 'm', '--tokens', '1,x', '--out', 'o'], /--tokens got "x"/],
    [['kernels', '--format', 'int3'], /--format got "int3", expected one of f32, f16/],
    [['kernels', '--rows', '0'], /--rows 0 is out of bounds/],
    [['kernels', '--model-shapes', 'gpt-2'], /--model-shapes got "gpt-2"/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ])('%j is wrong', async (args, error) => {
    expectError(await mtok(...args), 2, error);
    expect(await readdir(cwd)).toEqual(['model']);
  });
});

describe('output', () => {
  it('that cannot be written is refused before anything runs', async () => {
    const bench = ['bench', '--backend', 'reference', '--model', 'synthetic:test-1m'];
    expectError(await mtok(...bench, '--json', 'no/such/folder/x.json'), 1, /mtok: io: .*no\/such/);
    expectError(await mtok(...bench, '--json', 'model'), 1, /mtok: io: .*model: it is a directory/);
    await writeFile(join(cwd, 'file'), '');
    expectError(await mtok(...bench, '--out', 'file/below'), 1, /mtok: io: .*store/);
    expect((await readdir(cwd)).sort()).toEqual(['file', 'model']);
  });

  it('of logits leaves nothing behind when the run fails', async () => {
    const args = ['--backend', 'reference', '--model', model, '--out', 'x.f32'];
    expectError(await mtok('logits', '--tokens', '1,2', ...args), 1, /mtok: model/);
    expect(await readdir(cwd)).toEqual(['model']);
  });

  it('of a report needs a store that is one', async () => {
    expectError(await mtok('report', '--out', 'r.md'), 1, /mtok: io: There is no store/);
    await writeFile(join(cwd, 'bad.jsonl'), 'not a record\n{"schema":1}\n');
    expectError(await mtok('report', 'bad.jsonl', '--out', 'r.md'), 1, /mtok: record: /);
    await writeFile(join(cwd, 'new.jsonl'), '{"schema":99}\n');
    expectError(await mtok('report', 'new.jsonl', '--out', 'r.md'), 1, /mtok: record: .*schema 99/);
    expect(await readdir(cwd)).not.toContain('r.md');
  });
});

describe('the cache', () => {
  it('is shared by two runs at once', async () => {
    const args = ['generate', '--backend', 'reference', '--variant', 'int4', '--json'];
    const run = () =>
      mtok(...args, '--model', 'synthetic:test-1m', '--prompt-tokens', '1,2,3', '-n', '4');
    const [first, second] = await Promise.all([run(), run()]);
    expect(first.code).toBe(0);
    expect(second).toEqual(first);
    expect((await packedFiles()).every((name) => name.endsWith('int4.safetensors'))).toBe(true);
  });
});

function packedFiles(): Promise<string[]> {
  return readdir(join(cwd, 'cache', 'packed')).catch(() => []);
}

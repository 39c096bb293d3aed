import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const MODEL = 'synthetic:test-1m';
let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
});

const mtok = (...args: string[]) => runCli(args, { cwd });

/** Runs mtok, which must succeed, and returns its stdout. */
async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await mtok(...args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('from any folder', () => {
  it('--version and --help', async () => {
    expect(await ok('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await ok('--help')).toContain('Examples:');
    expect(await ok('bench', '--help')).toContain('mtok bench --dry-run');
  });

  it('a reader that leaves early is no error', async () => {
    const entry = fileURLToPath(new URL('../../bin/mtok.js', import.meta.url));
    const script = `set -o pipefail; "${process.execPath}" "${entry}" models --json | head -c 1`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd });
    expect([stdout, stderr]).toEqual(['[', '']);
  });

  it('models', async () => {
    expect(await ok('models')).toMatch(/^bench-25m +24\.7/m);
    const described = JSON.parse(await ok('models', 'llama-3.1-70b', '--json'));
    expect(described.parameters).toBe(70_553_706_496); // as published: 70.6 B
    expect(described.kvBytesPerToken.f16).toBe(2 * 80 * 8 * 128 * 2);
    expect(described.cachedVariants).toEqual([]);
  });
});

describe('generate', () => {
  const args = ['--model', MODEL, '--backend', 'reference', '--variant', 'f32'];

  it('gives token ids where there is no tokenizer, and says so', async () => {
    const run = ['generate', ...args, '--prompt-tokens', '1,2,3', '-n', '5'];
    const { tokens, promptTokens, text, textReason } = JSON.parse(await ok(...run, '--json'));
    expect(promptTokens).toEqual([1, 2, 3]);
    expect(tokens).toHaveLength(5);
    expect(text).toBeNull();
    expect(textReason).toContain('no tokenizer');
    const plain = await mtok(...run);
    expect(plain.stdout).toBe(`${tokens.join(' ')}\n`);
  });

  it.each(['node', 'chromium'])('wgsl in %s gives the tokens of the reference', async (host) => {
    const run = ['generate', '--prompt-tokens', '5,6,7', '-n', '12', '--json', '--variant', 'f32'];
    const reference = await ok(...run, '--model', MODEL, '--backend', 'reference');
    const wgsl = await ok(...run, '--model', MODEL, '--backend', 'wgsl', '--host', host);
    expect(JSON.parse(wgsl)).toEqual(JSON.parse(reference)); // 11 steps, 8 of them ahead
  });
});

describe('generate that samples', () => {
  const run = ['generate', '--model', MODEL, '--prompt-tokens', '5,6,7', '--variant', 'f32'];
  const sampled = [...run, '-n', '12', '--json', '--temperature', '1.5', '--top-p', '0.9'];

  it('draws the same tokens with wgsl and reference, others for another seed', async () => {
    const tokens = async (...args: string[]): Promise<number[]> =>
      JSON.parse(await ok(...sampled, ...args)).tokens;
    const drawn = await tokens('--seed', '5', '--backend', 'reference');
    expect(await tokens('--seed', '5', '--backend', 'wgsl')).toEqual(drawn);
    expect(await tokens('--seed', '6', '--backend', 'reference')).not.toEqual(drawn);
  });

  it('is refused by engines that cannot', async () => {
    const { code, stderr } = await mtok(...sampled, '--backend', 'ort-cpu');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mtok: unsupported: ort-cpu decodes greedily/);
  });
});

describe('logits', () => {
  it('of wgsl are those of the reference', async () => {
    const args = ['logits', '--model', MODEL, '--tokens', '1,2,3,4,5', '--variant', 'int4'];
    await ok(...args, '--kv', 'f32', '--backend', 'reference', '--out', 'reference.f32');
    await ok(...args, '--kv', 'f32', '--backend', 'wgsl', '--out', 'wgsl.f32');
    const [expected, actual] = await Promise.all(['reference.f32', 'wgsl.f32'].map(readFloats));
    expect(expected).toHaveLength(5 * 2048);
    expect(Math.max(...(expected ?? []).map(Math.abs))).toBeGreaterThan(1);
    const errors = (expected ?? []).map((value, i) =>
      Math.abs(value - (actual?.[i] ?? Number.NaN)),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  });

  async function readFloats(name: string): Promise<number[]> {
    const bytes = await readFile(join(cwd, name));
    return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  }
});

describe('bench', () => {
  const small = ['--model', MODEL, '--launches', '2', '-p', '8', '-n', '4'];
  let shared: string;
  let table: string;
  beforeAll(async () => {
    shared = await mkdtemp(join(tmpdir(), 'mtok-test-'));
    const run = ['bench', ...small, '--backend', 'reference', '--variant', 'f32,int4'];
    const result = await runCli([...run, '--out', 'store', '--json', 'cells.json'], {
      cwd: shared,
    });
    expect(result.code).toBe(0);
    table = result.stdout;
    expect(result.stderr).toMatch(/2\/2 synthetic:test-1m int4/);
    expect(result.stderr).not.toContain('\r');
  });

  afterAll(() => rm(shared, { recursive: true, force: true }));

  it('prints a table and writes the cells as JSON', async () => {
    expect(table).toMatch(/^int4 f32 f32 +reference +pp8\+tg4 /m);
    const cells = JSON.parse(await readFile(join(shared, 'cells.json'), 'utf8'));
    expect(cells).toHaveLength(2);
    for (const cell of cells) {
      expect(cell.outcome).toEqual({ status: 'ok' });
      expect(cell.prefill.tokensPerSecond.median).toBeGreaterThan(0);
      expect(cell.decode.tpotMs.p50).toBeGreaterThan(0);
      expect(cell.memory.peakRssBytes).toBeGreaterThan(1e7);
      // The bill of an hour that only prefills: tokens of an hour at their price.
      const tokensPerHour = cell.prefill.tokensPerSecond.median * 3600;
      expect((tokensPerHour * cell.cost.inputUsdPerMtok.median) / 1e6).toBeCloseTo(
        cell.cost.usdPerHour,
        9,
      );
    }
  });

  it('leaves records that a report is made from', async () => {
    const report = (await runCli(['report', 'store', '--out', 'report.md'], { cwd: shared }))
      .stdout;
    expect(report).toBe('');
    const text = await readFile(join(shared, 'report.md'), 'utf8');
    expect(text).toContain('npx mtok bench --model synthetic:test-1m --launches 2');
    const again = await runCli(['report', 'store', '--out', '-'], { cwd: shared });
    expect(again.stdout).toBe(text);
  });

  it('with --resume runs what is not in the store, which is nothing', async () => {
    const size = (await stat(join(shared, 'store', 'records.jsonl'))).size;
    const run = ['bench', ...small, '--backend', 'reference', '--variant', 'f32,int4'];
    const result = await runCli([...run, '--out', 'store', '--resume'], { cwd: shared });
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^f32 f32 f32 +reference/m);
    expect((await stat(join(shared, 'store', 'records.jsonl'))).size).toBe(size);
  });

  it('with --json - has JSON alone on stdout', async () => {
    const run = ['bench', ...small, '--backend', 'reference', '--variant', 'f16'];
    const { code, stdout, stderr } = await mtok(...run, '--json', '-', '--launches', '1');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/^f16 f32 f32 +reference/m);
  });

  it('of wgsl has a throughput with run-ahead, unless told not to', async () => {
    const run = ['bench', ...small, '--launches', '1', '--repetitions', '1'];
    for (const [runAhead, wanted] of [
      ['3', { steps: 3, syncsPerToken: 0.5, tokensPerSecond: { median: expect.any(Number) } }],
      ['1', null],
    ] as const) {
      const cells = ['--backend', 'wgsl', '--variant', 'int4', '--json', 'cells.json'];
      const table = await ok(...run, ...cells, '--run-ahead', runAhead);
      expect(/prefill +decode +ahead +TTFT/.test(table)).toBe(wanted !== null);
      const [cell] = JSON.parse(await readFile(join(cwd, 'cells.json'), 'utf8'));
      if (wanted === null) expect(cell.decode.runAhead).toBeNull();
      else expect(cell.decode.runAhead).toMatchObject(wanted);
      expect(cell.settings.runAheadSteps).toBe(Number(runAhead));
    }
  });

  it('with --profile takes a step apart', async () => {
    const run = ['bench', ...small, '--launches', '1', '--repetitions', '1', '--variant', 'int4'];
    const table = await ok(...run, '--backend', 'wgsl,reference', '--profile', '--json', 'p.json');
    expect(table).toMatch(
      /^Profile of synthetic:test-1m int4 f16 f32 wgsl: decode step of 1 token/m,
    );
    expect(table).toMatch(/^gate\/up +\S+ +\d+ /m);
    expect(table).toMatch(/\[no-profile, profile\] reference does not let/);
    const [wgsl, reference] = JSON.parse(await readFile(join(cwd, 'p.json'), 'utf8'));
    expect(wgsl.profile.dispatchesPerLayer).toBeLessThan(10);
    expect(wgsl.profile.decode.encodeUsPerDispatch).toBeGreaterThan(0);
    expect(reference.profile).toBeNull();
    const report = await ok('report', '--out', '-');
    expect(report).toContain('### Profile: ');
  });

  it('with --dry-run touches nothing', async () => {
    const plan = await ok('bench', '--dry-run', '-p', '64-256*2', '-b', '1,4');
    expect(plan).toContain('54 cells');
    expect(await readdir(cwd)).toEqual([]);
  });

  it('makes a record, exit code 1 and no figure of an engine that is missing', async () => {
    const run = ['bench', ...small, '--backend', 'ort-coreml', '--variant', 'f16'];
    const { code, stdout } = await mtok(...run, '--json', 'cells.json');
    expect(code).toBe(1);
    expect(stdout).toMatch(/ort-coreml .*unsupported/);
    const [cell] = JSON.parse(await readFile(join(cwd, 'cells.json'), 'utf8'));
    expect(cell.outcome.status).toBe('unsupported');
    expect(cell.outcome.message).not.toBe('');
    expect(cell.prefill).toBeNull();
  });
});

it('doctor finds an adapter that wgsl can use', async () => {
  expect(await ok('doctor')).toContain('WebGPU adapters');
  expect(JSON.parse(await ok('doctor', '--json'))).toHaveProperty('chosen');
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import {
  floatBytes,
  temporaryFolder,
  tinyHfConfig,
  tinyTensors,
  writeModel,
} from '../support/model-directory.ts';

const CELL = ['--model', 'synthetic:test-1m', '--variant', 'int4', '-p', '8', '-n', '4'];

/** Runs mtok bench into a store of its own; its exit code and the records that it left. */
async function bench(cwd: string, ...args: string[]) {
  const { code } = await runCli(['bench', ...args, '--out', 'store'], { cwd });
  const lines = (await readFile(join(cwd, 'store', 'records.jsonl'), 'utf8')).trimEnd();
  return { code, records: lines.split('\n').map((line) => JSON.parse(line)) };
}

it.each([
  [[], true],
  [['--no-roofline'], false],
])('a record of wgsl with %j has a place below the peaks: %s', async (args, hasPeaks) => {
  const wgsl = ['--backend', 'wgsl', '--launches', '1', '--repetitions', '1'];
  const { code, records } = await bench(await temporaryFolder(), ...CELL, ...wgsl, ...args);
  expect(code).toBe(0);
  const [{ roofline, flags, decode }] = records;
  expect(decode.tokensPerSecond.median).toBeGreaterThan(0);
  const reasons = flags.filter(({ message }: { message: string }) =>
    message.includes('Peaks were not measured.'),
  );
  if (hasPeaks) {
    expect(roofline.peaks.readGbPerSecond).toBeGreaterThan(0);
    expect(roofline.decode.mbu.median).toBeGreaterThan(0);
    expect(reasons).toEqual([]);
  } else {
    expect(roofline).toBeNull();
    expect(reasons).toMatchObject([{ hint: 'Leave out --no-roofline.' }]);
  }
});

it('a preset keeps what the options beside it do not change', async () => {
  const run = ['--backend', 'ort-cpu', '--preset', 'standard', '--launches', '1'];
  const { code, records } = await bench(await temporaryFolder(), ...CELL, ...run);
  expect(code).toBe(0);
  const [{ protocol, launches, decode }] = records;
  expect(protocol).toMatchObject({
    preset: 'standard',
    overrides: ['--launches 1'],
    launchesMax: 1,
    halfWidthTarget: 0.03,
  });
  expect(launches).toHaveLength(1);
  // Of `standard`, not of `quick`: three passes of warm-up and three repetitions at least.
  expect(launches[0].warmup.length).toBeGreaterThanOrEqual(3);
  expect(launches[0].repetitions.length).toBeGreaterThanOrEqual(3);
  expect(decode.tokensPerSecond.low).toBeNull();
});

it('an engine whose logits overflow ends in a failed row, whatever token it picks', async () => {
  const cwd = await temporaryFolder();
  const tensors = tinyTensors();
  // Finite, so that the model loads; times the embeddings' values beyond the largest f32.
  tensors['model.norm.weight'] = {
    dtype: 'F32',
    shape: [8],
    data: floatBytes(Array(8).fill(3e38)),
  };
  const embedding = Array.from({ length: 11 * 8 }, (_, i) => 50 + i);
  tensors['model.embed_tokens.weight'] = {
    dtype: 'F32',
    shape: [11, 8],
    data: floatBytes(embedding),
  };
  await writeModel(cwd, { config: tinyHfConfig, tensors });
  const cells = ['--backend', 'ort-cpu,reference', '--variant', 'f32', '-p', '4', '-n', '2'];
  const run = ['--model', '.', ...cells, '--launches', '1', '--no-roofline'];
  const { code, records } = await bench(cwd, ...run);
  expect(code).toBe(1);
  expect(records.map(({ cell }) => cell.backend).sort()).toEqual(['ort-cpu', 'reference']);
  for (const { outcome, decode } of records) {
    expect(outcome).toMatchObject({ status: 'failed', code: 'engine', hint: expect.any(String) });
    expect(outcome.message).toMatch(/NaN|Infinity/);
    expect(decode).toBeNull();
  }
});

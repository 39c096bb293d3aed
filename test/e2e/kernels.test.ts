import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type KernelRecord, kernelRecordSchema } from '../../src/core/kernel-record.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
});

it('validates every kernel, times a few operations, and gives the records as JSON alone', async () => {
  const args = ['kernels', '--quick', '--no-peer', '--budget', '8', '--json', '-'];
  const { code, stdout, stderr } = await runCli(args, { cwd });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const records = kernelRecordSchema.array().parse(JSON.parse(stdout));
  const validations = records.filter(({ kind }) => kind === 'kernel-validation');
  expect(validations).toHaveLength(2);
  expect(stderr).toMatch(/^matvec +\d+ +\d+$/m);

  const timed = records.filter(({ kind }) => kind === 'kernel').filter(isTimed);
  expect(timed.length).toBeGreaterThan(0);
  expect(stderr).toMatch(/^qkv +512→768 +int4 +1 /m);
  expect(stderr).not.toContain('\r');
  for (const { peaks, ratio } of timed) {
    expect(ratio).toBeNull();
    expect(peaks?.readGbPerSecond).toBeGreaterThan(0);
  }

  const lines = (await readFile(join(cwd, '.mtok', 'kernels.jsonl'), 'utf8')).trimEnd().split('\n');
  const byId = (list: KernelRecord[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(lines.map((line) => JSON.parse(line)))).toEqual(byId(JSON.parse(stdout)));
});

function isTimed(record: KernelRecord): record is Extract<KernelRecord, { kind: 'kernel' }> {
  return record.kind === 'kernel' && record.outcome.status === 'ok';
}

it('an operation beside ONNX Runtime has a ratio, and both sides say how they did it', async () => {
  const args = ['kernels', '--quick', '--no-validate', '--op', 'qkv', '--rows', '1'];
  const { code, stdout } = await runCli([...args, '--json', 'kernels.json'], { cwd });
  expect(code).toBe(0);
  const text = await readFile(join(cwd, 'kernels.json'), 'utf8');
  const [record, ...others] = kernelRecordSchema.array().parse(JSON.parse(text)).filter(isTimed);
  expect(others).toEqual([]);
  expect(record?.ratio?.median).toBeGreaterThan(0);
  expect(record?.contenders.map(({ role }) => role)).toEqual(['cold', 'warm', 'peer']);
  expect(stdout).toMatch(/^- wgsl .* — int4 1×512→768$/m);
  expect(stdout).toMatch(/^- ort-webgpu MatMulNBits: /m);
});

it('what matches nothing is a mistake', async () => {
  const args = ['kernels', '--no-validate', '--op', 'nothing-of-the-kind'];
  const { code, stderr, stdout } = await runCli(args, { cwd });
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^mtok: usage: --op nothing-of-the-kind matches none of \d+ operations$/m);
  expect(await readdir(cwd)).toEqual(['.mtok']);
});

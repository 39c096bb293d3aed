import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const published = fileURLToPath(
  new URL('../../reports/2026-11-21-software-adapter/records.jsonl', import.meta.url),
);

let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
  await mkdir(join(cwd, '.mtok'));
  await copyFile(published, join(cwd, '.mtok/records.jsonl'));
});

const mtok = (...args: string[]) => runCli(args, { cwd });

describe('history', () => {
  it('lists, filters, queries and exports the records of a store', async () => {
    const listed = await mtok('history', '--metric', 'ttft', '--backend', 'wgsl');
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout.match(/wgsl in node/g)).toHaveLength(3);
    const exported = await mtok('history', '--export', 'all.parquet');
    expect(exported.code).toBe(0);
    expect((await stat(join(cwd, 'all.parquet'))).size).toBeGreaterThan(1000);
    const query = 'select count(*) as n, max(launches) as launches from records';
    const answered = await mtok('history', 'sql', query, 'all.parquet', '--json', '-');
    expect(JSON.parse(answered.stdout)).toEqual([{ n: 9, launches: 3 }]);
  });

  it('refuses what is no query, no metric or no store', async () => {
    expect(await mtok('history', 'sql', "copy records to 'x.csv'")).toMatchObject({ code: 2 });
    expect(await mtok('history', 'sql', 'delete from records')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/SELECT|disabled/),
    });
    expect(await mtok('history', '--metric', 'constructor')).toMatchObject({ code: 2 });
    expect(await mtok('history', 'nowhere')).toMatchObject({ code: 1 });
  });
});

describe('verify', () => {
  it('passes the published records, and fails one with a digit changed', async () => {
    const honest = await mtok('verify');
    expect([honest.code, honest.stderr]).toEqual([0, '']);
    expect(honest.stdout).toContain('9 records verified, 0 differ');
    const text = await readFile(published, 'utf8');
    const forged = text.replace(/("ttftMs":\{"median":\d+\.\d)(\d)/, (_, start, digit) => {
      return `${start}${(Number(digit) + 1) % 10}`;
    });
    expect(forged).not.toBe(text);
    await writeFile(join(cwd, 'forged.jsonl'), forged);
    const { code, stdout } = await mtok('verify', 'forged.jsonl');
    expect(code).toBe(1);
    expect(stdout).toMatch(/prefill\.ttftMs\.median: stored [\d.]+, from the samples [\d.]+/);
    expect(stdout).toContain('9 records verified, 1 differ');
  });
});

it('schema prints JSON Schema, and knows its names', async () => {
  const { code, stdout } = await mtok('schema', 'kernel-record');
  expect([code, JSON.parse(stdout).title]).toEqual([0, 'A record of mtok kernels']);
  expect(await mtok('schema', 'other')).toMatchObject({ code: 2 });
});

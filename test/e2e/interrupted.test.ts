import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { parseRecord } from '../../src/store/parse-record.ts';
import { runCli, startCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const SWEEP = [
  ...['bench', '--model', 'synthetic:test-odd', '--backend', 'reference', '--out', 'store'],
  ...['--variant', 'f32,f16,int8,int4', '--launches', '1', '-p', '4', '-n', '2'],
];
const CELLS = 4;

async function storedLines(cwd: string): Promise<string[]> {
  const text = await readFile(join(cwd, 'store', 'records.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function waitForRecords(cwd: string, count: number): Promise<void> {
  while ((await storedLines(cwd)).length < count) await sleep(20);
}

function idsOf(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const record = parseRecord(line, 'store');
    if (!('id' in record)) throw new Error(record.reason);
    return record.id;
  });
}

async function resume(cwd: string, before: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await runCli([...SWEEP, '--resume'], { cwd });
  expect(code).toBe(0);
  expect(stderr).toContain(`${before.length} of them stored already`);
  expect(stdout.match(/ reference +pp4\+tg2 /g)).toHaveLength(CELLS);
  const after = idsOf(await storedLines(cwd));
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after).toHaveLength(CELLS);
}

it('a sweep that is killed keeps its finished cells; --resume runs the rest', async () => {
  const cwd = await temporaryFolder();
  const { child, result } = startCli(SWEEP, { cwd });
  await waitForRecords(cwd, 2);
  child.kill('SIGKILL');
  await result;
  const kept = idsOf(await storedLines(cwd));
  expect(kept.length).toBeGreaterThanOrEqual(2);
  expect(kept.length).toBeLessThan(CELLS);
  await resume(cwd, kept);
});

it('Ctrl-C ends a sweep with exit code 130, a table of what is finished, and nothing torn', async () => {
  const cwd = await temporaryFolder();
  const { child, result } = startCli(SWEEP, { cwd });
  await waitForRecords(cwd, 1);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await result;
  expect(code).toBe(130);
  expect(stdout).toContain('reference');
  expect(stderr).toMatch(/interrupted after \d of 4 cells/);
  expect(stderr).not.toMatch(/^ +at /m);
  await resume(cwd, idsOf(await storedLines(cwd)));
});

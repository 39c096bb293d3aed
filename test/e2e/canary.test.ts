import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BenchJsonEntry } from '../../src/report/bench-json.ts';
import { readSessionRecords } from '../../src/store/session-records.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const SMALL = [
  ...['bench', '--model', 'synthetic:test-odd', '--backend', 'reference', '--variant', 'f32'],
  ...['--launches', '2', '-p', '4', '-n', '2', '--no-roofline', '--json', '-'],
];

async function run(cwd: string, ...args: string[]) {
  const result = await runCli(args, { cwd });
  expect(result.code, result.stderr).toBe(0);
  return result;
}

describe('mtok bench --canary', () => {
  it('keeps what it saw beside the records, for verify and report', async () => {
    const cwd = await temporaryFolder();
    const { stderr, stdout } = await run(cwd, ...SMALL, '--canary');
    expect(stderr).toMatch(/canary at start, middle and end: .* reference pp64\+tg16/);
    for (const moment of ['start', 'middle', 'end']) expect(stderr).toContain(`at the ${moment}\n`);
    const path = join(cwd, '.mtok', 'sessions.jsonl');
    const { records, problems } = await readSessionRecords(path);
    expect(problems).toEqual([]);
    const [session] = records;
    expect(records).toHaveLength(1);
    expect(session?.canary?.launches.map(({ moment }) => moment)).toEqual([
      'start',
      'middle',
      'end',
    ]);
    for (const { launch } of session?.canary?.launches ?? []) {
      expect(launch?.repetitions.length).toBeGreaterThanOrEqual(3);
      expect(launch?.repetitions[0]?.stepMs).toHaveLength(16);
    }
    const [entry] = JSON.parse(stdout) as BenchJsonEntry[];
    const codes = entry?.flags.map(({ code }) => code) ?? [];
    // What this machine was like meanwhile is not for a test to say; that all agree on it is.
    const verdicts = session?.flags.map(({ code }) => code) ?? [];
    expect(codes.filter((code) => /^(session|canary)-/.test(code))).toEqual(verdicts);
    expect((await run(cwd, 'verify')).stdout).toContain('2 records verified, 0 differ');

    const line = await readFile(path, 'utf8');
    await rename(path, `${path}.away`);
    const report = await run(cwd, 'report', '--out', '-');
    expect(line).toContain(session?.id);
    expect(report.stdout).toContain('session-unknown');
  });

  it('is said in the plan, and left out of quick sessions', async () => {
    const cwd = await temporaryFolder();
    const plain = SMALL.slice(0, -2);
    const dry = async (...args: string[]) =>
      (await run(cwd, ...plain, '--dry-run', ...args)).stdout;
    expect(await dry('--preset', 'standard')).toContain('and a canary');
    expect(await dry('--canary')).toContain('and a canary');
    expect(await dry('--preset', 'publish', '--no-canary')).not.toContain('canary');
    expect(await dry()).not.toContain('canary');
    expect(await dry('--canary', '--launches', '1')).not.toContain('canary');
  });
});

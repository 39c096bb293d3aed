import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import {
  aiperfConfidence,
  aiperfRequests,
  aiperfSummary,
  jsonLines,
  llamaBenchRow,
  vllmResult,
} from '../support/import-samples.ts';
import { temporaryFolder } from '../support/model-directory.ts';

it('imports what others measured, once, all files or none, and reports it apart', async () => {
  const cwd = await temporaryFolder();
  const mtok = (...args: string[]) => runCli(args, { cwd });
  const files = {
    'lb.json': JSON.stringify([llamaBenchRow]),
    'serve.txt': JSON.stringify(vllmResult),
    'profile_export_aiperf.json': JSON.stringify(aiperfSummary),
    'profile_export.jsonl': jsonLines(aiperfRequests),
    'cut.json': JSON.stringify([llamaBenchRow]).slice(0, -9),
  };
  await mkdir(cwd, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  const [llamaBench = '', vllm = '', summary = '', requests = '', cut = ''] = Object.keys(files);

  const failed = await mtok('import', llamaBench, cut);
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toMatch(/^mtok: record: cut\.json is cut off.*\nhint: .*\n$/);
  const dry = await mtok('import', llamaBench, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('Would import 1 result') });
  expect(await readdir(cwd)).not.toContain('.mtok');

  const all = [llamaBench, vllm, summary, requests];
  const { code, stdout, stderr } = await mtok('import', ...all, '--gpu-price', '2');
  expect([code, stderr]).toEqual([0, 'Imported 4 results into .mtok/imports.jsonl\n']);
  expect(stdout).toContain('not comparable [1]');
  expect(stdout).not.toContain('DIFFERS');
  // Summary and requests lie in one folder: 4 totals and 19 statistics of the requests.
  expect(stdout).toContain('recomputed: 23 of 23 figures equal');

  const again = await mtok('import', llamaBench, '--json');
  expect(again.stderr).toContain('Imported 0 results into .mtok/imports.jsonl; 1 result stored');
  expect(JSON.parse(again.stdout)).toMatchObject([{ kind: 'import', file: { name: 'lb.json' } }]);
  const lines = (await readFile(join(cwd, '.mtok/imports.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(4);

  const report = await mtok('report', '--out', '-');
  expect(report.code).toBe(0);
  expect(report.stdout).toContain('## Imported results (measured by others)');
});

it('with --strict stores nothing whose figures differ', async () => {
  const cwd = await temporaryFolder();
  const wrong = structuredClone(aiperfConfidence);
  wrong.metrics.output_token_throughput_avg.ci_high = 107;
  await writeFile(join(cwd, 'right.json'), JSON.stringify(aiperfConfidence));
  await writeFile(join(cwd, 'wrong.json'), JSON.stringify(wrong));
  const mtok = (...args: string[]) => runCli(['import', ...args], { cwd });

  const refused = await mtok('right.json', 'wrong.json', '--strict');
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('DIFFERS: output_token_throughput_avg ci_high is 107');
  expect(refused.stderr).toMatch(/^mtok: record: 1 of 20 figures differs .*\nhint: .*\n$/);
  expect(await readdir(cwd)).not.toContain('.mtok');

  const right = await mtok('right.json', '--strict');
  expect([right.code, right.stderr]).toEqual([0, 'Imported 1 result into .mtok/imports.jsonl\n']);
  expect(right.stdout).toMatch(/mean of 5 runs +102 +tokens\/s +±3\.73% sample sd, 97\.3 to 107/);
  const warned = await mtok('wrong.json');
  expect([warned.code, warned.stdout.includes('DIFFERS')]).toEqual([0, true]);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tunedTableSchema } from '../../src/model/decoder/tuned-table.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const MODEL = 'synthetic:test-1m';
let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
});

const mtok = (...args: string[]) => runCli(args, { cwd, env: { MTOK_CACHE: join(cwd, 'cache') } });
const tune = async (...args: string[]) => {
  const shapes = ['--model', MODEL, '--variant', 'int4', '--rows', '1', '--context', '512'];
  const { code, stdout, stderr } = await mtok('tune', ...shapes, ...args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout, stderr };
};
describe('mtok tune', () => {
  it('tunes what a model’s decode needs, remembers it, and sessions take it', async () => {
    // Five products and attention: the first run may not get to all of them, and the second goes on.
    const first = await tune('--budget', '4', '--json', '--out', 'table.json');
    const { path, operations } = JSON.parse(first.stdout);
    expect(operations).toHaveLength(6);
    expect(operations[0].status).toBe('tuned');
    const table = tunedTableSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const tuned = operations.filter(({ status }: { status: string }) => status === 'tuned');
    // Beside what a committed table of this adapter holds of other shapes.
    const entries = tuned.map(({ entry }: { entry: unknown }) => entry);
    expect(table.entries).toEqual(expect.arrayContaining(entries));
    expect(await readFile(join(cwd, 'table.json'), 'utf8')).toBe(await readFile(path, 'utf8'));

    const second = await tune('--budget', '2');
    expect(second.stdout.split('(tuned before)')).toHaveLength(tuned.length + 1);
    expect(second.stderr).not.toContain('of no use');

    const bench = ['bench', '--model', MODEL, '--backend', 'wgsl', '--variant', 'int4'];
    const small = ['-p', '4', '-n', '2', '--launches', '1', '--repetitions', '1', '--json', '-'];
    const { stdout, code } = await mtok(...bench, ...small);
    expect(code).toBe(0);
    expect(stdout).toMatch(/"kernelChoices": "(partly )?tuned"/);
  });

  it.each([
    [['--shapes', 'llama-3.1-70b'], 'planning only'],
    [['--model', '/no/such/folder'], '/no/such/folder'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, stdout } = await mtok('tune', ...args);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });
});

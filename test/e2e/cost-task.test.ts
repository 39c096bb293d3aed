import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/support-ticket/', import.meta.url));
const TICKET = ['cost', 'task', 'ticket.yaml', '--store', 'records.jsonl'];

let cwd: string;
const mtok = (...args: string[]) => runCli(args, { cwd });

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
});

describe('cost task', () => {
  it('prints what the example says it prints, in lines of at most 100 columns', async () => {
    const readme = await readFile(join(EXAMPLE, 'README.md'), 'utf8');
    const [, pasted] = /```text\n(.*?)```/s.exec(readme) ?? [];
    const { code, stdout, stderr } = await runCli(TICKET, { cwd: EXAMPLE });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(pasted);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).toContain('standing in for a machine');
    expect(readme).toContain(`mtok ${TICKET.join(' ')}`);
  });

  it('prints the same as JSON, and the same again for the same seed', async () => {
    const run = async (...more: string[]) =>
      JSON.parse((await runCli([...TICKET, '--json', ...more], { cwd: EXAMPLE })).stdout);
    const [json, again, other] = [await run(), await run('--seed', '0'), await run('--seed', '1')];
    expect(again).toEqual(json);
    expect(other.spread).not.toEqual(json.spread);
    expect(other.usdPerUnit.value).toBe(json.usdPerUnit.value);
    expect(json.usdPerUnit.low).toBeLessThan(json.usdPerUnit.value);
    expect(json.usdPerResolved.value).toBeCloseTo(
      json.usdPerUnit.value / json.resolvedShare.value,
      12,
    );
    const sum = json.steps.reduce(
      (usd: number, step: { usd: { value: number } }) => usd + step.usd.value,
      0,
    );
    expect(sum).toBeCloseTo(json.usdPerUnit.value, 12);
  });

  it('prints a file to start from that it can read', async () => {
    const { stdout } = await mtok('cost', 'task', '--example');
    await writeFile(join(cwd, 'unit.yaml'), stdout);
    const { code, stdout: text } = await mtok('cost', 'task', 'unit.yaml');
    expect(code).toBe(0);
    expect(text).toContain('Unit of work: support ticket');
  });

  it('takes API models from the price book, and says which', async () => {
    await writeFile(
      join(cwd, 'api.yaml'),
      'unit: answer\nmodels: { m: { api: own/model } }\n' +
        'steps: [{ kind: llm, model: m, turns: 10, systemTokens: 1000, userTokens: 200, answerTokens: 300 }]\n',
    );
    await writeFile(
      join(cwd, 'book.yaml'),
      'apis: [{ provider: own, model: model, source: a test, from: 2026-01-01, inputUsdPerMtok: 3, outputUsdPerMtok: 15 }]\n',
    );
    const { stdout, stderr } = await mtok(
      'cost',
      'task',
      'api.yaml',
      '--prices',
      'book.yaml',
      '--json',
    );
    expect(stderr).toBe('');
    const json = JSON.parse(stdout);
    expect(json.usdPerUnit.value).toBeCloseTo(0.1485, 12);
    expect(json.priceBook.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['models: { m: { api: own/nothing } }', 'bad.yaml:2: models.m.api: The price book has no API'],
    ['models: { m: { record: a123 } }', 'bad.yaml:2: models.m.record: "a123" names no measured'],
    ['models: { m: { record: 1234 } }', 'bad.yaml:2: models.m.record: expected the id of a record'],
    ['models: { m: { usdPerCall: -1 } }', 'bad.yaml:2: models.m.usdPerCall: expected a figure'],
  ])('refuses %s with file, line and field', async (models, message) => {
    await writeFile(
      join(cwd, 'bad.yaml'),
      `unit: answer\n${models}\nsteps: [{ kind: llm, model: m, inputTokens: 10 }]\n`,
    );
    const store = ['--store', join(EXAMPLE, 'records.jsonl')];
    const { code, stdout, stderr } = await mtok('cost', 'task', 'bad.yaml', ...store);
    expect(stderr).toContain(`mtok: usage: ${message}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('says what to do without a file', async () => {
    const { code, stderr } = await mtok('cost', 'task');
    expect(code).toBe(2);
    expect(stderr).toContain('mtok cost task --example > unit.yaml');
  });
});

import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BenchRecord } from '../../src/core/record.ts';
import { runCli } from '../support/cli.ts';

let cwd: string;
const mtok = (...args: string[]) => runCli(args, { cwd });
const small = ['-p', '8', '-n', '4', '--repetitions', '1', '--variant', 'f32'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const run = ['bench', ...small, '--backend', 'reference,ort-cpu', '--launches', '5'];
  const { code, stderr } = await mtok(...run, '--out', 'store');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}, 120_000);

describe('compare', () => {
  const allow = ['--allow', 'device,driver'];
  const records = async () =>
    (await readFile(join(cwd, 'store/records.jsonl'), 'utf8')).trim().split('\n');

  /** The records with these changes, in a store of its own. */
  async function changed(name: string, change: (record: BenchRecord) => BenchRecord) {
    const lines = (await records()).map((line) => JSON.stringify(change(JSON.parse(line))));
    await writeFile(join(cwd, name), `${lines.join('\n')}\n`);
  }

  it('tells two engines of one store apart, launch by launch', async () => {
    const sides = ['--a', 'backend=reference', '--b', 'backend=ort-cpu'];
    const { code, stdout, stderr } = await mtok(
      ...['compare', 'store', ...sides, ...allow, '--json', '-'],
    );
    const { rows } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ metric: 'prefill', isPaired: true, margin: 0.02 });
    expect(rows[0].a.launches).toBeGreaterThanOrEqual(5);
    expect(rows[0].ratio.estimate).toBeGreaterThan(1);
    expect(stderr).toMatch(/f32 kv f32 f32 reference→ort-cpu pp8\+tg4 +prefill tok\/s/);
    expect(stderr).toContain('No noise floor is known');
  });

  it('fails the gate that it is given with a code of its own', async () => {
    // what the machine did while it measured is no matter here
    await changed('clean.jsonl', (record) => ({ ...record, flags: [] }));
    await changed('faster.jsonl', (record) => ({
      ...record,
      flags: [],
      id: `${record.id}-faster`,
      launches: record.launches.map((launch) => ({
        ...launch,
        repetitions: launch.repetitions.map(({ prefillMs, stepMs, ...repetition }) => ({
          ...repetition,
          prefillMs: prefillMs === null ? null : prefillMs / 1000,
          stepMs: stepMs.map((ms) => ms / 1000),
        })),
      })),
    }));
    const gate = ['--fail-on', 'slower'];
    const faster = await mtok('compare', 'clean.jsonl', 'faster.jsonl', ...gate);
    expect(faster.stdout).toMatch(/^4 FASTER · 0 SLOWER/m);
    expect(faster.code).toBe(0);
    const slower = await mtok('compare', 'faster.jsonl', 'clean.jsonl', ...gate);
    expect(slower.stdout).toMatch(/^0 FASTER · 4 SLOWER/m);
    expect(slower.code).toBe(3);
    expect((await mtok('compare', 'faster.jsonl', 'clean.jsonl')).code).toBe(0);
  });

  it('withholds a verdict for a flag, says so, and does not fail a gate for slower alone', async () => {
    await changed('throttled.jsonl', (record) => ({
      ...record,
      id: `${record.id}-throttled`,
      flags: [
        ...record.flags.filter(({ code }) => code !== 'clocks-throttled'),
        { code: 'clocks-throttled', field: null, message: 'The GPU held its clocks down.' },
      ],
      launches: record.launches.map((launch) => ({
        ...launch,
        repetitions: launch.repetitions.map(({ stepMs, ...repetition }) => ({
          ...repetition,
          stepMs: stepMs.map((ms) => ms * 1.5),
        })),
      })),
    }));
    const both = ['compare', 'store', 'throttled.jsonl', '--metric', 'decode'];
    const slower = await mtok(...both, '--fail-on', 'slower');
    expect(slower.code).toBe(0);
    expect(slower.stdout).toMatch(/withheld: .*clocks-throttled of B/);
    expect(slower.stdout).toMatch(/^0 FASTER · 0 SLOWER · 0 SAME · 2 AMBIGUOUS \(2 withheld\)/m);
    expect(slower.stderr).toContain('2 verdicts are withheld');
    const ambiguous = await mtok(...both, '--fail-on', 'ambiguous', '--json', '-');
    expect(ambiguous.code).toBe(3);
    expect(JSON.parse(ambiguous.stdout).rows[0].withheldFor).toContain('clocks-throttled of B');
  });

  it('of a store with itself finds nothing faster', async () => {
    const { code, stdout } = await mtok('compare', 'store', 'store', '--metric', 'all');
    expect(code).toBe(0);
    expect(stdout).toContain('a record beside itself');
    expect(stdout).toMatch(/^0 FASTER · 0 SLOWER · /m);
  });

  it('refuses cells that differ, and says in what', async () => {
    await changed('other.jsonl', (record) => ({ ...record, modelSha256: 'ef'.repeat(32) }));
    const { code, stdout, stderr } = await mtok('compare', 'store', 'other.jsonl');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^mtok: record: Not compared: .*model is .*\(other files\)/);
    expect(stderr).toContain('--allow model');
    expect((await mtok('compare', 'store', 'other.jsonl', '--allow', 'model')).code).toBe(0);
  });

  it('fails a gate where a cell of A is missing in B', async () => {
    const [first] = await records();
    await writeFile(join(cwd, 'one.jsonl'), `${first}\n`);
    expect((await mtok('compare', 'store', 'one.jsonl')).code).toBe(0);
    expect((await mtok('compare', 'store', 'one.jsonl', '--fail-on', 'slower')).code).toBe(1);
    expect((await mtok('compare', 'one.jsonl', 'store', '--fail-on', 'slower')).code).toBe(0);
  });

  it.each([
    [['compare', 'store'], '--a and --b'],
    [['compare', 'store', '--a', 'speed=1', '--b', 'run=x'], 'expected key=value'],
    [['compare', 'store', 'store', '--fail-on', 'faster'], '--fail-on'],
    [['compare', 'store', 'store', '--metric', 'joy'], '--metric'],
    [['compare', '1', '2', '3'], 'at most two'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stderr } = await mtok(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('noise', () => {
  it('prints and stores a floor, which compare then uses', async () => {
    const { code, stdout } = await mtok(
      ...['noise', ...small, '--backend', 'reference', '--launches', '5', '--out', 'store'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/reference pp8\+tg4 +prefill tok\/s +\d+ +[\d.e-]+ +[\d.e-]+ +[\d.]+/);
    const lines = (await readFile(join(cwd, 'store/noise.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1);
    const { floors, sides } = JSON.parse(lines[0] ?? '');
    expect(floors[0].logRatios).toHaveLength(Math.min(sides[0].length, sides[1].length));

    const only = ['--a', 'backend=reference', '--b', 'backend=reference'];
    const compared = await mtok('compare', 'store', 'store', ...only);
    expect(compared.stdout).toContain('δ of reference on');
    expect(compared.stdout).not.toContain('No noise floor');
  }, 120_000);
});

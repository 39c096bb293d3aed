import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BenchRecord } from '../../src/core/record.ts';
import { buildRecord } from '../../src/measure/build-record.ts';
import { DEFAULT_PROTOCOL } from '../../src/measure/protocol.ts';
import { prepareStore } from '../../src/store/append-line.ts';
import { appendRecord, readStore, storePath } from '../../src/store/jsonl.ts';
import { fakeCell, fakeLaunch } from '../support/launch-results.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-store-'));
  path = join(folder, 'records.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function record(id: string): BenchRecord {
  return buildRecord({
    id,
    run: 'run',
    key: `key ${id}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    cell: fakeCell,
    seed: 1,
    protocol: DEFAULT_PROTOCOL,
    modelSha256: null,
    results: [fakeLaunch([[10, [1, 2]]])],
    error: null,
    provenance: {},
    charge: () => ({ cost: null, flags: [] }),
  });
}

const idsOf = async () => (await readStore(path)).records.map(({ id }) => id);

describe('store', () => {
  test('gives back what was appended, in order', async () => {
    await appendRecord(path, record('a'));
    await appendRecord(path, record('b'));
    expect(await readStore(path)).toEqual({ records: [record('a'), record('b')], problems: [] });
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
  });

  test('reads records that were written before fields were added', async () => {
    const old = new URL('../../reports/2026-11-21-software-adapter/', import.meta.url);
    const { records, problems } = await readStore(fileURLToPath(new URL('records.jsonl', old)));
    expect(problems).toEqual([]);
    expect(records.length).toBeGreaterThan(0);
    for (const { decode, launches } of records) {
      expect(decode?.runAhead).toBeNull();
      expect(launches[0]?.repetitions[0]?.runAheadMs).toBeNull();
    }
  });

  test('an absent or empty store has no records', async () => {
    expect(await readStore(path)).toEqual({ records: [], problems: [] });
    await writeFile(path, '');
    expect(await readStore(path)).toEqual({ records: [], problems: [] });
  });

  test('a torn last line is reported, survives, and never swallows the next record', async () => {
    await appendRecord(path, record('a'));
    const torn = JSON.stringify(record('b')).slice(0, 200);
    await appendFile(path, torn);
    const { records, problems } = await readStore(path);
    expect(records).toHaveLength(1);
    expect(problems).toEqual([{ path, line: 2, reason: 'cut off (not JSON)', isTorn: true }]);

    await appendRecord(path, record('c'));
    expect(await idsOf()).toEqual(['a', 'c']);
    expect((await readFile(path, 'utf8')).split('\n')[1]).toBe(torn);
  });

  test('a whole last line without its newline is a record', async () => {
    await writeFile(path, JSON.stringify(record('a')));
    await appendRecord(path, record('b'));
    expect(await idsOf()).toEqual(['a', 'b']);
  });

  test('every prefix of a store is readable', async () => {
    await appendRecord(path, record('a'));
    await appendRecord(path, record('b'));
    const whole = await readFile(path);
    const first = whole.indexOf('\n') + 1;
    for (const size of [
      1,
      100,
      first - 2,
      first - 1,
      first,
      first + 1,
      first + 500,
      whole.length - 1,
    ]) {
      await writeFile(path, whole.subarray(0, size));
      const { records, problems } = await readStore(path);
      const expected = size >= whole.length - 1 ? 2 : size >= first - 1 ? 1 : 0;
      expect([size, records.length]).toEqual([size, expected]);
      expect(problems.length).toBeLessThanOrEqual(1);
    }
  });

  test('concurrent writers interleave whole lines', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => String(i));
    await Promise.all(ids.map((id) => appendRecord(path, record(id))));
    expect((await idsOf()).sort()).toEqual(ids.sort());
    expect((await readStore(path)).problems).toEqual([]);
  });

  test('lines of any length are read, across chunks and multi-byte characters', async () => {
    const long = { ...record('é'), provenance: { note: '€'.repeat(100_000) } };
    await appendRecord(path, long);
    await appendRecord(path, record('b'));
    expect((await readStore(path)).records[0]).toEqual(long);
  });

  test.each([
    ['not JSON', 'garbage'],
    ['no record: id', JSON.stringify({ ...record('x'), id: 5 })],
    ['no record', '"text"'],
    ['no record', 'null'],
    ['no record: flags', JSON.stringify({ ...record('x'), flags: 'none' })],
    ['nested deeper', '['.repeat(1e6)],
    ['nested deeper', `{"a":${'['.repeat(50)}${']'.repeat(50)}}`],
    ['no record', '{"__proto__":{"schema":1}}'],
  ])('passes over a line that is %s', async (reason, line) => {
    await writeFile(
      path,
      `${JSON.stringify(record('a'))}\n${line}\n${JSON.stringify(record('b'))}\n`,
    );
    const { records, problems } = await readStore(path);
    expect(records.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(problems).toMatchObject([
      { path, line: 2, reason: expect.stringContaining(reason), isTorn: false },
    ]);
  });

  test('passes over a line longer than any record', async () => {
    await appendRecord(path, record('a'));
    const megabyte = 'x'.repeat(2 ** 20);
    for (let i = 0; i < 65; i++) await appendFile(path, megabyte);
    await appendFile(path, '\n');
    await appendRecord(path, record('b'));
    const { records, problems } = await readStore(path);
    expect(records.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(problems).toMatchObject([
      { path, line: 2, reason: expect.stringContaining('longer than') },
    ]);
  });

  test('refuses what a newer mtok wrote', async () => {
    await appendRecord(path, record('a'));
    await appendFile(path, `${JSON.stringify({ schema: 2, news: true })}\n`);
    await expect(readStore(path)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining(`${path}:2`),
      hint: expect.stringContaining('newer'),
    });
  });

  test('never stores what it could not read', async () => {
    const bad = { ...record('a'), seed: Number.NaN };
    await expect(appendRecord(path, bad)).rejects.toThrow();
    await expect(stat(path)).rejects.toThrow();
  });

  test('says at once that it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const below = join(folder, 'file', 'records.jsonl');
    await expect(prepareStore(below)).rejects.toMatchObject({ code: 'io' });
    await expect(readStore(folder)).rejects.toMatchObject({ code: 'io' });
    await expect(prepareStore('/proc/mtok/records.jsonl')).rejects.toMatchObject({ code: 'io' });
    await expect(stat(below)).rejects.toThrow();
  });

  test('makes the folders it needs', async () => {
    const deep = join(folder, 'a', 'b', 'records.jsonl');
    await Promise.all([prepareStore(deep), prepareStore(deep)]);
    expect((await stat(deep)).size).toBe(0);
  });

  test('is a file in a folder unless it is named', () => {
    expect(storePath(null)).toBe(join('.mtok', 'records.jsonl'));
    expect(storePath('results')).toBe(join('results', 'records.jsonl'));
    expect(storePath('a/b.jsonl')).toBe('a/b.jsonl');
  });
});

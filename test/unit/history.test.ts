import { appendFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { historyText, tableText } from '../../src/cli/history-text.ts';
import { marginFor } from '../../src/core/noise-margin.ts';
import { describeNoise } from '../../src/core/noise-record.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { noiseRecord } from '../../src/measure/noise.ts';
import { exportParquet, type History, openHistory, selectFrom } from '../../src/store/history.ts';
import {
  HISTORY_METRICS,
  type HistoryMetric,
  historySeries,
} from '../../src/store/history-series.ts';
import { around, gpuRecord, softwareRecord, unsupportedRecord } from '../support/sample-records.ts';

const published = fileURLToPath(
  new URL('../../reports/2026-11-21-software-adapter/records.jsonl', import.meta.url),
);

let folder: string;
let opened: History[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-history-'));
});
afterEach(async () => {
  for (const { database } of opened) database.close();
  opened = [];
  await rm(folder, { recursive: true, force: true });
});

async function store(name: string, lines: readonly (BenchRecord | string)[]): Promise<string> {
  const path = join(folder, name);
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  await writeFile(path, `${texts.join('\n')}\n`);
  return path;
}

async function open(...paths: string[]): Promise<History> {
  const history = await openHistory(paths, null);
  opened.push(history);
  return history;
}

/** A measurement on a day of 2026-01 with this decode throughput, bounds a tenth below and above. */
function onDay(day: number, tokensPerSecond: number, changes: Partial<BenchRecord> = {}) {
  const record = gpuRecord();
  return gpuRecord({
    id: `day-${day}`,
    createdAt: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
    decode: record.decode && { ...record.decode, tokensPerSecond: around(tokensPerSecond) },
    ...changes,
  });
}

const decode: HistoryMetric = HISTORY_METRICS.decode ?? {
  column: '',
  unit: '',
  interval: 'none',
  noise: null,
};
const everything = { model: [], weights: [], backend: [] };
const question = { metric: decode, filter: everything, margin: 0.02, noise: [], last: 10 };

describe('history', () => {
  it('knows the published records as they are', async () => {
    const history = await open(published);
    expect([history.records, history.passedOver]).toEqual([9, 0]);
    const { columns, rows } = await selectFrom(
      history,
      `select backend, launches, prompt_tokens, commit, flags[1], decode_tps, tpot_p95_ms
       from records where weights = 'f16' and backend = 'ort-webgpu'`,
    );
    expect(columns[0]).toBe('backend');
    expect(rows).toEqual([
      [
        'ort-webgpu',
        3,
        64,
        'df64c9774b34a1b27df9cd7724d309d7c4ebb94b',
        'software-adapter',
        expect.any(Number),
        null,
      ],
    ]);
  });

  it('puts a series in order of time, over several stores, and finds where it moved', async () => {
    const a = await store('a.jsonl', [onDay(3, 150), onDay(1, 100)]);
    const b = await store('b.jsonl', [onDay(2, 101), unsupportedRecord()]);
    const series = await historySeries(await open(a, b), question);
    expect(series).toHaveLength(1);
    expect(series[0]?.cell).toMatchObject({ model: 'fixture-model', weights: 'int4', batch: 1 });
    expect(series[0]?.points.map(({ id, value }) => [id, value])).toEqual([
      ['day-1', 100],
      ['day-2', 101],
      ['day-3', 150],
    ]);
    expect(series[0]?.points.map(({ change }) => change)).toEqual([null, null, 150 / 101]);
    expect(series[0]).toMatchObject({ records: 3, changes: 1 });
    const newest = await historySeries(await open(a, b), { ...question, last: 1 });
    const text = historyText(newest, 'decode', decode);
    expect(text).toContain('3 records, 1 changed, 2 older ones not shown');
    expect(text).toContain('+48.5%');
    expect(text).not.toContain('2026-01-01');
  });

  it('keeps cells and devices apart, and filters', async () => {
    const path = await store('a.jsonl', [onDay(1, 100), softwareRecord()]);
    const history = await open(path);
    expect(await historySeries(history, question)).toHaveLength(2);
    for (const filter of [{ backend: ['wgsl'] }, { backend: ['ort-webgpu', 'ort-cpu'] }]) {
      expect(
        await historySeries(history, { ...question, filter: { ...everything, ...filter } }),
      ).toHaveLength(1);
    }
    const injection = { ...everything, model: ["' or true --"] };
    expect(await historySeries(history, { ...question, filter: injection })).toEqual([]);
  });

  it('counts what is no record and reads what is around it', async () => {
    const good = JSON.stringify(onDay(1, 100));
    const bad = [
      'garbage',
      '[',
      '['.repeat(100_000),
      good.slice(0, 300),
      '{"schema":1}',
      'null',
      '1e999',
      '"',
      '{"__proto__":{"schema":1}}',
      good.replace('"createdAt":"2026', '"createdAt":"never'),
      good.replace('"prefill":{', '"prefill":{"median":'),
      `${good} ${good}`,
    ];
    const path = await store('a.jsonl', [good, ...bad.flatMap((line) => [line, good]), '', '  ']);
    const history = await open(path);
    expect([history.records, history.passedOver]).toEqual([bad.length + 1, bad.length]);
  });

  it('reads lines longer than usual, and passes over longer ones than any record', async () => {
    const provenance = { note: 'x'.repeat(3 * 2 ** 20) };
    const tooLong = 'x'.repeat(65 * 2 ** 20);
    const lines = [onDay(1, 1), onDay(2, 2, { provenance }), tooLong, onDay(3, 3)];
    expect((await open(await store('a.jsonl', lines))).records).toBe(3);
  });

  it('refuses records of a newer mtok', async () => {
    const path = await store('a.jsonl', [onDay(1, 100), '{"schema":2,"news":true}']);
    await expect(openHistory([path], null)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('schema 2'),
      hint: expect.stringContaining('newer'),
    });
  });

  it('takes a name with patterns in it as that name', async () => {
    await mkdir(join(folder, 'a[b]*'));
    await mkdir(join(folder, 'ab'));
    await store('ab/records.jsonl', [onDay(1, 1), onDay(2, 2)]);
    expect((await open(await store('a[b]*/records.jsonl', [onDay(1, 1)]))).records).toBe(1);
  });

  it('says what it cannot read', async () => {
    await expect(openHistory([join(folder, 'none.jsonl')], null)).rejects.toMatchObject({
      code: 'io',
    });
    await expect(openHistory([folder], null)).rejects.toMatchObject({ code: 'io' });
    const wrong = await store('a.parquet', ['no Parquet']);
    await expect(openHistory([wrong], null)).rejects.toMatchObject({ code: 'record' });
  });

  it('exports what it reads again', async () => {
    const history = await open(published);
    const parquet = join(folder, "it's.parquet");
    await exportParquet(history, parquet);
    const all = 'select * from records order by id';
    expect(await selectFrom(await open(parquet), all)).toEqual(await selectFrom(history, all));
  });
});

describe('columns that are kept', () => {
  const kept = () => readdir(join(folder, 'cache/history'));
  async function ask(path: string): Promise<[number, number]> {
    const history = await openHistory([path], join(folder, 'cache'));
    opened.push(history);
    return [history.records, history.passedOver];
  }

  it('answer for a large store until it changes, and never for a damaged copy', async () => {
    const note = 'x'.repeat(2 ** 20);
    const lines = Array.from({ length: 50 }, (_, i) => onDay(1, i + 1, { provenance: { note } }));
    const path = await store('a.jsonl', [...lines, 'garbage']);
    expect(await ask(path)).toEqual([50, 1]);
    const [first = ''] = await kept();
    expect(first).toMatch(/^[0-9a-f]{32}-[0-9a-f]{32}-1\.parquet$/);
    const before = (await stat(join(folder, 'cache/history', first))).mtimeMs;
    expect(await ask(path)).toEqual([50, 1]);
    expect((await stat(join(folder, 'cache/history', first))).mtimeMs).toBe(before);
    await writeFile(join(folder, 'cache/history', first), 'damaged');
    expect(await ask(path)).toEqual([50, 1]);
    await appendFile(path, `${JSON.stringify(onDay(2, 1))}\n`);
    expect(await ask(path)).toEqual([51, 1]);
    expect(await kept()).toHaveLength(1);
    expect(await kept()).not.toEqual([first]);
  });

  it('of small stores are none', async () => {
    await ask(published);
    await expect(kept()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a change', () => {
  /** Changes along a series of decode throughputs with these half-widths. */
  async function changes(...points: [value: number, halfWidth: number | null][]) {
    const records = points.map(([median, halfWidth], i) => {
      const record = onDay(i + 1, median);
      const bounds =
        halfWidth === null
          ? { low: null, high: null }
          : { low: median - halfWidth, high: median + halfWidth };
      const tokensPerSecond = { median, ...bounds };
      return { ...record, decode: record.decode && { ...record.decode, tokensPerSecond } };
    });
    const series = await historySeries(await open(await store('a.jsonl', records)), question);
    return series.flatMap((one) => one.points.map(({ change }) => change));
  }

  it('needs both a difference beyond the margin and intervals that are apart', async () => {
    expect(
      await changes(
        [100, 1], // nothing before it
        [101.5, 0.1], // apart, but within 2 %
        [110, 1], // beyond 2 %, 109 > 101.6
        [100, 20], // beyond, but 80 to 120 covers 110
        [50, 1],
      ),
    ).toEqual([null, null, 110 / 101.5, null, 0.5]);
  });

  it('must exceed the A/A floor of its engine on its device, where one was measured', async () => {
    const narrow = (day: number, median: number, changes: Partial<BenchRecord> = {}) => {
      const record = onDay(day, median, changes);
      const tokensPerSecond = { median, low: median * 0.999, high: median * 1.001 };
      return { ...record, decode: record.decode && { ...record.decode, tokensPerSecond } };
    };
    const records = [narrow(1, 100), narrow(2, 105), narrow(3, 150), narrow(4, 150.1)];
    const history = await open(await store('a.jsonl', records));
    const [first, second] = records;
    const aa = onDay(9, 100);
    const logRatios = [0.1, -0.1, 0.1, -0.1, 0.1, -0.1];
    const measured = noiseRecord(aa, aa, { id: 'aa', createdAt: '2026-01-01T00:00:00.000Z' });
    if (measured === null || first === undefined || second === undefined) throw new Error('none');
    const noise = [{ ...measured, floors: [describeNoise('decode', logRatios)] }];
    const ask = async (known: typeof noise) => {
      const series = await historySeries(history, { ...question, noise: known });
      return { points: series[0]?.points ?? [], text: historyText(series, 'decode', decode) };
    };
    const without = await ask([]);
    expect(without.points.map(({ change }) => change)).toEqual([null, 1.05, 150 / 105, null]);
    expect(without.points.map(({ margin }) => margin)).toEqual([null, 0.02, 0.02, 0.02]);
    expect(without.text).toContain('margin 2.0 % (no A/A floor is stored)');

    const floored = await ask(noise);
    const ofCompare = marginFor({ a: first, b: second, isInterleaved: false }, 'decode', 3, noise);
    expect(floored.points.map(({ change }) => change)).toEqual([null, null, 150 / 105, null]);
    expect(floored.points[1]?.margin).toBeGreaterThan(0.05);
    expect(floored.points[1]?.margin).toBeCloseTo(ofCompare.value, 12);
    expect(floored.text).toMatch(/margin 10\.\d % \(A\/A floor of decode known for 3 of 3\)/);

    const elsewhere = noise.map((one) => ({ ...one, driver: 'another' }));
    expect((await ask(elsewhere)).points[1]).toMatchObject({ change: 1.05, floor: null });
  });

  it('is judged alike upwards and downwards: the margin is a ratio', async () => {
    expect(await changes([102.1, 0.01], [100, 0.01])).toEqual([null, 100 / 102.1]);
    expect(await changes([101.9, 0.01], [100, 0.01])).toEqual([null, null]);
  });

  it('is never seen where a value has no interval or is 0', async () => {
    expect(await changes([1, null], [9, 0.1], [1, null])).toEqual([null, null, null]);
    expect(await changes([0, 0], [9, 0])).toEqual([null, null]);
  });

  it('of counted bytes needs no interval', async () => {
    const { memory } = gpuRecord();
    const bytes = [100, 100, 110].map((weightsBytes, i) =>
      onDay(i + 1, 1, { memory: { ...memory, weightsBytes } }),
    );
    const metric = HISTORY_METRICS.weights ?? decode;
    const history = await open(await store('a.jsonl', bytes));
    const [series] = await historySeries(history, { ...question, metric });
    expect(series?.points.map(({ change }) => change)).toEqual([null, null, 1.1]);
  });
});

describe('queries', () => {
  it.each([
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/*')",
    "copy records to '/tmp/mtok-must-not-be.csv'",
    "attach '/tmp/mtok-must-not-be.db'",
    'set enable_external_access = true',
    'install httpfs',
    'delete from records',
    'create table other as select 1',
    'select 1; select 2',
    '',
    'select nothing from records',
  ])('%j is refused as a wrong command', async (query) => {
    const history = await open(published);
    await expect(selectFrom(history, query)).rejects.toMatchObject({ code: 'usage' });
    expect((await selectFrom(history, 'select count(*) from records')).rows).toEqual([[9]]);
  });

  it('answer in plain values, printed without control characters', async () => {
    const name = 'evil\u001b[31m\u202e|<b>\n';
    const cell = { ...gpuRecord().cell, model: name };
    const history = await open(await store('a.jsonl', [onDay(1, 5, { cell })]));
    const table = await selectFrom(
      history,
      "select model, created_at, 9007199254740993 as big, {'a': [1, null]} as tree from records",
    );
    expect(table.rows).toEqual([
      [name, '2026-01-01T00:00:00.000Z', '9007199254740993', { a: [1, null] }],
    ]);
    await expect(selectFrom(history, 'select model::int from records')).rejects.toMatchObject({
      message: expect.stringMatching(/^[^\p{Cc}\p{Cf}]*evil \[31m[^\p{Cc}\p{Cf}]*$/u),
    });
    const series = await historySeries(history, question);
    for (const text of [tableText(table), historyText(series, 'decode', decode)]) {
      expect(text).toContain('evil [31m |<b>');
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

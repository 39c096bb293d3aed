import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  findTuned,
  newTable,
  saveTuned,
  tableText,
  tunedPath,
} from '../../src/hosts/node/tuned-tables.ts';
import { defaultChoices, type ProductShape } from '../../src/model/decoder/kernel-choice.ts';
import { codeOf } from '../../src/model/decoder/kernel-texts.ts';
import { tunedChoices } from '../../src/model/decoder/tuned-choices.ts';
import {
  adapterIdentity,
  type TunedEntry,
  type TunedTable,
  tunedTableSchema,
  withEntries,
} from '../../src/model/decoder/tuned-table.ts';
import { declaredDevice } from '../support/declared-device.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const details = {
  architecture: 'a1',
  device: 'd1',
  driver: 'driver 1.2',
  features: 'shader-f16 subgroups timestamp-query',
  subgroupMinSize: 32,
  subgroupMaxSize: 32,
  subgroupMatrixConfigs: '',
};
const gpu = declaredDevice({ features: ['subgroups'], subgroups: [32, 32], details });
const identity = adapterIdentity(gpu.info);

const entry = (rows: number, tunables: Record<string, number>, kernel = 'matvec'): TunedEntry => ({
  operation: { kind: 'product', format: 'int4', rows, k: 512, n: 1024 },
  choice: { kernel, tunables },
  ms: 0.5,
  defaultMs: 1,
  tried: 12,
  candidates: 40,
  skipped: [{ choice: { kernel: 'matvec', tunables: { wg: 1 } }, reason: 'it does not compile' }],
});
const attending = (position: number, splits: number, seq = 1): TunedEntry => ({
  ...entry(1, {}),
  operation: { kind: 'attention', heads: 8, kvHeads: 2, headDim: 64, kv: 'f16', position, seq },
  choice: {
    kernel: 'attention-split',
    lanes: 0,
    tunables: { wg: 128, lanes: 8, keys: 2, slices: 1, splits },
  },
});
const tableOf = async (...entries: TunedEntry[]): Promise<TunedTable> => ({
  ...(await newTable(identity, new Date(0))),
  entries,
});

describe('choices from a table', () => {
  const shape: ProductShape = { format: 'int4', n: 1024, k: 512, rows: 1, most: 16 };
  const tile = { bm: 64, bn: 32, tm: 8, tn: 4 };

  it('few rows go by powers of two, prefills by their class', async () => {
    const table = await tableOf(
      entry(1, { wg: 32, lanes: 4, rows: 2 }),
      entry(4, { wg: 64, lanes: 4, rows: 4 }),
      entry(128, { ...tile, bm: 32 }, 'matmul'),
      entry(512, tile, 'matmul'),
    );
    const choices = tunedChoices(gpu, table);
    const defaults = defaultChoices(gpu);
    expect(choices.product(shape).tunables.wg).toBe(32);
    expect(choices.product({ ...shape, rows: 3 }).tunables.wg).toBe(64);
    expect(
      choices.product({ ...shape, rows: null, most: Number.POSITIVE_INFINITY }).tunables,
    ).toEqual(tile);
    expect([choices.found, choices.missing]).toEqual([3, 0]);
    for (const other of [{ rows: 2 }, { n: 1026 }, { format: 'int8' }, { rows: null }] as const) {
      expect(choices.product({ ...shape, ...other })).toEqual(
        defaults.product({ ...shape, ...other }),
      );
    }
    expect([choices.found, choices.missing]).toEqual([3, 4]);
  });

  it('what the device cannot run is not chosen', async () => {
    const impossible = [
      entry(1, { wg: 4096, lanes: 4, rows: 2 }),
      entry(1, { wg: 32, lanes: 5, rows: 2 }),
      entry(1, { wg: 32, lanes: 4, rows: 2, more: 1 }),
      entry(1, { bm: 64, bn: 64, tm: 4, tn: 4 }, 'no-such-kernel'),
      entry(1, {}, 'constructor'),
    ];
    for (const one of impossible) {
      const choices = tunedChoices(gpu, await tableOf(one));
      expect(choices.product(shape)).toEqual(defaultChoices(gpu).product(shape));
      expect([choices.found, choices.missing]).toEqual([0, 1]);
    }
  });

  it('decode attention goes by the nearest context, one sequence at a time', async () => {
    const table = await tableOf(attending(511, 1), attending(4095, 8), attending(16383, 32));
    const choices = tunedChoices(gpu, table);
    const at = (context: number, batch = 1) =>
      choices.attention({
        batch,
        heads: 8,
        kvHeads: 2,
        headDim: 64,
        kv: 'f16',
        few: true,
        context,
      });
    expect([512, 600, 3000, 4096, 100_000].map((context) => at(context).tunables.splits)).toEqual([
      1, 1, 8, 8, 32,
    ]);
    expect(choices.missing).toBe(0);
    at(4096, 2);
    expect(choices.missing).toBe(1);
  });
});

describe('tables on disk', () => {
  let cacheDir: string;
  let committed: string;
  beforeEach(async () => {
    cacheDir = await temporaryFolder();
    committed = await temporaryFolder();
  });
  const find = (device = gpu) => findTuned(cacheDir, device.info, committed);

  it('are found again, the cache’s before the committed', async () => {
    expect(await find()).toEqual({ table: null, origin: 'none', problem: null });
    const table = await tableOf(entry(1, { wg: 32, lanes: 4, rows: 2 }));
    await writeFile(join(committed, 'paper.json'), tableText(table));
    expect(await find()).toEqual({ table, origin: 'committed', problem: null });
    const path = await saveTuned(cacheDir, withEntries(table, [entry(2, {})]));
    expect(path).toBe(await tunedPath(cacheDir, identity));
    expect((await find()).origin).toBe('cache');
    expect((await find()).table?.entries).toHaveLength(2);
  });

  it.each([
    ['driver', { driver: 'driver 1.3' }],
    ['features', { subgroupMaxSize: 64 }],
  ])('are not used with another %s', async (what, change) => {
    await writeFile(join(committed, 'paper.json'), tableText(await tableOf(entry(1, {}))));
    const other = declaredDevice({ details: { ...details, ...change } });
    const { table, origin, problem } = await find(other);
    expect([table, origin]).toEqual([null, 'none']);
    expect(problem).toContain(`made with ${what}`);
  });

  it('are not used with other kernels, nor for other adapters', async () => {
    const table = { ...(await tableOf(entry(1, {}))), kernelsSha256: '0'.repeat(64) };
    await writeFile(join(committed, 'paper.json'), tableText(table));
    expect((await find()).problem).toContain('kernels have changed');
    const other = declaredDevice({ details: { ...details, device: 'd2' } });
    expect(await find(other)).toEqual({ table: null, origin: 'none', problem: null });
  });

  it.each([
    ['no JSON', '{"version": 1,'],
    ['another version', JSON.stringify({ version: 99 })],
    ['a bad entry', '{}'],
  ])('that are damaged are reported: %s', async (_, text) => {
    const path = await tunedPath(cacheDir, identity);
    await mkdir(join(cacheDir, 'tuned'));
    await writeFile(path, text);
    const { table, problem } = await find();
    expect(table).toBeNull();
    expect(problem).toContain(path);
  });

  it('have an entry a line and read back as they were', async () => {
    const table = await tableOf(entry(1, { wg: 32 }), attending(511, 1));
    const text = await readFile(await saveTuned(cacheDir, table), 'utf8');
    expect(text.split('\n').filter((line) => line.includes('"operation"'))).toHaveLength(2);
    expect(tunedTableSchema.parse(JSON.parse(text))).toEqual(table);
    expect(tunedTableSchema.parse(JSON.parse(tableText(await tableOf()))).entries).toEqual([]);
  });
});

it('an entry takes the place of the one for the same operation', async () => {
  const table = withEntries(await tableOf(entry(1, { wg: 32 }), entry(2, { wg: 32 })), [
    entry(1, { wg: 64 }),
  ]);
  expect(table.entries.map(({ choice }) => choice.tunables.wg)).toEqual([64, 32]);
});

it('comments and blank lines do not make a kernel another one', () => {
  expect(codeOf('// head\n\nlet a = 1; // why\n  let b = 2;\n')).toBe('let a = 1;\nlet b = 2;');
});

it('schemas bound what a file may hold', async () => {
  const table = await tableOf(entry(1, { wg: 32 }));
  const reject = (change: object) =>
    expect(tunedTableSchema.safeParse({ ...table, ...change }).success).toBe(false);
  reject({ version: 2 });
  reject({ created: 'yesterday' });
  reject({ extra: 1 });
  reject({ entries: [{ ...entry(1, { wg: 1.5 }) }] });
  reject({ entries: [{ ...entry(1, { __proto__x: 1 }) }] });
  reject({ entries: [{ ...entry(1, {}), choice: { kernel: '../x', tunables: {} } }] });
  reject({ entries: [{ ...entry(0, {}) }] });
});

it('committed tables are tables', async () => {
  const folder = new URL('../../kernels/tuned/', import.meta.url);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const parsed = tunedTableSchema.safeParse(
      JSON.parse(await readFile(new URL(name, folder), 'utf8')),
    );
    expect(parsed.error?.issues, name).toBeUndefined();
  }
});

import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import type { BenchRecord } from '../../src/core/record.ts';
import { splitCost } from '../../src/economics/token-cost.ts';
import { verifyRecord } from '../../src/measure/verify-record.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTable } from '../../src/report/table.ts';
import { readStore } from '../../src/store/jsonl.ts';
import { parseRecord } from '../../src/store/parse-record.ts';
import { gpuRecord, softwareRecord, unsupportedRecord } from '../support/sample-records.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-hostile-'));
  path = join(folder, 'records.jsonl');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const good = JSON.stringify(gpuRecord());

/** Values that break readers: numbers at the ends of their range, names with a meaning, markup, depth. */
const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, -0, -1, 1e308, 5e-324, 2 ** 53, 2 ** 31, 1.5, null, true, '', [], {}],
    ...['__proto__', 'constructor', 'toString', '\ud800', '\u0000', '1'.repeat(5000)],
    ...['<script>alert(1)</script>', '![x](http://x)', '`|`', '\u001b[2J', '\u202e'],
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** A record in which some values, anywhere in it, were replaced, removed, or joined by others. */
const mutated = fc
  .tuple(
    fc.constantFrom(gpuRecord, softwareRecord, unsupportedRecord),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), nasty), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([make, changes]) => {
    const record = JSON.parse(JSON.stringify(make())) as Record<string, unknown>;
    for (const [where, how, value] of changes) mutate(record, where, how, value);
    return JSON.stringify(record);
  });

function mutate(record: object, where: number, how: string, value: unknown): void {
  const places: [object, string][] = [];
  const collect = (tree: object) => {
    for (const [name, child] of Object.entries(tree)) {
      if (tree !== record || name !== 'schema') places.push([tree, name]);
      if (typeof child === 'object' && child !== null) collect(child);
    }
  };
  collect(record);
  const [tree, name] = places[where % places.length] ?? [record, 'id'];
  if (how === 'remove') Reflect.deleteProperty(tree, name);
  else if (how === 'replace') Reflect.set(tree, name, value);
  else {
    const options = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(tree, '__proto__', options); // as JSON.parse makes one: a plain property
  }
}

const anyLine = fc.oneof(
  mutated,
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.replace(/\n/g, ' ')),
  fc.nat({ max: good.length - 1 }).map((length) => good.slice(0, length)),
  fc.integer({ min: 17, max: 20_000 }).map((depth) => '{"a":'.repeat(depth)),
  fc
    .integer({ min: 17, max: 20_000 })
    .map((depth) => good.replace('"flags":[', `$&${'['.repeat(depth)}`)),
);

/** fc.json may make a record of a later mtok, which is refused on purpose. */
const isNewer = (line: string) => /"schema"/.test(line) && !line.startsWith('{"schema":1,');

describe('a hostile line', () => {
  it('is passed over or read, and those around it are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { minLength: 1, maxLength: 5 }), async (all) => {
        const lines = all.filter((line) => !isNewer(line));
        await writeFile(path, lines.flatMap((line) => [good, line, '']).join('\n') + good);
        const { records, problems } = await readStore(path);
        const whole = records.filter(({ id }) => id === 'fixture-gpu');
        expect(whole.length).toBeGreaterThanOrEqual(lines.length);
        expect(records.length + problems.length).toBeLessThanOrEqual(2 * lines.length + 1);
        expect(Object.prototype).not.toHaveProperty('schema');
      }),
      { numRuns: 150 },
    );
  });

  it('of 100 MB is refused without being held', async () => {
    const file = await open(path, 'w');
    await file.truncate(100 * 2 ** 20);
    await file.close();
    await appendFile(path, `\n${good}\n`);
    const before = process.memoryUsage.rss();
    const { records, problems } = await readStore(path);
    expect(records).toHaveLength(1);
    expect(problems).toMatchObject([{ line: 1, reason: expect.stringContaining('longer than') }]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(90 * 2 ** 20);
  });

  it('that is read, is rendered and verified without harm', () => {
    let read = 0;
    fc.assert(
      fc.property(mutated, (line) => {
        const record = parseRecord(line, 'here');
        if ('reason' in record) return;
        read += 1;
        verifyRecord(record, splitCost);
        assertHarmless([record]);
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(30);
  });
});

const evil =
  'a\u001b]0;x\u0007<script>alert(1)</script>|`![i](http://x "t")`<!-- -->\r\n# h\u202e\u2028&amp;';

it('every text of a record is shown as text', () => {
  for (const make of [gpuRecord, softwareRecord, unsupportedRecord]) {
    assertHarmless([withTexts(make())]);
  }
});

/** The record with every free text replaced. */
function withTexts(record: BenchRecord): BenchRecord {
  const { cell, device, outcome, cost } = record;
  return {
    ...record,
    id: evil,
    run: evil,
    key: evil,
    createdAt: evil,
    cell: { ...cell, model: evil },
    modelSha256: evil,
    device: device && { ...device, name: evil, vendor: evil, details: { [evil]: evil } },
    outcome: outcome.status === 'ok' ? outcome : { ...outcome, message: evil, hint: evil },
    flags: [{ code: 'evil', field: evil, message: evil, hint: evil }],
    settings: { [evil]: evil },
    provenance: { [evil]: evil, command: evil, mtok: evil, commit: evil, node: evil },
    cost: cost && { ...cost, price: { gpu: evil, source: evil, date: evil, standIn: true } },
  };
}

/** No markup of a record's own in the Markdown outside of code, no control characters anywhere. */
function assertHarmless(records: BenchRecord[]): void {
  const table = renderTable(records);
  const markdown = renderMarkdown(records, { title: undefined, storePath: 'store', remarks: [] });
  for (const text of [table, markdown]) {
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2028\u2029]/u);
  }
  const outsideCode = markdown.replace(/^(`{3,})sh\n[\s\S]*?\n\1$/gm, '');
  expect(outsideCode).not.toMatch(/<script|<!--|(?<!\\)!\[|(?<!\\)\]\(http:\/\/x/);
}

it('an invariant that breaks is a BenchError, never a crash of the reader', () => {
  expect(() => parseRecord('{"schema":99}', 'here')).toThrow(BenchError);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { importedCost } from '../../src/economics/imported-cost.ts';
import { buildImportRecord } from '../../src/imports/build-import-record.ts';
import { importText } from '../../src/imports/import-text.ts';
import { renderImportTable } from '../../src/report/import-table.ts';
import {
  aiperfRequests,
  aiperfSummary,
  jsonLines,
  llamaBenchRow,
  vllmResult,
} from '../support/import-samples.ts';

const read = (text: string) => importText(text, 'some-file');
const row = (changes: object) => JSON.stringify([{ ...llamaBenchRow, ...changes }]);

describe('a file that is no result', () => {
  it.each([
    ['', /some-file is empty/],
    ['  \n', /some-file is empty/],
    ['hello', /some-file is of no format/],
    ['| a | b |\n| - | - |\n| 1 | 2 |', /no format/],
    ['{}', /no format/],
    ['[]', /empty list/],
    ['[1, 2]', /some-file\[0\] is of no format/],
    ['{"model_id": "m"}', /no format/],
    ['{"a": 1}\n{"b": 2}', /some-file:1 is of no format/],
    ['null', /no format/],
  ])('%j', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('is told what was looked for', () => {
    expect(() => read('hello')).toThrow(
      expect.objectContaining({
        code: 'record',
        hint: expect.stringMatching(/llama-bench.*AIPerf/),
      }),
    );
  });
});

describe('a file that was cut off', () => {
  const csv = `n_prompt,n_gen,avg_ts\n"64","0","12.5"\n`;
  const sql = `INSERT INTO llama_bench (n_prompt, n_gen, avg_ts) VALUES ('64', '0', '12.5');\n`;
  const markdown = '| model | test | t/s |\n| - | - | - |\n| m | pp64 | 12.50 ± 0.10 |\n';

  it('is whole before it is cut', () => {
    for (const text of [csv, sql, markdown]) expect(read(text)).toHaveLength(1);
  });

  it.each([
    ['JSON', row({}).slice(0, -20), /cut off/],
    ['JSON Lines', jsonLines([llamaBenchRow, llamaBenchRow]).slice(0, -20), /line 2 is cut off/],
    ['requests', jsonLines(aiperfRequests).slice(0, -20), /line 5 is cut off/],
    ['CSV inside quotes', csv.slice(0, -3), /some-file:2 is cut off/],
    ['CSV between values', 'n_prompt,n_gen,avg_ts\n"64","0"\n', /2 values, expected 3/],
    ['CSV behind its names', 'n_prompt,n_gen,avg_ts\n', /no rows/],
    ['SQL', sql.slice(0, -6), /some-file:1 is cut off/],
    ['SQL behind its table', 'CREATE TABLE llama_bench (\n', /no INSERT/],
    ['Markdown', markdown.slice(0, -8), /cut off|expected 12\.34/],
    ['Markdown behind its head', '| model | test | t/s |\n| - | - | - |\n', /without rows/],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});

describe('a file of wrong values', () => {
  it.each([
    [{ n_prompt: '64' }, /some-file\[0\]: n_prompt/],
    [{ n_prompt: 0.5 }, /n_prompt/],
    [{ n_prompt: -64 }, /n_prompt/],
    [{ n_prompt: 0 }, /a test of no tokens/],
    [{ avg_ts: null }, /avg_ts/],
    [{ avg_ts: 1e21 }, /avg_ts/],
    [{ samples_ns: [0] }, /samples_ns\.0/],
    [{ samples_ns: ['1'] }, /samples_ns\.0/],
    [{ samples_ns: [1, 2] }, /3 samples_ts, but 2 samples_ns/],
    [{ model_filename: 'm\u001b[2J' }, /model_filename: holds control characters/],
    [{ model_filename: 'a\u202eb' }, /control characters/],
    [{ model_filename: 'm'.repeat(1001) }, /longer than 1000/],
    [{ cpu_flags: 'a\nb' }, /cpu_flags: holds control characters/],
    [{ '<script>': 1 }, /a field is called/],
  ])('%j', (changes, message) => {
    expect(() => read(row(changes))).toThrow(message);
  });

  it('says so of texts that are no numbers', () => {
    expect(() => read('n_prompt,n_gen,avg_ts\n"0x40","0","1"\n')).toThrow(/n_prompt: is no number/);
    expect(() => read('n_prompt,n_gen,avg_ts\n"64","0","inf"\n')).toThrow(/avg_ts: is no number/);
    expect(() => read('| model | test | t/s |\n| m | pg64 | 1.0 |\n')).toThrow(/expected pp64/);
  });

  it('says so of metrics with wild names or units', () => {
    const bad = { ...aiperfSummary, '<b>': { unit: 'ms', avg: 1 } };
    expect(() => read(JSON.stringify(bad))).toThrow(/a metric is called "<b>"/);
    const unit = { ...aiperfSummary, ttft: { unit: 'ms\u0007', avg: 1 } };
    expect(() => read(JSON.stringify(unit))).toThrow(/control characters/);
  });

  it('is not read deeper than any tool nests', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(() => read(deep)).toThrow(/deeper than 64/);
  });

  it('cannot reach the prototype of anything', () => {
    const text = JSON.stringify(vllmResult).replace('{', '{"__proto__": {"polluted": 1},');
    expect(read(text)[0]?.settings).not.toHaveProperty('polluted');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('shows no control characters in messages', () => {
    try {
      read(row({ '\u001b[2J': 1 }));
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toMatch(/\p{Cc}/u);
    }
  });
});

describe('figures that come to no number', () => {
  const file = { name: 'f', bytes: 1, sha256: '0'.repeat(64) };
  it.each([
    [{ duration: 5e-324 }, /f: run\.checks/],
    [{ failed: 1e18 }, /failed/],
  ])('%j', (changes, message) => {
    expect(() => {
      const [run] = read(JSON.stringify({ ...vllmResult, ...changes }));
      if (run) buildImportRecord({ id: 'i', importedAt: 't', file, run, cost: null });
    }).toThrow(message);
  });
});

describe('whatever a file holds', () => {
  const whole = [
    row({}),
    JSON.stringify(vllmResult),
    JSON.stringify(aiperfSummary),
    jsonLines(aiperfRequests),
  ];

  it('it is imported or refused with a code', () => {
    const changed = fc
      .tuple(fc.constantFrom(...whole), fc.nat(), fc.string({ maxLength: 6 }), fc.nat(8))
      .map(([text, at, put, cut]) => {
        const i = at % text.length;
        return text.slice(0, i) + put + text.slice(i + cut);
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.string(), fc.json()), (text) => {
        try {
          const file = { name: 'f', bytes: 1, sha256: '0'.repeat(64) };
          const records = read(text).map((run) =>
            buildImportRecord({ id: 'i', importedAt: 't', file, run, cost: importedCost(run, 1) }),
          );
          expect(renderImportTable(records)).not.toMatch(/[^\P{Cc}\n]/u);
        } catch (error) {
          expect(error).toBeInstanceOf(BenchError);
          expect(error).toMatchObject({ code: 'record' });
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

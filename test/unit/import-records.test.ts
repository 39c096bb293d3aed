import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ImportRecord, MAX_KEPT_SAMPLES } from '../../src/core/import-record.ts';
import { importedCost } from '../../src/economics/imported-cost.ts';
import { buildImportRecord } from '../../src/imports/build-import-record.ts';
import { importText } from '../../src/imports/import-text.ts';
import { recomputedText } from '../../src/report/import-rows.ts';
import { renderImportTable } from '../../src/report/import-table.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { appendImportRecords, readImportRecords } from '../../src/store/import-records.ts';
import { jsonLines, llamaBenchRow, metricNamed, vllmResult } from '../support/import-samples.ts';
import { temporaryFolder } from '../support/model-directory.ts';
import { gpuRecord } from '../support/sample-records.ts';

function recordsOf(text: string, usdPerHour: number | null = null): ImportRecord[] {
  return importText(text, 'file').map((run, i) =>
    buildImportRecord({
      id: `import-${i}`,
      importedAt: '2026-01-01T00:00:00.000Z',
      file: { name: 'results.json', bytes: text.length, sha256: 'a'.repeat(64) },
      run,
      cost: importedCost(run, usdPerHour),
    }),
  );
}

const prefill = llamaBenchRow;
const decode = { ...llamaBenchRow, n_prompt: 0, n_gen: 64 };
const llamaBench = (row: object = prefill) => JSON.stringify([row]);

describe('costs of imported rates', () => {
  it('are the price over the tokens of an hour', () => {
    // 16 000 tokens/s at 2.88 USD/h: 57.6 Mtok an hour.
    expect(recordsOf(llamaBench(), 2.88)[0]?.cost).toMatchObject({
      usdPerHour: 2.88,
      price: { source: '--gpu-price', date: null },
      figures: [{ metric: 'tokens / median time', view: 'split-input', usdPerMtok: 0.05 }],
    });
    expect(recordsOf(llamaBench(decode), 2.88)[0]?.cost?.figures).toEqual([
      { metric: 'tokens / median time', view: 'split-output', usdPerMtok: 0.05 },
    ]);
  });

  it('of a server charge the whole bill, by either view', () => {
    const figures = recordsOf(JSON.stringify(vllmResult), 1)[0]?.cost?.figures;
    expect(figures?.map(({ metric, view }) => [metric, view])).toEqual([
      ['output_throughput', 'all-on-output'],
      ['total_token_throughput', 'all-on-total'],
    ]);
    expect(figures?.[0]?.usdPerMtok).toBeCloseTo(1e6 / 3600 / 4.5, 9);
    expect(figures?.[1]?.usdPerMtok).toBeCloseTo(1e6 / 3600 / 34.5, 9);
  });

  it('take the listed price of a single known GPU only', () => {
    expect(recordsOf(llamaBench())[0]?.cost?.price.gpu).toBe('H100');
    for (const changes of [
      { gpu_info: 'NVIDIA H100, NVIDIA H100' },
      { gpu_info: 'Some GPU' },
      { gpu_info: '' },
      { backends: 'CPU' },
    ]) {
      expect(recordsOf(llamaBench({ ...prefill, ...changes }))[0]?.cost).toBeNull();
    }
    expect(recordsOf(JSON.stringify(vllmResult))[0]?.cost).toBeNull();
  });

  it('are none where only a mean of rates is told', () => {
    const { samples_ns: _ns, samples_ts: _ts, avg_ns: _avg, ...row } = llamaBenchRow;
    expect(recordsOf(llamaBench(row), 2.88)[0]?.cost).toBeNull();
  });
});

describe('the store of imports', () => {
  it('gives back what was added', async () => {
    const path = join(await temporaryFolder(), 'imports.jsonl');
    const records = recordsOf(jsonLines([prefill, decode]));
    expect(await readImportRecords(path)).toEqual({ records: [], problems: [] });
    await appendImportRecords(path, records);
    await appendImportRecords(path, []);
    expect(await readImportRecords(path)).toEqual({ records, problems: [] });
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
    expect(records[0]).toMatchObject({ kind: 'import', schema: 1 });
  });

  it('passes over what is no imported result and refuses what a newer mtok wrote', async () => {
    const path = join(await temporaryFolder(), 'imports.jsonl');
    await appendFile(path, '{"torn\n{"kind":"import","schema":1}\n\n');
    const { records, problems } = await readImportRecords(path);
    expect(records).toEqual([]);
    expect(problems.map(({ line }) => line)).toEqual([1, 2]);
    await appendFile(path, '{"kind":"import","schema":2}\n');
    await expect(readImportRecords(path)).rejects.toMatchObject({ code: 'record' });
  });

  it('keeps no more samples than it reads again, but their number', () => {
    const gaps = Array.from({ length: MAX_KEPT_SAMPLES + 1 }, () => 0.01);
    const [record] = recordsOf(JSON.stringify({ ...vllmResult, itls: [gaps, [], [], []] }));
    expect(metricNamed(record?.run, 'itl')).toMatchObject({
      samples: null,
      sampleCount: MAX_KEPT_SAMPLES + 1,
    });
  });
});

describe('imported results on a page', () => {
  const hostile = '<img src=x> | [a](javascript:b) `c`';
  const named = { ...prefill, model_filename: hostile.replaceAll('/', '') };

  it('say in a terminal how they stand to ours, and what was computed again', () => {
    const table = renderImportTable(recordsOf(llamaBench(), 2.88));
    expect(table).toMatch(/^IMPORTED: measured by other tools/);
    expect(table).toMatch(
      /^pp64 +avg_ts +mean of rates +20267 +tokens\/s +±50\.8% sample sd +not comp/m,
    );
    expect(table).toMatch(/16000 +tokens\/s +convertible \[2\] +0\.0500 split-input$/m);
    expect(table).toContain('[1] Why: A mean of rates');
    expect(table).toContain('recomputed: 5 of 5 figures equal, to 6 to 11 digits');
  });

  it('tell rows apart by the settings in which they differ', () => {
    const rows = [
      { ...prefill, n_threads: 1 },
      { ...prefill, n_threads: 2 },
    ];
    const table = renderImportTable(recordsOf(JSON.stringify(rows)));
    expect(table).toMatch(/^pp64, n_threads 1 +avg_ts/m);
    expect(table).toMatch(/^pp64, n_threads 2 +avg_ts/m);
  });

  it('say what differs', () => {
    const [record] = recordsOf(llamaBench({ ...prefill, avg_ts: 20300 }));
    expect(recomputedText(record?.run.checks ?? [])).toMatch(
      /4 of 5 figures equal.*DIFFERS: avg_ts is 20300, but 20266\.6+8 as mean of tokens/,
    );
    expect(recomputedText([])).toContain('recomputed: nothing');
  });

  it('have a section of their own in a report, behind ours', () => {
    const imports = recordsOf(llamaBench(named), 2.88);
    const own = renderMarkdown([gpuRecord()], { storePath: 's' });
    const text = renderMarkdown([gpuRecord()], { storePath: 's', imports });
    expect(own).not.toContain('Imported results');
    const start = text.indexOf('## Imported results (measured by others)');
    const section = text.slice(start, text.indexOf('## Settings of each engine'));
    expect(text.replace(section, '')).toBe(own);
    expect(section).toContain('not comparable \\[1\\]');
    expect(section).toContain('0.0500 split-input');
    expect(section).not.toMatch(/<img|(?<!\\)\[a(?<!\\)\]|(?<!\\)`c/);
  });
});

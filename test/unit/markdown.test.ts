import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { codeBlock, escapeMarkdown } from '../../src/report/markdown-text.ts';
import { inReadingOrder, latestOfEachCell, recordsOfRun } from '../../src/report/select-records.ts';
import {
  gpuRecord,
  sampleProfile,
  softwareRecord,
  unsupportedRecord,
} from '../support/sample-records.ts';

const all = [gpuRecord(), softwareRecord(), unsupportedRecord()];

describe('renderMarkdown', () => {
  it('writes the whole document from records alone', async () => {
    const text = renderMarkdown(all, { storePath: 'results/records.jsonl' });
    await expect(text).toMatchFileSnapshot('../fixtures/report.md');
  });

  it('survives a round trip of its records through JSON', () => {
    const again = JSON.parse(JSON.stringify(all)) as typeof all;
    const options = { storePath: 's.jsonl' };
    expect(renderMarkdown(again, options)).toBe(renderMarkdown(all, options));
  });

  it('has a section for profiles where there are any', () => {
    const text = renderMarkdown([gpuRecord({ profile: sampleProfile() })], { storePath: 's' });
    expect(text).toContain('### Profile: fixture-model');
    expect(text).toContain('**Row 1**: prefill of 512 tokens behind 0 cached');
    expect(text).toContain('| odd\\|role | unheard-of | 1 | 1.00 | 25.0% | n/a | n/a |');
    expect(renderMarkdown(all, { storePath: 's' })).not.toContain('Profile:');
  });

  it('names every record and its outcome', () => {
    const text = renderMarkdown(all, { storePath: 's.jsonl' });
    for (const { id, outcome } of all) expect(text).toMatch(new RegExp(`${id}.*${outcome.status}`));
  });

  it('shows markup in names as text', () => {
    const { cell } = gpuRecord();
    const model = '<img src=x onerror=alert(1)> | [click](javascript:alert(1)) `x` $a$\n# Heading';
    const text = renderMarkdown([gpuRecord({ cell: { ...cell, model } })], {
      storePath: "it's here.jsonl",
      title: '<b>bold</b>',
    });
    expect(text).not.toMatch(/<img|<b>/);
    expect(text).not.toMatch(/(?<!\\)\[click(?<!\\)\]/);
    expect(text).not.toMatch(/^# Heading/m);
    const cellsPerLine = text
      .split('\n')
      .filter((line) => line.startsWith('| 1 |'))
      .map((line) => line.match(/(?<!\\)\|/g)?.length);
    expect(new Set(cellsPerLine.slice(0, 1))).toEqual(new Set([16]));
    expect(text).toContain("mtok report 'it'\\''s here.jsonl'");
  });
});

describe('escapeMarkdown', () => {
  it.each([
    ['a|b', 'a\\|b'],
    ['a&lt;', 'a&amp;lt;'],
    ['__x__', '\\_\\_x\\_\\_'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['line\nbreak\u0000', 'line break'],
  ])('%j becomes %j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});

describe('codeBlock', () => {
  it('is longer than any run of backticks within', () => {
    expect(codeBlock('a ```` b').startsWith('`````sh\n')).toBe(true);
  });
});

describe('selection', () => {
  const older = gpuRecord({ id: 'older', createdAt: '2026-01-01T00:00:00.000Z', run: 'first' });

  it('keeps the newest record of a cell', () => {
    expect(latestOfEachCell([gpuRecord(), older]).map(({ id }) => id)).toEqual(['fixture-gpu']);
    expect(latestOfEachCell([older, gpuRecord()]).map(({ id }) => id)).toEqual(['fixture-gpu']);
  });

  it('finds a run, or the last', () => {
    expect(recordsOfRun([older, gpuRecord()], 'first')).toEqual([older]);
    expect(recordsOfRun([older, gpuRecord()], 'latest')).toEqual([gpuRecord()]);
    expect(recordsOfRun([], 'latest')).toEqual([]);
  });

  it('puts what one compares side by side, in whatever order it was measured', () => {
    const { cell } = gpuRecord();
    const make = (weights: 'f16' | 'int4', backend: 'wgsl' | 'ort-cpu') =>
      gpuRecord({ cell: { ...cell, backend, variant: { ...cell.variant, weights } } });
    const measured = [
      make('int4', 'ort-cpu'),
      make('f16', 'ort-cpu'),
      make('int4', 'wgsl'),
      make('f16', 'wgsl'),
    ];
    const names = inReadingOrder(measured).map(
      (record) => `${record.cell.variant.weights} ${record.cell.backend}`,
    );
    expect(names).toEqual(['f16 wgsl', 'f16 ort-cpu', 'int4 wgsl', 'int4 ort-cpu']);
  });
});

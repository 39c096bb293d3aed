import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/report/table.ts';
import {
  gpuRecord,
  sampleProfile,
  softwareRecord,
  unsupportedRecord,
} from '../support/sample-records.ts';

describe('renderTable', () => {
  it('shows results, failures and what a reader must know about them', async () => {
    const table = renderTable([gpuRecord(), softwareRecord(), unsupportedRecord()]);
    await expect(table).toMatchFileSnapshot('../fixtures/table.txt');
  });

  it('says above and below that a software adapter is no GPU', () => {
    const lines = renderTable([softwareRecord()]).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SOFTWARE ADAPTER: ort-webgpu ran on Invented Software Rasteriser/);
    expect(lines.slice(-2).join(' ')).toContain("a software adapter's, not a GPU's");
  });

  it('says nothing of the kind when a GPU ran', () => {
    expect(renderTable([gpuRecord()])).not.toContain('SOFTWARE');
  });

  it('fits 150 columns with the longest names of engines and formats', () => {
    const record = softwareRecord();
    const chromium = { ...record, cell: { ...record.cell, host: 'chromium' as const } };
    const lines = renderTable([chromium, gpuRecord()]).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(160);
    expect(
      Math.max(
        ...renderTable([gpuRecord(), record])
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(150);
  });

  it('gives every flag a number that the row and the legend share', () => {
    const table = renderTable([softwareRecord()]);
    const row = table.split('\n').find((line) => line.startsWith('int4'));
    expect(row).toMatch(/ 1,2$/);
    expect(table).toMatch(/^2 \[no-interval\] /m);
  });

  it('keeps remarks on figures that have no column to the report', () => {
    const table = renderTable([softwareRecord()]);
    expect(table).not.toContain('activationBytes');
    const { memory, flags } = softwareRecord();
    const flag = { code: 'memory-unknown', field: 'memory.peakGpuBytes', message: 'It is hidden.' };
    const hidden = softwareRecord({
      memory: { ...memory, peakGpuBytes: null },
      flags: [...flags, flag],
    });
    expect(renderTable([hidden])).toMatch(/ ≥1020 .* 1,2,3$/m);
  });

  it('numbers equal remarks of several rows once', () => {
    const table = renderTable([softwareRecord(), softwareRecord()]);
    expect(table.match(/\[software-adapter\]/g)).toHaveLength(1);
  });

  it('leaves out the columns of a phase that no cell has', () => {
    const { cell } = gpuRecord();
    const prefillOnly = gpuRecord({
      cell: { ...cell, workload: { ...cell.workload, generatedTokens: 0 } },
      decode: null,
    });
    const heading = renderTable([prefillOnly]).match(/^weights .*$/m)?.[0];
    expect(heading).toContain('prefill');
    expect(heading).not.toContain('decode');
    expect(heading).not.toContain('output');
  });

  it('takes a step apart below the results where a record has a profile', () => {
    const table = renderTable([gpuRecord({ profile: sampleProfile() }), softwareRecord()]);
    expect(table.match(/^Profile of /gm)).toHaveLength(2);
    expect(table).toMatch(
      /^Profile of fixture-model int4 f16 f32 wgsl: decode step of 1 token behind 512/m,
    );
    expect(table).toMatch(/^qkv +matvec +16 +3\.00 +75\.0% +3000 +1000$/m);
    expect(table).toMatch(/^odd\|role +unheard-of +1 +1\.00 +25\.0% +n\/a +n\/a$/m);
    expect(table.replaceAll('\n', ' ')).toContain(
      '17 dispatches in 1 submit, 7.00 a layer (goal: below 10). From the first command to the token on the host ' +
        '4.80 ms: device 4.50 ms, sync 0.250 ms, encode 34.0 µs or 2.00 µs a dispatch (goal: at most 8).',
    );
  });

  it('lets no control sequence of a name through to the terminal', () => {
    const { cell } = gpuRecord();
    const table = renderTable([gpuRecord({ cell: { ...cell, model: 'evil\u001b[2J\u202ename' } })]);
    expect(table).toContain('evil [2J name');
    expect(table).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('has something to say about no records', () => {
    expect(renderTable([])).toBe('No cells were measured.\n');
  });
});

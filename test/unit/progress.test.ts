import { describe, expect, it } from 'vitest';
import { ProgressDisplay } from '../../src/cli/progress.ts';
import type { RunPosition } from '../../src/measure/progress.ts';
import { gpuRecord, unsupportedRecord } from '../support/sample-records.ts';

const position: RunPosition = {
  cellIndex: 1,
  cell: gpuRecord().cell,
  launch: 2,
  launches: 3,
  cellsDone: 1,
  cellsTotal: 9,
  elapsedMs: 1000,
  remainingMs: 65_000,
};

function screen(options: { isTTY: boolean; columns?: number }) {
  let text = '';
  const display = new ProgressDisplay({ ...options, write: (more) => (text += more) });
  return { display, text: () => text };
}

describe('ProgressDisplay', () => {
  it('writes plain lines where there is no terminal', () => {
    const { display, text } = screen({ isTTY: false });
    display.show({ type: 'phase', phase: 'start', ...position });
    display.show({ type: 'phase', phase: 'measure', ...position });
    display.show({ type: 'record', record: gpuRecord(), ...position });
    expect(text()).not.toMatch(/[^\P{Cc}\n]/u);
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('launch 2/3');
    expect(lines[0]).toContain('about 1 min 05 s left');
    expect(lines[1]).toContain('decode 100 ±10% tok/s');
  });

  it('rewrites one line on a terminal, never wider than it', () => {
    const { display, text } = screen({ isTTY: true, columns: 30 });
    display.show({ type: 'phase', phase: 'load', ...position });
    display.show({ type: 'phase', phase: 'measure', ...position });
    display.clear();
    expect(text()).not.toContain('\n');
    for (const line of text().split('\r')) expect(line.length).toBeLessThan(30);
    expect(text()).toContain('1/9 measuring 2/3');
    expect(text().endsWith('\r')).toBe(true);
  });

  it('says why a cell has no figures', () => {
    const { display, text } = screen({ isTTY: false });
    display.show({ type: 'record', record: unsupportedRecord(), ...position });
    expect(text()).toContain('unsupported: ONNX Runtime has no CUDA provider on this machine.');
  });
});

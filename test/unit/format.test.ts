import { describe, expect, it } from 'vitest';
import { clippedName } from '../../src/report/cost/price-cells.ts';
import {
  formatDuration,
  formatEstimate,
  formatInterval,
  formatMegabytes,
  formatNumber,
  formatUsd,
  plainText,
} from '../../src/report/format.ts';
import { shellWord } from '../../src/report/shell-word.ts';
import { textGrid, wrapText } from '../../src/report/text-grid.ts';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1234567, '1234567'],
    [99.96, '100'],
    [99.94, '99.9'],
    [9.996, '10.0'],
    [1, '1.00'],
    [0.12345, '0.123'],
    [0.5, '0.500'],
    [0.00012345, '0.000123'],
    [0.000012, '1.2e-5'],
    [1.5e18, '1.50e+18'],
    [-2e100, '-2.00e+100'],
  ])('%d is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [0, '0'],
    [4, '<0.001'],
    [1000, '0.00100'],
    [27_600_000, '27.6'],
  ])('%d bytes are %s MB', (bytes, text) => {
    expect(formatMegabytes(bytes)).toBe(text);
  });

  it.each([
    [0, '$0.00'],
    [2.95, '$2.95'],
    [0.0012, '$0.00120'],
  ])('%d USD are %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });

  it.each([
    [400, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min 00 s'],
    [3_725_000, '1 h 02 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('estimates', () => {
  it('show half the width of the interval in percent', () => {
    expect(formatEstimate({ median: 200, low: 190, high: 214 })).toBe('200 ±6.0%');
    expect(formatEstimate({ median: 200, low: 100, high: 400 })).toBe('200 ±75%');
  });

  it('show no interval where there is none', () => {
    expect(formatEstimate({ median: 200, low: null, high: null })).toBe('200');
    expect(formatInterval({ median: 200, low: null, high: 300 })).toBe('200');
  });

  it('show bounds as they are', () => {
    expect(formatInterval({ median: 2, low: 1.5, high: 4 })).toBe('2.00 (1.50 to 4.00)');
  });
});

describe('text', () => {
  it('loses what could act on a terminal', () => {
    expect(plainText('a\u001b]0;x\u0007b\r\n\tc\u202ed ')).toBe('a ]0;x b c d');
  });

  it('is laid out in columns by the width it has on a screen', () => {
    const grid = textGrid(
      [
        { heading: ['name'], align: 'left' },
        { heading: ['n'], align: 'right' },
      ],
      [
        ['模型', '1'],
        ['b', '23'],
      ],
    );
    expect(grid).toEqual(['name   n', '----  --', '模型   1', 'b     23']);
  });

  it('wraps between words and keeps a word that is longer than a line', () => {
    expect(wrapText('aa bb cccccccc d', 5, '  ')).toEqual(['aa bb', '  cccccccc', '  d']);
  });

  it.each([
    ['plain/path-1.jsonl', 'plain/path-1.jsonl'],
    ['synthetic:test-1m@3', 'synthetic:test-1m@3'],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$(rm -rf)', "'$(rm -rf)'"],
    ['', "''"],
  ])('%j is typed as %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});

describe('long names', () => {
  it.each([
    ['H100', 'H100'],
    ['abcdefghijklmnop', 'abcd...nop'],
    ['長'.repeat(10), '長長...長'],
  ])('keep both ends in so many columns: %s', (name, shown) => {
    expect(clippedName(name, 10)).toBe(shown);
  });
});

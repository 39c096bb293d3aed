import { describe, expect, test } from 'vitest';
import { parseNumberList } from '../../src/core/number-list.ts';

const rule = { option: '-p', min: 0, max: 4096 };

describe('parseNumberList', () => {
  // Expected lists are llama-bench's documented readings of its ranges.
  test.each([
    ['512', [512]],
    ['64, 128,64', [64, 128]],
    ['1-4', [1, 2, 3, 4]],
    ['64-256+64', [64, 128, 192, 256]],
    ['128-2048*2', [128, 256, 512, 1024, 2048]],
    ['128-1000*2', [128, 256, 512]],
    ['0-10+4', [0, 4, 8]],
    ['8,1-2', [8, 1, 2]],
    ['5-5', [5]],
  ])('%s', (text, expected) => {
    expect(parseNumberList(text, rule)).toEqual(expected);
  });

  test.each([
    ['', 'whole number'],
    ['1,,2', 'whole number'],
    ['-1', 'whole number'],
    ['1.5', 'whole number'],
    ['1e3', 'whole number'],
    ['NaN', 'whole number'],
    ['9-3', 'below its start'],
    ['0-8*2', 'never gets past'],
    ['1-8*1', 'never gets past'],
    ['1-8+0', 'step of 0'],
    ['4097', 'out of bounds'],
    ['1-999999999999999', 'out of bounds'],
    ['0-4096', 'more than 1000'],
  ])('refuses %j', (text, message) => {
    expect(() => parseNumberList(text, rule)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) }),
    );
  });
});

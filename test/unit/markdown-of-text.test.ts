import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownOfText } from '../../src/report/cost/markdown-of-text.ts';
import { textGrid, wrapText } from '../../src/report/text-grid.ts';

describe('a text report as Markdown', () => {
  it('has its grids as tables and its paragraphs joined', () => {
    const sentence =
      'Each of the words of this sentence is here to make it long enough to be broken at the margin of it.';
    const text = [
      'Unit of work: ticket',
      ...textGrid(
        [
          { heading: ['cost', 'of'], align: 'left' },
          { heading: ['USD'], align: 'right' },
        ],
        [
          ['a request', '0.5'],
          ['a|b <i>', '12.25'],
        ],
      ),
      '',
      ...wrapText(sentence, 60),
      'Note: short.',
    ].join('\n');
    expect(markdownOfText(text)).toContain(
      [
        'Unit of work: ticket',
        '',
        '| cost of | USD |',
        '| --- | ---: |',
        '| a request | 0.5 |',
        '| a\\|b \\<i\\> | 12.25 |',
      ].join('\n'),
    );
    const long = `${sentence.replace('.', ',')} and ${sentence}`;
    const wide = [...wrapText(long, 100), 'Note: short.'].join('\n');
    expect(markdownOfText(wide)).toBe(`${long}\n\nNote: short.\n`);
  });

  it('keeps every cell of any grid', () => {
    const word = fc.stringMatching(/^[a-z0-9.$%]{1,8}( [a-z0-9.$%]{1,8})?$/);
    const column = fc.record({
      heading: fc.array(word, { minLength: 1, maxLength: 3 }),
      align: fc.constantFrom('left' as const, 'right' as const),
    });
    const grid = fc.array(column, { minLength: 2, maxLength: 6 }).chain((columns) =>
      fc.record({
        columns: fc.constant(columns),
        rows: fc.array(fc.array(word, { minLength: columns.length, maxLength: columns.length }), {
          minLength: 1,
          maxLength: 6,
        }),
      }),
    );
    fc.assert(
      fc.property(grid, ({ columns, rows }) => {
        const lines = markdownOfText(textGrid(columns, rows).join('\n')).trimEnd().split('\n');
        const cells = lines.map((line) => line.slice(2, -2).split(' | '));
        expect(cells[0]).toEqual(columns.map(({ heading }) => heading.join(' ')));
        expect(cells.slice(2)).toEqual(rows);
      }),
    );
  });
});

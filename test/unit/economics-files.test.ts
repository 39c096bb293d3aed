import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BenchError } from '../../src/core/errors.ts';
import { csvNumber, readCsv } from '../../src/economics/files/csv-table.ts';
import { MAX_YAML_CHARACTERS, readYaml } from '../../src/economics/files/yaml-document.ts';
import { quantityField } from '../../src/economics/read-quantity.ts';

const schema = z.strictObject({
  steps: z.array(z.strictObject({ calls: quantityField(), name: z.string().optional() })),
});

const read = (text: string) => readYaml(text, 'unit.yaml', schema);
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    return (error as BenchError).message;
  }
  throw new Error('nothing was thrown');
};

describe('files that people write', () => {
  it('are read with ranges', () => {
    expect(read('steps:\n  - calls: 2..4\n  - { calls: 3 }\n').steps).toMatchObject([
      { calls: { value: 3, low: 2, high: 4 } },
      { calls: { value: 3, low: null, high: null } },
    ]);
  });

  it.each([
    [
      'steps:\n  - calls: 1\n  - calls: -3\n',
      'unit.yaml:3: steps[1].calls: expected a figure from 0',
    ],
    ['steps:\n  - calls: 1\n    cals: 2\n', 'unit.yaml:2: steps[0]: Unrecognized key: "cals"'],
    ['steps: &all [*all]\n', 'refers to a part that it is in'],
    ['steps: [', 'unit.yaml:1: not valid YAML'],
    ['steps: [{ calls: .nan }]', 'steps[0].calls: expected a figure from 0'],
    ['steps: .inf', 'unit.yaml:1: steps: expected array, got .inf'],
    ['step: 1', 'unit.yaml:1: steps: expected array, got nothing'],
    [`steps: ${'['.repeat(3000)}${']'.repeat(3000)}`, 'unit.yaml'],
    ['steps: []\nsteps: []', 'unit.yaml:2: not valid YAML: Map keys must be unique'],
    ['', 'unit.yaml: the file: '],
    ['steps: [{"__proto__": {"calls": 1}}]', 'steps[0]'],
    [`# ${'x'.repeat(MAX_YAML_CHARACTERS)}`, 'characters, expected at most'],
  ])('say what is wrong, and where: %j', (text, message) => {
    expect(failure(() => read(text))).toContain(message);
  });

  it('end a flood of aliases', () => {
    const levels = Array.from({ length: 9 }, (_, i) => {
      const items = Array.from({ length: 9 }, () => (i === 0 ? 'lol' : `*a${i - 1}`));
      return `a${i}: &a${i} [${items.join(', ')}]`;
    });
    expect(failure(() => read(levels.join('\n')))).toContain('Excessive alias count');
  });

  it('never throw anything but a coded error', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60, unit: fc.constantFrom(...'steps: cal[]{}&*!|>-\n\t"#%@`1.2') }),
        (text) => {
          try {
            read(text);
          } catch (error) {
            expect(error).toBeInstanceOf(BenchError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('tables of comma separated values', () => {
  it('keep the line of each row', () => {
    const { rows } = readCsv('a,b\n1,2\n\n"x\ny",3\n4,5\n', 'curve.csv', ['a', 'b']);
    expect(rows.map(({ line, cells }) => [line, cells.a])).toEqual([
      [2, '1'],
      [3, 'x\ny'],
      [6, '4'],
    ]);
  });

  it.each([
    ['', 'is empty'],
    ['a,b\n', 'no rows'],
    ['a,b\n1\n', 'curve.csv:2: a row of 1 values, the heading has 2'],
    ['a,a\n1,2\n', 'is there twice'],
    ['a\n1\n', 'no column b'],
    ['a,b\n"1,2', 'not valid CSV'],
  ])('say what is wrong, and where: %j', (text, message) => {
    expect(failure(() => readCsv(text, 'curve.csv', ['a', 'b']))).toContain(message);
  });

  it.each(['-1', 'NaN', 'Infinity', '1e999', '1e300', '2x', '=1+1'])(
    'take %j for no number',
    (text) => {
      const table = readCsv(`a,b\n${text},1\n`, 'curve.csv', ['a', 'b']);
      const [row] = table.rows;
      if (row === undefined) throw new Error('no row');
      expect(failure(() => csvNumber(table, row, 'a'))).toContain(
        'curve.csv:2: a must be a number',
      );
      expect(csvNumber(table, row, 'b')).toBe(1);
      expect(csvNumber(table, row, 'absent')).toBeNull();
    },
  );

  it('take no number of which a ratio would be infinite', () => {
    const table = readCsv('a\n1e-300\n', 'curve.csv', ['a']);
    const [row] = table.rows;
    if (row === undefined) throw new Error('no row');
    expect(failure(() => csvNumber(table, row, 'a'))).toContain('must be 0 or at least 1e-30');
  });
});

import { parse } from 'csv-parse/sync';
import { BenchError } from '../../core/errors.ts';
import { assertColumns, MAX_CSV_CHARACTERS } from './csv-table.ts';
import { plainProblem } from './problem-text.ts';

/** Values of a row in the order of the columns, and the line that it begins on. */
export type VisitRow = (record: readonly string[], line: number) => void;

/**
 * As `readCsv`, a row at a time: millions of rows need no more memory than one. `begin` gets the columns and gives
 * back what is to be done with each row. Throws what `readCsv` throws, and what a visit throws.
 */
export function scanCsv(
  text: string,
  file: string,
  required: readonly string[],
  begin: (columns: readonly string[]) => VisitRow,
): void {
  if (text.length > MAX_CSV_CHARACTERS) {
    throw new BenchError(
      'usage',
      `${file} has ${text.length} characters, expected at most ${MAX_CSV_CHARACTERS}`,
      { hint: 'Add up rows of the same customer, model and period, or split the file.' },
    );
  }
  let visit: VisitRow | null = null;
  let width = 0;
  let rows = 0;
  let ending = 0;
  const visitRecord = (record: string[], endsOn: number) => {
    const line = Math.min(ending + 1, endsOn);
    ending = endsOn;
    if (visit === null) {
      const columns = record.map((name) => name.trim());
      assertColumns(columns, file, required);
      width = columns.length;
      visit = begin(columns);
      return;
    }
    if (record.length !== width) throw wrongWidth(file, line, record.length, width);
    rows++;
    visit(record, line);
  };
  parseRecords(text, file, visitRecord);
  if (visit === null)
    throw new BenchError('usage', `${file} is empty, expected a heading and rows`);
  if (rows === 0) throw new BenchError('usage', `${file} has a heading and no rows`);
}

function parseRecords(
  text: string,
  file: string,
  visit: (record: string[], endsOn: number) => void,
): void {
  try {
    parse(text, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        visit(record, lines);
        return null;
      },
    });
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    const why = cause instanceof Error ? plainProblem(cause.message) : 'unreadable';
    throw new BenchError('usage', `${file}: not valid CSV: ${why}`, { cause });
  }
}

function wrongWidth(file: string, line: number, values: number, width: number): BenchError {
  return new BenchError(
    'usage',
    `${file}:${line}: a row of ${values} values, the heading has ${width}`,
    { hint: 'Quote values that hold commas.' },
  );
}

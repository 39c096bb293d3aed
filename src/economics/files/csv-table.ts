import { parse } from 'csv-parse/sync';
import { BenchError } from '../../core/errors.ts';
import { plainProblem, shownValue } from './problem-text.ts';

export const MAX_CSV_CHARACTERS = 256 * 1024 * 1024;
const MOST_COLUMNS = 1000;

/** A row with the line that it begins on. */
export interface CsvRow {
  line: number;
  /** Text by column; an absent column has no key. */
  cells: Readonly<Record<string, string>>;
}

export interface CsvTable {
  file: string;
  columns: readonly string[];
  rows: readonly CsvRow[];
}

/**
 * Reads comma separated values with a heading. `required` columns must be there; others may be.
 * Throws `usage` with file and line for text that is no table: no heading, no rows, rows of another width, a column
 * that is missing or named twice.
 */
export function readCsv(text: string, file: string, required: readonly string[]): CsvTable {
  if (text.length > MAX_CSV_CHARACTERS) {
    throw new BenchError(
      'usage',
      `${file} has ${text.length} characters, expected at most ${MAX_CSV_CHARACTERS}`,
    );
  }
  const [heading, ...body] = parseLines(text, file);
  if (heading === undefined)
    throw new BenchError('usage', `${file} is empty, expected a heading and rows`);
  const columns = heading.record.map((name) => name.trim());
  assertColumns(columns, file, required);
  if (body.length === 0) throw new BenchError('usage', `${file} has a heading and no rows`);
  const rows = body.map(({ line, record }) => {
    if (record.length !== columns.length) {
      throw new BenchError(
        'usage',
        `${file}:${line}: a row of ${record.length} values, the heading has ${columns.length}`,
        { hint: 'Quote values that hold commas.' },
      );
    }
    const entries = columns.map((name, i) => [name, (record[i] ?? '').trim()] as const);
    return { line, cells: plainRecord(entries) };
  });
  return { file, columns, rows };
}

/** Without a prototype, so that a column may have any name. */
function plainRecord(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const record: Record<string, string> = Object.create(null);
  for (const [name, value] of entries) record[name] = value;
  return record;
}

/** Lines by which a field is refused: file, line and column are in the message. */
export function csvProblem(
  table: Pick<CsvTable, 'file'>,
  row: CsvRow,
  column: string,
  what: string,
) {
  return new BenchError(
    'usage',
    `${table.file}:${row.line}: ${column} ${what}, got ${shownValue(row.cells[column])}`,
  );
}

/** Beyond these, figures that are made of the numbers would leave what a number can hold. */
const MOST = 1e30;
const LEAST = 1e-30;

/** A number of a column within bounds; null where the field is empty or the column absent. Throws `usage`. */
export function csvNumber(
  table: Pick<CsvTable, 'file'>,
  row: CsvRow,
  column: string,
  { min = 0, max = MOST }: { min?: number; max?: number } = {},
): number | null {
  const text = row.cells[column];
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (!/^[-+\d.]/.test(text) || !Number.isFinite(value) || value < min || value > max) {
    const range = max === MOST && !(value > MOST) ? `of ${min} or more` : `from ${min} to ${max}`;
    throw csvProblem(table, row, column, `must be a number ${range}`);
  }
  if (value !== 0 && Math.abs(value) < LEAST) {
    throw csvProblem(table, row, column, `must be 0 or at least ${LEAST}`);
  }
  return value;
}

/** As csvNumber, where there must be one. */
export function csvRequiredNumber(
  table: Pick<CsvTable, 'file'>,
  row: CsvRow,
  column: string,
  bounds: { min?: number; max?: number } = {},
): number {
  const value = csvNumber(table, row, column, bounds);
  if (value === null) throw csvProblem(table, row, column, 'is needed');
  return value;
}

interface ParsedLine {
  line: number;
  record: string[];
}

function parseLines(text: string, file: string): ParsedLine[] {
  let ending = 0;
  try {
    const parsed = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return parsed.map(({ info, record }) => {
      const line = ending + 1;
      ending = info.lines;
      return { line: Math.min(line, info.lines), record };
    });
  } catch (cause) {
    const why = cause instanceof Error ? plainProblem(cause.message) : 'unreadable';
    throw new BenchError('usage', `${file}: not valid CSV: ${why}`, { cause });
  }
}

/** Throws `usage` for columns that are named twice, missing or too many. */
export function assertColumns(
  columns: readonly string[],
  file: string,
  required: readonly string[],
): void {
  if (columns.length > MOST_COLUMNS) {
    throw new BenchError(
      'usage',
      `${file} has ${columns.length} columns, expected at most ${MOST_COLUMNS}`,
    );
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new BenchError('usage', `${file}:1: the column ${shownValue(twice)} is there twice`);
  }
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new BenchError('usage', `${file}:1: no column ${missing.join(', ')}`, {
      hint: `Its columns are ${shownValue(columns.join(', '))}.`,
    });
  }
}

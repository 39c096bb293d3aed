import type { ImportedRun } from '../core/import-record.ts';
import { amountText, malformed, readAs } from './fields.ts';
import { runOfRow } from './llama-bench-row.ts';

/** Fields of CSV and SQL that are numbers; both quote every value. */
const NUMBERS: readonly string[] = [
  'build_number',
  'n_prompt',
  'n_gen',
  'n_depth',
  'avg_ns',
  'stddev_ns',
  'avg_ts',
  'stddev_ts',
];
const MAX_ROWS = 100_000;

/** llama-bench's CSV: a line of names, then rows of quoted values. Throws `record`. */
export function importCsv(text: string, where: string): ImportedRun[] {
  const [names, ...rows] = csvRows(text, where);
  if (names === undefined || rows.length === 0) throw malformed(`${where} has no rows`);
  return rows.map(({ cells, line }) =>
    runOfTexts(names.cells, cells, 'llama-bench-csv', `${where}:${line}`),
  );
}

const INSERT = /^INSERT INTO (?:llama_bench|test) \(([^)]*)\) VALUES \(/i;

/** llama-bench's SQL: one INSERT a row with quoted values. Nothing is run; other statements are passed over. */
export function importSql(text: string, where: string): ImportedRun[] {
  const runs: ImportedRun[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const head = INSERT.exec(line);
    if (head === null) continue;
    const place = `${where}:${i + 1}`;
    const names = (head[1] ?? '').split(',').map((name) => name.trim());
    runs.push(
      runOfTexts(names, sqlValues(line.slice(head[0].length), place), 'llama-bench-sql', place),
    );
    if (runs.length > MAX_ROWS) throw malformed(`${where} has more than ${MAX_ROWS} rows`);
  }
  if (runs.length === 0) throw malformed(`${where} has no INSERT INTO llama_bench with values`);
  return runs;
}

function runOfTexts(
  names: readonly string[],
  values: readonly string[],
  format: 'llama-bench-csv' | 'llama-bench-sql',
  where: string,
): ImportedRun {
  if (names.length !== values.length) {
    throw malformed(`${where} has ${values.length} values, expected ${names.length}: cut off?`);
  }
  const fields = names.map((name, i) => {
    const text = values[i] ?? '';
    if (!NUMBERS.includes(name)) return [name, text] as const;
    return [name, text === '' ? null : readAs(amountText, text, `${where}: ${name}`)] as const;
  });
  return runOfRow(Object.fromEntries(fields), format, where);
}

/** Rows of comma-separated values with the line each starts in; in quotes, `""` is a quote. */
function csvRows(text: string, where: string): { cells: string[]; line: number }[] {
  const rows: { cells: string[]; line: number }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const row = line.replace(/\r$/, '');
    if (row === '') continue;
    if (rows.length > MAX_ROWS) throw malformed(`${where} has more than ${MAX_ROWS} rows`);
    rows.push({ cells: quotedList(row, '"', `${where}:${i + 1}`, ''), line: i + 1 });
  }
  return rows;
}

function sqlValues(text: string, where: string): string[] {
  return quotedList(text, "'", where, ');').map((value) => value.trim());
}

/**
 * Values between commas, bare or in quotes (a doubled quote is one), up to `end`: the end of the line where it
 * is empty. Throws `record` for a quote that never closes or an end that never comes.
 */
function quotedList(text: string, quote: string, where: string, end: string): string[] {
  const values: string[] = [];
  let value = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (isQuoted) {
      if (char !== quote) value += char;
      else if (text[i + 1] === quote) {
        value += quote;
        i += 1;
      } else isQuoted = false;
    } else if (char === quote && value.trim() === '') {
      value = '';
      isQuoted = true;
    } else if (char === ',') {
      values.push(value);
      value = '';
    } else if (end !== '' && text.startsWith(end, i)) return [...values, value];
    else value += char;
  }
  if (isQuoted || end !== '') throw malformed(`${where} is cut off inside its values`);
  return [...values, value];
}
